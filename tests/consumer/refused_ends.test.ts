/** Ends that a real storage refuses for good: the task fails with that, or its message is set aside, and it never runs for ever. @module */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Consumer, type Huey, RedisHuey, SqliteHuey, type TaskException } from "../../mod.ts";
import { openDatabase } from "../../storage/sqlite/connection/database.ts";
import { until } from "../../testing/contract/context.ts";
import { failure, silent } from "../helpers.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { Fixture } from "../storage/_sqlite_fixture.ts";

const LIMIT_MS = 90_000;
const MEGABYTE = 1024 * 1024;
/** Short, so that claims that are left are recovered within the test. */
const OPTIONS = { workers: 2, periodic: false, lease: 1, initialDelay: 0.05, maxDelay: 0.1 } as const;

/** Runs a consumer while something is done. */
async function consuming(huey: Huey, work: () => Promise<void>): Promise<void> {
  const consumer = new Consumer(huey, OPTIONS);
  await consumer.start();
  try {
    await work();
  } finally {
    await consumer.stop({ graceful: false, grace: 0 });
  }
}

describe("SQLite", () => {
  let fixture: Fixture;
  let huey: Huey;
  beforeEach(() => {
    fixture = new Fixture();
    huey = new SqliteHuey("q", { filename: fixture.filename, maxDeliveries: 2, logger: silent });
  });
  afterEach(async () => {
    await huey.close();
    await fixture.end();
  });

  /** Has the file refuse rows. */
  async function refuse(...rules: string[]): Promise<void> {
    await huey.pendingCount();
    const database = openDatabase(fixture.filename);
    for (const [n, rule] of rules.entries()) database.exec(`create trigger refuses${n} ${rule}`);
    database.close();
  }

  const REFUSALS: Readonly<Record<string, readonly [statement: string, said: RegExp]>> = {
    "a rule of the table": ["raise(abort, 'values are too long here')", /values are too long here/],
    "a value that is too large": ["zeroblob(2000000000)", /too big/],
    "a value of a wrong type": ["raise(fail, 'of a wrong type')", /of a wrong type/],
  };

  for (const [what, [statement, said]] of Object.entries(REFUSALS)) {
    test(`${what}: the task fails with it, once, and its retries are not used`, async () => {
      let runs = 0;
      const big = huey.task({ name: "big", retries: 3 }, () => `${++runs}${"x".repeat(100_000)}`);
      const small = huey.task("small", () => 1);
      await refuse(
        `before insert on huey_entry when new.kind = 4 and length(new.value) > 50000 begin select ${statement}; end`,
      );
      const [result, other] = [await big(), await small()];
      await consuming(huey, async () => {
        const error = await failure(result.get({ blocking: true, timeout: 30 })) as TaskException;
        expect([error.metadata.outcome, error.metadata.error]).toEqual(["failed", expect.stringMatching(said)]);
        expect(await other.get({ blocking: true, timeout: 30 })).toBe(1);
      });
      expect([runs, await huey.pendingCount(), (await huey.deadLetters({ kind: "failed" })).length]).toEqual([1, 0, 1]);
    }, LIMIT_MS);
  }

  test("every value and every failure: the message is set aside", async () => {
    let runs = 0;
    const big = huey.task({ name: "big", retries: 3 }, () => ++runs);
    await refuse("before insert on huey_entry when new.value is not null begin select raise(abort, 'no values here'); end");
    const result = await big();
    await consuming(huey, () => until(async () => await huey.deadLetterCount() === 1));
    expect([runs, (await result.state()).state, await huey.pendingCount()]).toEqual([1, "dead", 0]);
    expect((await huey.deadLetters())[0]!.reason).toContain("no values here");
  }, LIMIT_MS);

  test("every end: the claim is left, each consumer runs the function once, and no more than maxDeliveries do", async () => {
    let runs = 0;
    const big = huey.task("big", () => ++runs);
    const aside = "begin select raise(abort, 'nothing ends here'); end";
    await refuse(`before insert on huey_entry when new.kind = 4 ${aside}`, `before insert on huey_dead ${aside}`);
    await big();
    const other = huey.task("other", () => {});
    for (const expected of [1, 2, 2, 2]) {
      await consuming(huey, async () => {
        await until(async () => (await huey.running())[0]?.name === "big");
        await until(() => Promise.resolve(runs === expected));
        const result = await other();
        await until(async () => (await result.state()).state === "complete");
      });
      expect(runs).toBe(expected);
    }
  }, LIMIT_MS);
});

describe("Redis", () => {
  let server: RedisServer;
  let huey: Huey;
  beforeAll(async () => void (server = await startRedis(["--proto-max-bulk-len", String(MEGABYTE)])));
  afterAll(() => server.stop());
  beforeEach(async () => {
    await server.command("FLUSHALL");
    huey = new RedisHuey("q", { host: server.host, port: server.port, logger: silent });
  });
  afterEach(() => huey.close());

  test("a value beyond the longest string of the server: the task fails with it, once", async () => {
    let runs = 0;
    const big = huey.task({ name: "big", retries: 3 }, () => {
      runs++;
      return "x".repeat(2 * MEGABYTE);
    });
    const [result, other] = [await big(), await huey.task("small", () => 1)()];
    await consuming(huey, async () => {
      const error = await failure(result.get({ blocking: true, timeout: 30 })) as TaskException;
      expect([error.metadata.outcome, error.metadata.error]).toEqual(["failed", expect.stringContaining("Redis refused")]);
      expect(await other.get({ blocking: true, timeout: 30 })).toBe(1);
    });
    expect([runs, await huey.pendingCount(), await huey.deadLetterCount({ kind: "failed" })]).toEqual([1, 0, 1]);
  }, LIMIT_MS);

  test("keys of another type in the way of every end: they are set aside, and the task ends as it should", async () => {
    let runs = 0;
    const work = huey.task("work", () => ++runs);
    const result = await work();
    for (const key of ["state", "sets", "results:86400000", "waiting", "claims:x", "numbers", "recent", "held"]) {
      await server.command(`DEL huey2:{q}:${key}`);
      await server.command(`${key === "numbers" ? "RPUSH" : "SET"} huey2:{q}:${key} x`);
    }
    await consuming(huey, async () => void expect(await result.get({ blocking: true, timeout: 30 })).toBe(1));
    expect(runs).toBe(1);
  }, LIMIT_MS);

  test("numbers that are none: the task ends as it should", async () => {
    let runs = 0;
    const work = huey.task("work", () => ++runs);
    const result = await work();
    const names = (await server.command("HKEYS huey2:{q}:numbers")).split("\r\n").filter((part) => /^[a-z]/.test(part));
    for (const name of [...names, "claim", "place", "seq"]) await server.command(`HSET huey2:{q}:numbers ${name} nonsense`);
    await consuming(huey, async () => void expect(await result.get({ blocking: true, timeout: 30 })).toBe(1));
    expect(runs).toBe(1);
  }, LIMIT_MS);

  test.each(["-hset -hdel -lrem", "-hset", "-hdel", "-del"])(
    "%s, and given back: the end waits, the function has run once",
    async (rights) => {
      let runs = 0;
      const started = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      await server.command("ACL SETUSER worker on >worker-password ~* &* +@all");
      const { host, port } = server;
      const own = new RedisHuey("q", { host, port, username: "worker", password: "worker-password", logger: silent });
      const work = own.task({ name: "work", retries: 3 }, async () => {
        started.resolve();
        await goOn.promise;
        return ++runs;
      });
      const result = await work();
      await consuming(own, async () => {
        await started.promise;
        await server.command(`ACL SETUSER worker ${rights}`);
        goOn.resolve();
        await until(() => Promise.resolve(runs === 1));
        await server.command("ACL SETUSER worker +@all");
        expect(await result.get({ blocking: true, timeout: 30 })).toBe(1);
      });
      await own.close();
      expect([runs, await huey.deadLetterCount()]).toEqual([1, 0]);
    },
    LIMIT_MS,
  );
});

/** The rights that docs/security.md gives to a user of a Redis server are enough, and are no more. @module */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { chord, Consumer, every, type Huey, PriorityRedisHuey, RedisExpireHuey, RedisHuey } from "../../mod.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";

const PASSWORD = "a-password-for-tests";
const WAIT = { blocking: true, timeout: 20 } as const;
const logger = { debug() {}, info() {}, warn() {}, error() {} };

let server: RedisServer;
const opened: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  server = await startRedis();
  const rights = documented();
  expect(await server.command(`ACL SETUSER ${rights.replace("PASSWORD", PASSWORD)}`)).toContain("OK");
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const huey of opened.splice(0)) await huey.close();
});

/** The line of the documentation, without its first word. */
function documented(): string {
  const text = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  return /^user (shop on .*)$/m.exec(text)![1]!;
}

function open(Class: typeof RedisHuey | typeof PriorityRedisHuey | typeof RedisExpireHuey, name = "shop"): Huey {
  const { host, port } = server;
  const huey = new Class(name, { host, port, username: "shop", password: PASSWORD, logger });
  opened.push(huey);
  return huey;
}

/** Everything that a Huey does with its storage. */
async function useAll(huey: Huey): Promise<unknown> {
  const add = huey.task("add", (a: number, b: number) => a + b);
  const total = huey.task("total", (values: number[]) => values.length);
  const busy = huey.task({ name: "busy", context: true, lock: "l", rateLimit: { limit: 9, per: 60 } }, async (context) => {
    await context.setProgress(1);
    return 1;
  });
  const fails = huey.task({ name: "fails", retries: 1 }, () => {
    throw new Error("as it should");
  });
  const gated = huey.task({ name: "gated", concurrency: 1, unique: true, context: true }, async (context, n: number) => {
    return await context.step("one", () => n);
  });
  huey.periodicTask({ name: "tick" }, every({ seconds: 1 }), () => {});
  await using consumer = new Consumer(huey, { workers: 2 });
  await consumer.start();
  const results = [await add(1, 2), await add.schedule({ delay: 0.1, args: [1, 1] }), await busy()];
  const values: unknown[] = [];
  for (const result of results) values.push(await result.get(WAIT));
  values.push(await (await huey.enqueue(chord([add.s(1, 2), add.s(3, 4)], total))).get(WAIT), await results[2]!.progress());
  const failed = await fails();
  await failed.get(WAIT).catch(() => {});
  for (const result of [await gated(1), await gated(1), await gated(2)]) await result.get({ ...WAIT, preserve: true });
  await huey.retry(failed.id);
  await failed.get(WAIT).catch(() => {});
  await lookAtAll(huey);
  await useContents(huey);
  await huey.storage.enqueue([{ id: "bad", data: new Uint8Array([1]), priority: 0, track: true }]);
  await consumer.waitFor("idle");
  const [letter] = await huey.deadLetters();
  await huey.requeueDeadLetter(letter!.id);
  await consumer.waitFor("idle");
  for (const { id } of await huey.deadLetters()) await huey.deleteDeadLetter(id);
  return values;
}

async function lookAtAll(huey: Huey): Promise<void> {
  await Promise.all([huey.running(), huey.blocked(), huey.blockedCount(), huey.latency(), huey.consumers(), huey.periodic()]);
  await Promise.all([huey.stats(), huey.recent(), huey.deadLetterCount({ kind: "failed" }), huey.isPaused()]);
  await huey.pause({ until: 60 });
  await huey.resume();
}

async function useContents(huey: Huey): Promise<void> {
  await huey.put("key", 1);
  await huey.get("key", { peek: true });
  await huey.putIfEmpty("key", 2);
  await huey.delete("key");
  for (const algorithm of ["fixed", "sliding", "token-bucket"] as const) {
    await huey.rateLimit(algorithm, { limit: 2, per: 60, algorithm }).acquire();
  }
  await using _held = await huey.lockTask("lock", { ttl: 60 }).acquire();
  await huey.revokeById("nobody");
  await huey.isRevoked("nobody");
  await huey.restoreById("nobody");
  await Promise.all([huey.pending(), huey.scheduled(), huey.allResults(), huey.resultCount(), huey.pendingCount()]);
  await huey.flushLocks();
}

for (const Class of [RedisHuey, PriorityRedisHuey, RedisExpireHuey]) {
  test(`${Class.name} works with them, and asks for nothing else`, async () => {
    await server.command("ACL LOG RESET");
    const huey = open(Class);
    expect(await useAll(huey)).toEqual([3, 2, 1, 2, 1]);
    await huey.flush();
    expect(await server.command("ACL LOG")).toBe("*0\r\n");
  }, 60_000);
}

test("they reach no other queue, and nothing that concerns the server", async () => {
  const other = open(RedisHuey, "other");
  expect(String(await other.put("key", 1).catch((error: unknown) => error))).toContain("does not give its user the rights");
  for (
    const command of ["FLUSHALL", "CONFIG GET *", "KEYS *", "GET elsewhere", "ACL LIST", "SHUTDOWN", "SUBSCRIBE elsewhere"]
  ) {
    expect(await server.command(`ACL DRYRUN shop ${command}`)).toMatch(/permission/i);
  }
});

/**
 * Every command on every storage that processes share, while a consumer serves the queue: they print the same everywhere, for people
 * and for programs.
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Consumer,
  every,
  FileHuey,
  type Huey,
  type HueyOptions,
  PriorityRedisExpireHuey,
  PriorityRedisHuey,
  RedisExpireHuey,
  RedisHuey,
  SqliteHuey,
} from "../../mod.ts";
import { waitForState } from "../../testing/mod.ts";
import { silent } from "../helpers.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";
import { run } from "./_commands.ts";

let redis: RedisServer;
const folder = mkdtempSync(join(tmpdir(), "huey-commands-"));
beforeAll(async () => void (redis = await startRedis()));
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
});

const MAKERS: Readonly<Record<string, (options: HueyOptions) => Huey>> = {
  SQLite: (options) => new SqliteHuey({ ...options, filename: join(folder, "queue.db") }),
  files: (options) => new FileHuey({ ...options, path: join(folder, "files") }),
  Redis: (options) => new RedisHuey({ ...options, url: redis.url }),
  "Redis that expires": (options) => new RedisExpireHuey({ ...options, url: redis.url }),
  "Redis with priorities": (options) => new PriorityRedisHuey({ ...options, url: redis.url }),
  "Redis with priorities that expires": (options) => new PriorityRedisExpireHuey({ ...options, url: redis.url }),
};

function open(make: (typeof MAKERS)[string], name: string) {
  const huey = make({ name, logger: silent });
  const fix = { broken: true };
  const held = Promise.withResolvers<void>();
  const tasks = {
    add: huey.task("add", (a: number, b: number) => a + b),
    bad: huey.task("bad", (text: string) => {
      if (fix.broken) throw new RangeError(`bad ${text}`);
      return text;
    }),
    hold: huey.task({ name: "保持", concurrency: 1, context: true }, async (context) => {
      await context.setProgress({ done: 1 });
      held.resolve();
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
    }),
  };
  huey.periodicTask("tick", every({ days: 300 }), () => "ticked");
  return { huey, fix, held: held.promise, ...tasks };
}

type Queue = ReturnType<typeof open>;
type CommandLine = (...args: [string, ...string[]]) => ReturnType<typeof run>;

const ended = (huey: Huey, id: string, state: "complete" | "failed") => waitForState(huey, id, state, { timeout: 20 });

async function lookAtNothing(command: CommandLine): Promise<void> {
  for (const list of ["waiting", "scheduled", "blocked", "running", "failed", "dead", "recent", "results", "consumers"]) {
    expect(await command("list", list, "--json")).toMatchObject({ code: 0, rows: [] });
    expect((await command("list", list)).text).toMatch(/^(Nothing|No) [a-z ,]+\n$/);
  }
}

async function fill({ huey, held, add, bad, hold }: Queue, command: CommandLine): Promise<void> {
  expect((await command("call", "add", "20", "22", "--wait", "--json")).rows).toMatchObject([{ value: 42 }]);
  await bad.with({ id: "broken" })("wrong");
  await hold.with({ id: "holds" })();
  await hold.with({ id: "blocked" })();
  await add.with({ id: "later", delay: 3600 })(1, 2);
  await ended(huey, "broken", "failed");
  await held;
}

async function lookAround(command: CommandLine): Promise<void> {
  const ids = async (list: string, key = "id"): Promise<unknown[]> =>
    (await command("list", list, "--json")).rows.map((row) => row[key]);
  expect(await ids("running")).toEqual(["holds"]);
  expect(await ids("blocked")).toEqual(["blocked"]);
  expect(await ids("scheduled")).toEqual(["later"]);
  expect(await ids("failed", "taskId")).toEqual(["broken"]);
  expect(await ids("periodic", "name")).toEqual(["tick"]);
  expect((await command("list", "consumers", "--json")).rows).toMatchObject([{ slots: 3, silent: false }]);
  expect((await command("status", "--json")).rows).toMatchObject([
    { waiting: 0, scheduled: 1, blocked: 1, running: 1, failed: 1, dead: 0, paused: false, consumers: [{ slots: 3 }] },
  ]);
  expect((await command("status")).text).toContain("consumers   1 with 3 slots\n");
  expect((await command("list", "running")).text).toMatch(
    /^ID +TASK +SINCE +ATTEMPT +WORKER +CONSUMER +ARGUMENTS\nholds {2}保持 /,
  );
  expect((await command("show", "broken", "--json")).rows).toMatchObject([{ state: "failed", error: { name: "RangeError" } }]);
  expect((await command("show", "holds", "--json")).rows).toMatchObject([{ state: "running", progress: { done: 1 } }]);
}

async function actOnTasks({ huey, fix, bad }: Queue, command: CommandLine): Promise<void> {
  fix.broken = false;
  expect((await command("retry", "broken")).text).toBe("broken runs again\n");
  await ended(huey, "broken", "complete");
  expect((await command("run-now", "later")).code).toBe(0);
  await ended(huey, "later", "complete");
  expect((await command("run-now", "later")).code).toBe(1);
  const [{ id: ticked } = undefined!] = (await command("run-periodic", "tick", "--json")).rows;
  await ended(huey, String(ticked), "complete");
  expect((await command("revoke", "blocked")).code).toBe(0);
  expect((await command("restore", "blocked")).code).toBe(0);
  expect((await command("restore", "blocked")).code).toBe(1);
  expect((await command("revoke", "holds")).code).toBe(0);
  await waitForState(huey, "blocked", "running", { timeout: 20 });
  fix.broken = true;
  await bad.with({ id: "again" })("wrong");
  await ended(huey, "again", "failed");
  expect((await command("delete", "again")).code).toBe(0);
  expect((await command("delete", "again")).code).toBe(1);
  expect((await command("retry", "--all", "--json")).rows).toEqual([{ retried: 0 }]);
}

async function actOnQueue(command: CommandLine): Promise<void> {
  expect((await command("pause", "--for", "10m")).code).toBe(0);
  expect((await command("call", "add", "1", "2", "--json")).rows).toMatchObject([{ duplicate: false }]);
  expect((await command("status", "--json")).rows).toMatchObject([{ paused: true, waiting: 1 }]);
  expect((await command("resume")).code).toBe(0);
  expect((await command("resume")).code).toBe(1);
}

test.each(Object.keys(MAKERS))("all commands work on %s while a consumer runs", async (storage) => {
  const queue = open(MAKERS[storage]!, `shop on ${storage}`);
  const terminal = open(MAKERS[storage]!, `shop on ${storage}`).huey;
  const command: CommandLine = (...args) => run(terminal, ...args);
  await lookAtNothing(command);
  const consumer = new Consumer(queue.huey, { workers: 3, periodic: false });
  await consumer.start();
  try {
    await fill(queue, command);
    await lookAround(command);
    await actOnTasks(queue, command);
    await actOnQueue(command);
    await queue.huey.stats(); // writes what was counted here
    await consumer.stop({ graceful: false, grace: 0 });
    expect((await command("stats", "--json", "--task", "bad")).rows[0]).toMatchObject({ totals: { failed: 2, completed: 1 } });
    expect((await command("flush", "--yes")).code).toBe(0);
    expect((await command("status", "--json")).rows).toMatchObject([{ waiting: 0, scheduled: 0, blocked: 0, failed: 0 }]);
  } finally {
    await consumer.stop({ graceful: false, grace: 0 });
    await queue.huey.close();
    await terminal.close();
  }
}, 60_000);

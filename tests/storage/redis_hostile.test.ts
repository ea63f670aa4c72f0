/** Records and keys that somebody else has written: they are set aside, and every real task among them runs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createClient } from "redis";
import { Consumer } from "../../consumer/consumer.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { Storage } from "../../lib/storage.ts";
import type { TaskContext } from "../../lib/types/context.ts";
import { PriorityRedisStorage, RedisStorage } from "../../storage/redis/front.ts";
import { lookAtEverything } from "../faults/onlookers.ts";
import { type RedisServer, startRedis, until } from "../redis_server.ts";
import { size } from "../sizes.ts";

const RECORDS = size(12_000, 20_000);
const TASKS = 200;
const LIMIT_MS = 240_000;
/** The gate of the tasks that wait for each other. */
const GATE = '["gated"]';

let server: RedisServer;
let admin: Admin;

type Admin = { sendCommand(args: readonly (string | Buffer)[]): Promise<unknown>; destroy(): void };

beforeAll(async () => {
  server = await startRedis();
  const client = createClient({ socket: { host: server.host, port: server.port } });
  await client.on("error", () => {}).connect();
  admin = client.withTypeMapping({ ["$".charCodeAt(0)]: Buffer }) as unknown as Admin;
});
afterAll(async () => {
  admin.destroy();
  await server.stop();
});

/** The same numbers for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}

type Random = (below: number) => number;

/** Some bytes changed, cut, doubled, or none of it left. */
function mutated(bytes: Buffer, next: Random): Buffer {
  const copy = Buffer.from(bytes);
  const kind = next(5);
  if (kind === 0) return copy.subarray(0, next(copy.length + 1));
  if (kind === 1) return Buffer.concat([copy, copy.subarray(next(copy.length + 1))]);
  if (kind === 2) return Buffer.from(Array.from({ length: next(60) }, () => next(256)));
  // The head of a record is where scripts look.
  for (let n = next(6); n >= 0 && copy.length > 0; n--) {
    copy[next(Math.min(copy.length, kind === 3 ? 30 : copy.length))] = next(256);
  }
  return copy;
}

/** How a mutated text gets into a place of each kind: the key and the command that writes there. */
function writers(prefix: string, kind: "list" | "sorted", next: Random): ((text: Buffer) => (string | Buffer)[])[] {
  const hash =
    (key: string) => (text: Buffer): (string | Buffer)[] => ["HSET", prefix + key, next(3) ? `x${next(1000)}` : text, text];
  const queue = (text: Buffer): (string | Buffer)[] =>
    kind === "list" ? ["LPUSH", `${prefix}queue`, text] : ["ZADD", `${prefix}queue`, String(next(20) - 10), text];
  const sorted = (key: string, score: string) => (text: Buffer): (string | Buffer)[] => ["ZADD", prefix + key, score, text];
  const schedule = (text: Buffer): (string | Buffer)[] => ["ZADD", `${prefix}schedule`, String(next(2) * 1e12), text];
  return [
    ...Array.from({ length: 6 }, () => queue),
    schedule,
    schedule,
    ...["state", "leases", "requests", "revocations", "locks", "data", "meta", "counters", "held", "sets", "dead"].map(hash),
    ...["chord:x", `claims:x${next(50)}`, "replies:x", "chords-of-nobody"].map(hash),
    ...["gates", "passed", "unique", "about", "dead-tasks", "steps:x", "counts:minute:60000"].map(hash),
    ...["dead-order", "dead:failed", "dead:unknown", "counts:minute", "counts:hour"].map((key) => sorted(key, "1")),
    (text) => ["ZADD", `${prefix}blocked`, String(next(TASKS)), text],
    ...["steps", "dead-steps", "gate:x"].map((key) => (text: Buffer) => ["SADD", prefix + key, text]),
    ...["line:x", `line:${GATE}`, "recent"].map((key) => (text: Buffer) => ["LPUSH", prefix + key, text]),
    (text) => ["SET", `${prefix}pause`, `x${text}`],
    (text) => ["ZADD", `${prefix}waiting`, "1e15", text],
    (text) => ["ZADD", `${prefix}recovered`, "1", text],
    (text) => ["ZADD", `${prefix}locks:ttl`, String(next(2) * 1e15), text],
  ];
}

/** Keys that are there whatever the queue does. */
const KEYS = [
  "schedule",
  "requests",
  "leases",
  "state",
  "sets",
  "revocations",
  "held",
  "dead",
  "dead-order",
  "waiting",
  "bell",
  "numbers",
  "gates",
  `gate:${GATE}`,
  "passed",
  "unique",
  "about",
  "steps",
  "dead-steps",
  "dead-tasks",
  "dead:failed",
  "pause",
  "counts:minute",
  "counts:minute:60000",
  "recent",
];

async function wrongType(prefix: string, next: Random): Promise<void> {
  const key = prefix + KEYS[next(KEYS.length)]!;
  const kinds = [["RPUSH", key, "x"], ["SET", key, "x"], ["SADD", key, "x"], ["HSET", key, "x", "y"], [
    "XADD",
    key,
    "*",
    "a",
    "b",
  ]];
  // What real tasks are in is damaged record by record, not as a whole.
  const isPrecious = key.endsWith("schedule") || key.endsWith("requests");
  if (isPrecious && String(await admin.sendCommand(["TYPE", key])) !== "none") return;
  await admin.sendCommand(["DEL", key]);
  await admin.sendCommand(kinds[next(kinds.length)]!).catch(() => undefined);
}

for (const Opened of [RedisStorage, PriorityRedisStorage]) {
  describe(Opened.name, () => {
    test(`${RECORDS} damaged records, and every real task among them runs`, async () => {
      const seed = 20_260_101;
      const next = random(seed);
      const name = `hostile ${Opened.name}`;
      const prefix = `huey2:{${name}}:`;
      const logger = { debug(): void {}, info(): void {}, warn(): void {}, error(): void {} };
      const storage = new Opened({ name, host: server.host, port: server.port });
      const huey = new Huey({ name, storage, logger });
      const seen = new Set<number>();
      const task = huey.task({ name: "real", retries: 1 }, (n: number) => void seen.add(n));
      const gated = huey.task(
        { name: "gated", retries: 1, concurrency: 1, context: true },
        async (context: TaskContext, n: number) => {
          await context.step("one", () => n);
          seen.add(n);
        },
      );
      const single = huey.task({ name: "single", unique: true }, (n: number) => void seen.add(n));
      await task(-1);
      const kind = Opened === RedisStorage ? "list" : "sorted";
      const [sample] = await admin.sendCommand([kind === "list" ? "LRANGE" : "ZRANGE", `${prefix}queue`, "0", "0"]) as Buffer[];
      const ways = writers(prefix, kind, next);
      const consumer = new Consumer(huey, { workers: 20, schedulerInterval: 1 });
      await consumer.start();
      for (let done = 0, n = 0; done < RECORDS; done += RECORDS / TASKS, n++) {
        const commands = Array.from({ length: RECORDS / TASKS }, () => ways[next(ways.length)]!(mutated(sample!, next)));
        // What has been set aside or is of another type by then refuses it.
        await Promise.all(commands.map((command) => admin.sendCommand(command).catch(() => undefined)));
        if (n % 3 === 0) await wrongType(prefix, next);
        if (n % 5 === 1) await gated(n);
        else if (n % 5 === 3) await single(n);
        else if (n % 2) await task(n);
        else await task.schedule({ args: [n], delay: 0.01 });
        if (n % 10 === 0) await listAll(storage);
      }
      await until(async () => seen.size === TASKS + 1 && await huey.pendingCount() === 0).catch(() => undefined);
      expect(seen.size).toBe(TASKS + 1);
      await listAll(storage);
      expect(await lookAtEverything(huey, ["x1", "x2", "x3"])).toEqual([]);
      await consumer.stop();
      await huey.close();
    }, LIMIT_MS);
  });
}

/** Counts and listings go on. */
async function listAll(storage: Storage): Promise<void> {
  await Promise.all([
    storage.pending(100),
    storage.scheduled(100),
    storage.deadLetters({ limit: 100 }),
    storage.leases(),
    storage.claimed({ consumer: "nobody" }),
    storage.recover(),
    storage.state("x1"),
    storage.endedOf!(["x1", "x2"]),
    storage.collect("x"),
    storage.dueMs!(),
    storage.running(),
    storage.blocked(),
    storage.blockedCount(),
    storage.oldestMs(),
    storage.paused(),
    storage.kept("x"),
    storage.deadLetter("x1"),
    storage.deadLetterCount({ kind: "failed", taskName: "x" }),
    storage.deleteDeadLetter("x2"),
    storage.requeueDeadLetter("x3", { id: "unknown", data: new Uint8Array(1), priority: 0, track: false }),
    storage.count([{ step: "minute", atMs: 60_000, taskName: "x", sums: { a: 1 }, maxima: { b: 2 } }], [new Uint8Array(1)], {
      minuteAgeMs: 1e15,
      hourAgeMs: 1e15,
      recent: 5,
    }),
    storage.counts({ step: "minute", fromMs: 0, toMs: 1e15, limit: 100 }),
    storage.recent(10),
  ]);
  for (const space of [storage.results, storage.locks, storage.data, storage.revocations, storage.meta]) {
    await space.size();
    await space.entries();
    await space.peekMany(["x1", "x2"]);
  }
}

test("a result with the life of no notice is read, and its notice has an end", async () => {
  const storage = new RedisStorage({ name: "odd life", host: server.host, port: server.port });
  const prefix = "huey2:{odd life}:";
  const time = Buffer.alloc(8);
  for (const life of [1e300, Infinity, NaN, -1, 0.5]) {
    await storage.settle({ id: "x", ending: "complete", noticeTtlMs: 1000, result: Buffer.from("r"), resultTtlMs: 60_000 });
    time.writeDoubleBE(life);
    const sets = await admin.sendCommand(["HKEYS", `${prefix}sets`]) as Buffer[];
    const key = sets.map(String).find((each) => each.startsWith(`${prefix}results:60000`))!;
    const record = await admin.sendCommand(["HGET", key, "x"]) as Buffer;
    await admin.sendCommand(["HSET", key, "x", Buffer.concat([record.subarray(0, 9), time, record.subarray(17)])]);
    expect([life, Buffer.from((await storage.results.pop("x"))!).toString()]).toEqual([life, "r"]);
  }
  await storage.flush();
  await storage.close();
});

test("a key of another type is set aside, and the next renewal of a lease says so, once", async () => {
  const storage = new RedisStorage({ name: "says", host: server.host, port: server.port });
  await admin.sendCommand(["SET", "huey2:{says}:schedule", "x"]);
  await storage.promoteDue(1);
  const lease = { consumer: "c", ttlMs: 60_000, host: "h", pid: 1 };
  const said = expect.stringContaining("The key huey2:{says}:schedule was a string");
  expect([await storage.renewLease(lease), await storage.renewLease(lease)]).toEqual([[said], []]);
  await storage.close();
});

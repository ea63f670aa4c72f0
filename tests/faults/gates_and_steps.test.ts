/**
 * Gates, unique keys and steps on a storage that fails, hangs and loses replies at random moments.
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Consumer, FileStorage, Huey, MemoryStorage, SqliteStorage, type Storage } from "../../mod.ts";
import { makeFaulty } from "../faulty.ts";
import { silent, waitUntil } from "../helpers.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "huey-gates-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 }));

const STORAGES: Readonly<Record<string, () => Storage>> = {
  memory: () => new MemoryStorage({ name: "faulty" }),
  sqlite: () => new SqliteStorage({ name: "faulty", filename: join(folder, "faulty.db") }),
  file: () => new FileStorage({ name: "faulty", path: join(folder, "faulty") }),
};
const SEEDS: Readonly<Record<string, number>> = { memory: Math.floor(Math.random() * 1e6), sqlite: 4716, file: 4717 };
const TASKS = 80;
const KEYS = 4;
const LIMIT = 2;
const SLOW = 120_000;

/** What the functions have seen. */
interface Seen {
  readonly steps: Map<string, number>;
  readonly inside: Map<string, number>;
  most: number;
}

function define(huey: Huey, seen: Seen) {
  const key = (n: number): string => `${n % KEYS}`;
  return huey.task(
    { name: "careful", context: true, retries: 2, concurrency: { limit: LIMIT, key }, unique: { key: (n: number) => `${n}` } },
    async (context, n: number) => {
      const inside = (seen.inside.get(key(n)) ?? 0) + 1;
      seen.inside.set(key(n), inside);
      seen.most = Math.max(seen.most, inside);
      try {
        const step = async (name: string): Promise<number> =>
          await context.step(name, () => {
            seen.steps.set(`${n} ${name}`, (seen.steps.get(`${n} ${name}`) ?? 0) + 1);
            return n;
          });
        const first = await step("first");
        if (context.attempt <= n % 3) throw new Error(`attempt ${context.attempt}`);
        return first + await step("second");
      } finally {
        seen.inside.set(key(n), seen.inside.get(key(n))! - 1);
      }
    },
  );
}

test.each(Object.keys(STORAGES))("%s: no place is lost or given twice, and no step is done twice", async (kind) => {
  const storage = STORAGES[kind]!();
  const faulty = makeFaulty(storage, { seed: SEEDS[kind]!, hangMs: 20 });
  const make = (storage: Storage): Huey => new Huey({ name: "faulty", storage, logger: silent });
  const seen: Seen = { steps: new Map(), inside: new Map(), most: 0 };
  const huey = make(faulty.storage);
  define(huey, seen);
  const sure = make(storage);
  const careful = define(sure, { steps: new Map(), inside: new Map(), most: 0 });
  const numbers = Array.from({ length: TASKS }, (_, n) => n);
  const results = await careful.map(numbers);
  expect(await sure.blockedCount()).toBe(TASKS - KEYS * LIMIT);
  await using consumer = new Consumer(huey, { workers: 12, maxDelay: 0.05, initialDelay: 0.005 });
  // A start may fail, and says so.
  while (!await consumer.start().then(() => true, () => false));
  await waitUntil(async () => (await Promise.all([...results].map((result) => result.state()))).every(({ ended }) => ended));
  expect(await results.get({ blocking: true })).toEqual(numbers.map((n) => 2 * n));
  expect(seen.most).toBe(LIMIT);
  expect([...new Set(seen.steps.values())]).toEqual([1]);
  expect(seen.steps.size).toBe(2 * TASKS);
  expect(faulty.faults.length).toBeGreaterThan(20);
  faulty.heal();
  await consumer.waitFor("idle");
  expect([await sure.pendingCount(), await sure.blockedCount(), (await sure.running()).length]).toEqual([0, 0, 0]);
  for (const { id } of results) expect((await storage.kept(id)).size).toBe(0);
  const again = await careful.map(numbers);
  expect([...again].some(({ duplicate }) => duplicate)).toBe(false);
  expect(await sure.blockedCount()).toBe(TASKS - KEYS * LIMIT);
  await consumer.stop();
  await storage.close();
}, SLOW);

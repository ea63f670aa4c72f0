/** Many tasks on a storage whose calls fail, hang or lose their reply at random: every task ends, once. A seed repeats the faults. */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Consumer } from "../../consumer/consumer.ts";
import { chord } from "../../lib/composition/group.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { Storage } from "../../lib/storage.ts";
import type { Delivery } from "../../lib/types/definition.ts";
import { fileStorage } from "../../storage/file/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { SqliteStorage } from "../../storage/sqlite/front.ts";
import { makeFaulty } from "../faulty.ts";
import { lostCount, silent, waitUntil } from "../helpers.ts";
import { LONG } from "../sizes.ts";

const SLOW = 120_000;
const folder = mkdtempSync(join(tmpdir(), "huey-faults-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const name = "faulty";
let places = 0;
const STORAGES: Readonly<Record<string, () => Storage>> = {
  memory: () => new MemoryStorage({ name }),
  sqlite: () => new SqliteStorage({ name, filename: join(folder, `${++places}.db`) }),
  file: () => fileStorage({ name, path: join(folder, String(++places)) }),
};
/** Each storage with a seed of its own; memory with any, in the long run with several. */
const RUNS: readonly (readonly [string, number])[] = [
  ...[...(LONG ? [4711, 4712, 4713] : []), Math.floor(Math.random() * 1e6)].map((seed) => ["memory", seed] as const),
  ["sqlite", 4714],
  ["file", 4715],
];
/** On the other runtimes as many: fewer would meet too few faults. */
const TASKS = LONG ? 300 : 150;
const PIPELINES = 30;
const CHORDS = 30;
const ENDS: readonly string[] = ["complete", "error", "timeout", "canceled", "revoked", "expired", "locked", "rate-limited"];

/** What was told, and how often the functions ran, by id. */
interface Seen {
  readonly runs: Map<string, number>;
  readonly ends: Map<string, string[]>;
}

/** Defines the tasks of a run. The retries of `flaky` are told by `context.attempt`. */
function define(huey: Huey, delivery: Delivery, { runs, ends }: Seen) {
  const count = (id: string): void => void runs.set(id, (runs.get(id) ?? 0) + 1);
  huey.signal((signal, { id }) => void (ENDS.includes(signal) && ends.set(id, [...ends.get(id) ?? [], signal])));
  const inc = huey.task({ name: "inc", delivery, context: true }, ({ id }, n: number) => {
    count(id);
    return n + 1;
  });
  const options = { name: "flaky", delivery, context: true, retries: 2, rateLimit: { limit: 100_000, per: 60 } } as const;
  const flaky = huey.task(options, ({ id, attempt }, n: number) => {
    count(id);
    if (attempt <= n % 4) throw new Error(`attempt ${attempt}`);
    return n;
  });
  const locked = huey.task(
    { name: "locked", delivery, context: true, lock: { name: "locked", slots: 100 } },
    ({ id }, n: number) => {
      count(id);
      return n;
    },
  );
  const sum = huey.task({ name: "sum", delivery, context: true }, ({ id }, values: (number | Error)[]) => {
    count(id);
    return values.reduce<number>((total, value) => total + (typeof value === "number" ? value : 1000), 0);
  });
  return { inc, flaky, locked, sum };
}

function expectedEnds(n: number): string[] {
  return n % 4 === 3 ? ["error", "error", "error"] : [...Array<string>(n % 4).fill("error"), "complete"];
}

for (const delivery of ["at-least-once", "at-most-once"] as const) {
  for (const [kind, seed] of RUNS) {
    test(`${kind}, ${delivery}, seed ${seed}: every task, pipeline and chord ends, once`, async () => {
      const storage = STORAGES[kind]!();
      const faulty = makeFaulty(storage, { seed, hangMs: 20 });
      const make = (storage: Storage): Huey => new Huey({ name: "faulty", storage, logger: silent, storeNone: true });
      const seen: Seen = { runs: new Map(), ends: new Map() };
      const huey = make(faulty.storage);
      define(huey, delivery, seen);
      // What an application enqueues may fail as well, and it is told: that is not what this is about.
      const sure = make(storage);
      const { inc, flaky, locked, sum } = define(sure, delivery, { runs: new Map(), ends: new Map() });
      await sure.revokeAll(sure.task("another", () => {}));
      const numbers = Array.from({ length: TASKS }, (_, n) => n);
      const singles = await Promise.all(numbers.map((n) => n % 3 === 0 ? inc(n) : n % 3 === 1 ? flaky(n) : locked(n)));
      const pipelines = await Promise.all(
        numbers.slice(0, PIPELINES).map((n) => sure.enqueue(inc.s(n).andThen(locked).andThen(inc))),
      );
      const chords = await Promise.all(
        numbers.slice(0, CHORDS).map((n) => sure.enqueue(chord([inc.s(n), flaky.s(n), locked.s(n)], sum))),
      );
      await using consumer = new Consumer(huey, { workers: 8, maxDelay: 0.05, initialDelay: 0.005 });
      for (;;) {
        // A start may fail, and says so.
        if (await consumer.start().then(() => true, () => false)) break;
      }
      await waitUntil(async () =>
        (await Promise.all(chords.map(({ callback }) => callback.state()))).every(({ ended }) => ended)
      );
      await waitUntil(async () => (await Promise.all(singles.map((single) => single.state()))).every(({ ended }) => ended));
      for (const [n, results] of pipelines.entries()) expect((await results.get({ blocking: true })).at(-1)).toBe(n + 2);
      for (const [n, results] of chords.entries()) {
        expect(await results.get({ blocking: true })).toBe(2 * n + 1 + (n % 4 === 3 ? 1000 : n));
      }
      for (const [n, { id }] of singles.entries()) {
        await waitUntil(() => (seen.ends.get(id) ?? []).length >= (n % 3 === 1 ? expectedEnds(n).length : 1));
        expect(seen.ends.get(id)).toEqual(n % 3 === 1 ? expectedEnds(n) : ["complete"]);
        expect(seen.runs.get(id)).toBe(seen.ends.get(id)!.length);
      }
      expect(faulty.faults.length).toBeGreaterThan(50);
      faulty.heal();
      await consumer.waitFor("idle");
      expect([await sure.pendingCount(), await sure.scheduledCount(), await lostCount(sure)]).toEqual([0, 0, 0]);
      const failing = [...numbers.filter((n) => n % 3 === 1), ...numbers.slice(0, CHORDS)].filter((n) => n % 4 === 3).length;
      expect(await sure.deadLetterCount({ kind: "failed" })).toBe(failing);
      expect(await sure.isLocked("locked")).toBe(false);
      await consumer.stop();
      await storage.close();
    }, SLOW);
  }
}

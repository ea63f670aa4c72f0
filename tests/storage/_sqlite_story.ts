/**
 * All that can happen in a queue, step by step, with what is in the storage before and after each step: for tests that disturb a step at
 * one of its statements. Each step is one operation, or several that are written in one transaction.
 * @module
 */
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { Claim, Settled, Settlement, Storage } from "../../lib/storage.ts";
import { bytes, item, items, lease, owner } from "../../testing/contract/helpers.ts";

const START_MS = 1_000_000;
const STEP_MS = 1000;
const LONG_MS = 1_000_000;

const one = owner("one");
const other = owner("other");

/** What a step does. */
type Work = (story: Story, storage: Storage) => unknown;

/** When something happens, by the number of a step. */
function at(step: number): number {
  return START_MS + step * STEP_MS;
}

const BOUNDS = { minuteAgeMs: LONG_MS, hourAgeMs: LONG_MS, recent: 2 };
const gate = { key: "gate", limit: 1 };
const unique = { key: "unique", until: "end" } as const;
const chord = { id: "chord", size: 2, callback: item("callback") };
const burial = {
  kind: "failed",
  id: "letter",
  reason: "no",
  atMs: 5,
  data: bytes("x"),
  taskId: "u",
  taskName: "task",
} as const;

const STEPS: readonly Work[] = [
  (_, storage) => storage.pendingCount(),
  (_, storage) => storage.renewLease(lease("one", LONG_MS)),
  (_, storage) => storage.renewLease(lease("other", 20 * STEP_MS)),
  (_, storage) => storage.enqueue([item("a", { about: "a" }), item("b"), item("c")]),
  (_, storage) => storage.enqueue([item("d")]),
  (_, storage) => storage.enqueue([0, 1, 2].map((number) => item(`g${number}`, { gate }))),
  (_, storage) => storage.enqueue([item("u", { unique }), item("v", { unique }), item("p", { priority: 3 })]),
  (_, storage) =>
    storage.enqueue([item("s", { dueMs: at(20), gate }), item("t", { dueMs: at(500), unique: { key: "t", until: "end" } })]),
  (_, storage) => storage.enqueue([0, 1].map((index) => item(`m${index}`, { chord: { id: "chord", index } })), [chord]),
  (_, storage) => storage.claim(1, one),
  (_, storage) => storage.claim(3, one),
  (_, storage) => storage.revocations.put("r:a", bytes("1")),
  (_, storage) => storage.locks.putIfEmpty("lock", bytes("1"), { ttlMs: LONG_MS }),
  (story, storage) => story.settle(storage, "a", { ending: "empty", about: "ended", dropRevocations: ["r:a"] }),
  (story, storage) =>
    story.settle(storage, "b", {
      ending: "complete",
      result: bytes("b"),
      enqueue: [item("f"), item("g3", { gate })],
      dropLocks: true,
    }),
  (_, storage) => withClaim(storage, "c", (claim) => storage.begin(claim)),
  (_, storage) => withClaim(storage, "c", (claim) => storage.keep(claim, "step", bytes("kept"))),
  (story, storage) => story.settle(storage, "c", { next: item("c", { dueMs: at(18), retry: true, about: "again" }) }),
  (_, storage) => storage.promoteDue(10),
  (_, storage) => storage.claim(20, other),
  (story, storage) => story.settle(storage, "m0", { ending: "complete", chord: { id: "chord", index: 0, value: bytes("0") } }),
  (story, storage) => story.settle(storage, "m1", { ending: "complete", chord: { id: "chord", index: 1, value: bytes("1") } }),
  (story, storage) => story.settle(storage, "g0", { ending: "empty" }),
  (_, storage) => withClaim(storage, "u", (claim) => storage.keep(claim, "step", bytes("kept"))),
  (story, storage) => story.settle(storage, "u", { ending: "failed", bury: burial, buryBounds: { count: 5, ageMs: LONG_MS } }),
  (_, storage) => withClaim(storage, "d", (claim) => storage.release([claim])),
  (_, storage) => storage.promoteDue(10),
  (_, storage) => storage.promote("t"),
  (_, storage) => storage.enqueueOnce("slot", LONG_MS, item("once")),
  (_, storage) => storage.claim(3, one),
  (story, storage) => story.settle(storage, "g1", { ending: "failed", result: bytes("late"), passLocks: one }),
  (_, storage) => storage.recover(undefined, lease("one", LONG_MS)),
  (_, storage) => storage.requeueDeadLetter("letter", item("u", { unique })),
  (_, storage) => storage.results.pop("b"),
  (_, storage) => storage.increment("counter", 5, LONG_MS),
  (_, storage) =>
    storage.count(
      [{ step: "minute", atMs: 0, taskName: "task", sums: { ended: 3 }, maxima: { ms: 4 } }],
      items("r", 3).map(({ data }) => data),
      BOUNDS,
    ),
  (_, storage) => storage.pause({ untilMs: at(800) }),
  (_, storage) => storage.resume(),
  (_, storage) => storage.enqueue(items("many", 130)),
  (_, storage) => storage.claim(100, one),
  (_, storage) => endAll(storage),
  (_, storage) =>
    Promise.all([
      storage.enqueue([item("x")]),
      storage.enqueue([item("y", { priority: -1 })]),
      storage.enqueue([item("z")]),
      storage.data.put("value", bytes("v")),
      storage.claim(2, one),
      storage.meta.put("seen", bytes("s"), LONG_MS),
    ]),
  (_, storage) => storage.endLease("one"),
  (_, storage) => storage.recover({ consumer: "one" }),
  (_, storage) => storage.flush(["results", "schedule"]),
  (_, storage) => storage.flush(["queue", "deadLetters"]),
];

/** How many steps there are. */
export const STEP_COUNT: number = STEPS.length;

/** Does something with a claim, whoever holds it. */
async function withClaim<T>(storage: Storage, id: string, work: (claim: Claim) => Promise<T>): Promise<T> {
  const claims = [...await storage.claimed(one), ...await storage.claimed(other)];
  const claim = claims.find((claim) => claim.id === id);
  if (claim === undefined) throw new Error(`Nobody holds ${id}: the story is wrong`);
  return await work(claim);
}

/** Ends all tasks of a batch at once, in one transaction. */
async function endAll(storage: Storage): Promise<void> {
  const claims = (await storage.claimed(one)).filter(({ id }) => id.startsWith("many"));
  const ends = claims.map((claim) => storage.settle({ claim, id: claim.id, ending: "empty", noticeTtlMs: LONG_MS }));
  const failed = (await Promise.allSettled(ends)).find(({ status }) => status === "rejected") as
    | PromiseRejectedResult
    | undefined;
  if (failed !== undefined) throw failed.reason;
}

/** A story that is told to one storage. */
export class Story {
  /** Stands still within a step. */
  readonly clock: Clock = { ...systemClock, now: () => at(this.step) };
  /** The step under way, or the next one. */
  step = 0;
  /** The settlement of the step, once it was sent. */
  settlement: Settlement | undefined;

  constructor(step: number = 0) {
    this.step = step;
  }

  /** Does the step that is next. */
  async tell(storage: Storage): Promise<void> {
    this.settlement = undefined;
    await STEPS[this.step]!(this, storage);
  }

  async settle(storage: Storage, id: string, more: Partial<Settlement>): Promise<Settled> {
    return await withClaim(storage, id, (claim) => {
      this.settlement = { claim, id, noticeTtlMs: LONG_MS, ...more };
      return storage.settle(this.settlement);
    });
  }
}

const ALL_IDS = [
  "a",
  "b",
  "c",
  "d",
  "f",
  "g0",
  "g1",
  "g2",
  "g3",
  "u",
  "v",
  "p",
  "s",
  "t",
  "m0",
  "m1",
  "callback",
  "once",
  "x",
  "y",
  "z",
  "many0",
  "many99",
];

/** Everything that the storage tells, but for numbers that are drawn. */
export async function tellAll(storage: Storage): Promise<string> {
  const spaces = [storage.results, storage.locks, storage.data, storage.revocations, storage.meta];
  return toText([
    await storage.pending(),
    await storage.scheduled(),
    await storage.blocked(),
    await storage.running(),
    await Promise.all([storage.pendingCount(), storage.scheduledCount(), storage.blockedCount(), storage.deadLetterCount()]),
    await storage.deadLetters(),
    await Promise.all(spaces.map((space) => space.entries())),
    await Promise.all(ALL_IDS.map((id) => storage.state(id))),
    await Promise.all(["a", "c", "u"].map((key) => storage.kept(key))),
    await storage.collect("chord"),
    await storage.leases(),
    await storage.paused(),
    await storage.counts({ step: "minute", fromMs: 0, toMs: LONG_MS, limit: 9 }),
    await storage.recent(9),
    await storage.oldestMs(),
  ]);
}

/** JSON, with maps and bytes, and without what is drawn. */
function toText(value: unknown): string {
  return JSON.stringify(value, (name, part) => {
    if (name === "token" || name === "hold") return undefined;
    if (part instanceof Map) return [...part];
    return part instanceof Uint8Array ? [...part].join() : part;
  });
}

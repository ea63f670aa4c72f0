/** Cases of the schedule. @module */
import type { Cases } from "./context.ts";
import { bytes, claim, claimOne, drain, ids, item, items, LONG_MS, plain, underWay, waitDue } from "./helpers.ts";

/** Scheduling, promoting, waiting for due times. */
export const scheduleCases: Cases = {
  "a scheduled item is not handed out": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([
      item("a", { dueMs: context.clock.now() + LONG_MS }),
      item("b", { dueMs: context.clock.now() - LONG_MS }),
    ]);
    expect(await claim(storage, 5)).toEqual([]);
    expect(await storage.pendingCount()).toBe(0);
    expect(await storage.scheduledCount()).toBe(2);
  },

  "scheduled lists soonest first, up to a limit": async (context, expect) => {
    const storage = await context.open();
    const baseMs = context.clock.now() + LONG_MS;
    const dues = [500, 20, 3, 100_000, 1000, -5];
    await storage.enqueue(dues.map((dueMs) => item(`d${dueMs}`, { dueMs: baseMs + dueMs })));
    expect(ids(await storage.scheduled())).toEqual(["d-5", "d3", "d20", "d500", "d1000", "d100000"]);
    expect(ids(await storage.scheduled(2))).toEqual(["d-5", "d3"]);
    expect(await storage.scheduled(0)).toEqual([]);
    expect((await storage.scheduled(1))[0]).toMatchObject({ id: "d-5", dueMs: baseMs - 5, data: bytes("data of d-5") });
  },

  "only what is due is promoted, in due order": async (context, expect) => {
    const storage = await context.open();
    const nowMs = context.clock.now();
    const dues = [3, -1, -7, 1, -3];
    await storage.enqueue(dues.map((dueMs) => item(`d${dueMs}`, { dueMs: nowMs + dueMs * LONG_MS })));
    expect(ids(await storage.promoteDue(10))).toEqual(["d-7", "d-3", "d-1"]);
    expect(ids(await storage.pending())).toEqual(["d-7", "d-3", "d-1"]);
    expect(ids(await storage.scheduled())).toEqual(["d1", "d3"]);
    expect(await storage.promoteDue(10)).toEqual([]);
  },

  "items that are due together keep the order in which they were enqueued": async (context, expect) => {
    const storage = await context.open();
    const dueMs = context.clock.now() - 10;
    for (const one of items("a", 12, { dueMs })) await storage.enqueue([one]);
    await storage.promoteDue(100);
    expect(await drain(storage)).toEqual(ids(items("a", 12)));
  },

  "a batch is bounded": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 5, { dueMs: 1000 }));
    expect(ids(await storage.promoteDue(2))).toEqual(["a0", "a1"]);
    expect(ids(await storage.promoteDue(2))).toEqual(["a2", "a3"]);
    expect(ids(await storage.promoteDue(2))).toEqual(["a4"]);
    expect(await storage.promoteDue(2)).toEqual([]);
    expect(await drain(storage)).toEqual(ids(items("a", 5)));
  },

  "promoting tells the item and keeps its message": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { dueMs: 1000, retry: true, track: false, data: bytes("message") })]);
    const [promoted] = await storage.promoteDue(1);
    expect(promoted).toMatchObject({ id: "a", retry: true, track: false });
    const claimed = await claimOne(storage);
    expect(claimed).toMatchObject({ id: "a", retry: true, track: false, deliveries: 1 });
    expect(plain(claimed.data)).toEqual(bytes("message"));
  },

  "promoted items go behind what waits already": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("late", { dueMs: 1000 })]);
    await storage.enqueue([item("early")]);
    await storage.promoteDue(1);
    expect(await drain(storage)).toEqual(["early", "late"]);
  },

  "two instances promote each item once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 60, { dueMs: 1000 }));
    const rounds = Array.from({ length: 12 }, (_, index) => (index % 2 ? one : other).promoteDue(7));
    const promoted = ids((await Promise.all(rounds)).flat());
    expect(promoted.sort()).toEqual(ids(items("a", 60)).sort());
    expect((await drain(one)).sort()).toEqual(promoted);
    expect(await one.scheduledCount()).toBe(0);
  },

  "waitDue ends at once if something is due": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { dueMs: context.clock.now() - 1 })]);
    expect(await waitDue(storage, LONG_MS)).toBeUndefined();
  },

  "waitDue ends when the soonest item is due": async (context, expect) => {
    const storage = await context.open();
    const dueMs = context.clock.now() + 60;
    await storage.enqueue([item("later", { dueMs: dueMs + LONG_MS }), item("a", { dueMs })]);
    await waitDue(storage, LONG_MS);
    expect(context.clock.now()).toBeGreaterThanOrEqual(dueMs);
    expect(ids(await storage.promoteDue(5))).toEqual(["a"]);
  },

  "waitDue ends after its time": async (context, expect) => {
    const storage = await context.open();
    await waitDue(storage, 20);
    await storage.enqueue([item("a", { dueMs: context.clock.now() + LONG_MS })]);
    await waitDue(storage, 20);
    expect(await storage.scheduledCount()).toBe(1);
  },

  "waitDue ends at an abort": async (context, expect) => {
    const storage = await context.open();
    const abort = new AbortController();
    const waited = waitDue(storage, LONG_MS, abort.signal);
    await underWay(storage);
    abort.abort();
    await waited;
    expect(await waitDue(storage, LONG_MS, AbortSignal.abort())).toBeUndefined();
  },

  "waitDue hears of an earlier item from another instance": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await waiting.enqueue([item("later", { dueMs: context.clock.now() + 10 * LONG_MS })]);
    const waited = waitDue(waiting, LONG_MS);
    await underWay(waiting, other);
    await other.enqueue([item("soon", { dueMs: context.clock.now() + 20 })]);
    await waited;
    expect(ids(await waiting.promoteDue(5))).toEqual(["soon"]);
  },

  "waitDue on an empty schedule hears of the first item": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const waited = waitDue(waiting, LONG_MS);
    await underWay(waiting, other);
    await other.enqueue([item("soon", { dueMs: context.clock.now() })]);
    await waited;
    expect(ids(await waiting.promoteDue(5))).toEqual(["soon"]);
  },

  "waitDue hears of a retry that a settlement schedules": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.enqueue([item("a")]);
    const claimed = await claimOne(other);
    const waited = waitDue(waiting, LONG_MS);
    await underWay(waiting, other);
    const retry = item("a", { retry: true, dueMs: context.clock.now() + 20 });
    await other.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, enqueue: [retry] });
    await waited;
    expect(ids(await waiting.promoteDue(5))).toEqual(["a"]);
  },
};

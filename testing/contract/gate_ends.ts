/** Cases of gates: how they are left, and by whom they are kept. @module */
import type { Claim, Settlement, Storage } from "../../lib/storage.ts";
import { type Cases, until } from "./context.ts";
import { admittedOf, blockedOf, gated, places } from "./gates.ts";
import { bytes, claim, claimOne, complete, drain, FAR_MS, ids, item, items, lease, LONG_MS, owner } from "./helpers.ts";

/** A further attempt follows. */
function retried(claimed: Claim, extra: Partial<Settlement>): Settlement {
  return { claim: claimed, id: claimed.id, noticeTtlMs: LONG_MS, ...extra };
}

/** One item that runs, and `line` that wait for it. */
async function runAndWait(storage: Storage, ...line: readonly string[]): Promise<Claim> {
  await storage.enqueue(["running", ...line].map((id) => gated(id)));
  return await claimOne(storage);
}

/** Runs all that is there from both instances, with lost workers in between. @returns the most that were held at once, and what was settled */
async function runWithLosses(one: Storage, other: Storage): Promise<{ most: number; settled: string[] }> {
  let most = 0;
  const settled: string[] = [];
  for (let round = 0; settled.length < 12 && round < 200; round++) {
    const storage = round % 2 === 0 ? one : other;
    await claim(storage, 5, { owner: owner("consumer", `worker ${round % 3}`) });
    const held = await one.claimed({ consumer: "consumer" });
    most = Math.max(most, held.length);
    if (round % 5 === 1) await other.recover({ consumer: "consumer", worker: `worker ${round % 3}` });
    else if (round % 5 === 3) await one.release(held.slice(0, 1));
    else if (held[0] !== undefined && (await storage.settle(complete(held[0]))).held) settled.push(held[0].id);
  }
  return { most, settled };
}

/** Leaving. */
export const gateEndCases: Cases = {
  "each ending leaves the gate, and none leaves it twice": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const endings = ["complete", "empty", "failed", "revoked", "expired", "canceled", "dead"] as const;
    await one.enqueue(endings.map((ending) => gated(ending)));
    for (const [index, ending] of endings.entries()) {
      const settlement = complete(await claimOne(one), { ending });
      const next = endings.slice(index + 1, index + 2);
      const settled = await Promise.all([one.settle(settlement), other.settle(settlement)]);
      expect(settled.flatMap((answer) => admittedOf(answer))).toEqual(next);
      expect((await other.settle({ ...settlement, again: true })).held).toBe(true);
      expect((await places(one)).queue).toEqual(next);
    }
  },

  "a burial leaves the gate": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a", "b");
    const bury = { id: "letter", kind: "failed" as const, reason: "no", atMs: 1000, data: bytes("x"), taskId: "running" };
    expect(admittedOf(await storage.settle({ ...complete(claimed, { ending: "failed" }), bury }))).toEqual(["a"]);
    expect(await places(storage)).toEqual({ queue: ["a"], line: ["b"] });
  },

  "a settlement whose claim is not held leaves no gate": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const lost = await runAndWait(one, "a");
    await other.recover({ consumer: owner().consumer });
    const settlement = complete(lost, { enqueue: [gated("follow-up", 5)], next: gated("running") });
    expect((await one.settle(settlement)).held).toBe(false);
    expect((await one.settle({ ...settlement, again: true })).held).toBe(false);
    expect(await places(other)).toEqual({ queue: ["running"], line: ["a"] });
  },

  "follow-ups come to their gates": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("first")]);
    const enqueue = [gated("a"), item("x"), gated("b"), gated("later", 1, { dueMs: FAR_MS })];
    const settled = await storage.settle(complete(await claimOne(storage), { enqueue }));
    expect(blockedOf(settled)).toEqual([2]);
    expect(await places(storage)).toEqual({ queue: ["a", "x"], line: ["b"] });
  },

  "the task leaves its gate before its follow-ups come to it": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a");
    const settled = await storage.settle(complete(claimed, { enqueue: [gated("b"), gated("c")] }));
    expect(admittedOf(settled)).toEqual(["a"]);
    expect(blockedOf(settled)).toEqual([0, 1]);
    const last = await storage.settle(complete(await claimOne(storage), { enqueue: [gated("d", 2)] }));
    expect(admittedOf(last)).toEqual(["b", "c"]);
    expect(blockedOf(last)).toEqual([0]);
  },

  "the next attempt takes the gate over": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await runAndWait(one, "a");
    const next = gated("running", 1, { retry: true, data: bytes("attempt 2") });
    const settled = await one.settle(retried(claimed, { enqueue: [item("handler")], next }));
    expect([blockedOf(settled), admittedOf(settled)]).toEqual([[], []]);
    expect(await places(other)).toEqual({ queue: ["handler", "running"], line: ["a"] });
    expect(await other.state("running")).toMatchObject({ state: "retrying" });
    expect(await drain(other)).toEqual(["handler", "running", "a"]);
  },

  "the next attempt leaves the limit as it is": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a");
    await storage.enqueue([gated("b", 2)]); // admits a
    await storage.settle(retried(claimed, { next: gated("running", 9) }));
    expect(await places(storage)).toEqual({ queue: ["a", "running"], line: ["b"] });
  },

  "a next attempt that waits for its time leaves the gate, and comes to it again": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a");
    const settled = await storage.settle(retried(claimed, { next: gated("running", 1, { retry: true, dueMs: 1000 }) }));
    expect([blockedOf(settled), admittedOf(settled)]).toEqual([[], ["a"]]);
    expect((await storage.promoteDue(5)).map(({ id, blocked }) => [id, blocked])).toEqual([["running", true]]);
    expect(await storage.state("running")).toMatchObject({ state: "blocked" });
    expect(await drain(storage)).toEqual(["a", "running"]);
  },

  "a next attempt of another gate, or of none, leaves the gate": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a", "b");
    await storage.enqueue([item("elsewhere", { gate: { key: "other", limit: 1 } })]);
    const next = item("running", { gate: { key: "other", limit: 1 } });
    const settled = await storage.settle(retried(claimed, { enqueue: [item("x")], next }));
    expect([blockedOf(settled), admittedOf(settled)]).toEqual([[1], ["a"]]);
    expect((await places(storage)).line).toEqual(["b", "running"]);
  },

  "the callback of a chord comes to its gate": async (context, expect) => {
    const storage = await context.open();
    const callback = gated("callback");
    await storage.enqueue([item("member"), gated("a")], [{ id: "chord", size: 1, callback }]);
    const chord = { id: "chord", index: 0, value: bytes("1") };
    const settled = await storage.settle(complete(await claimOne(storage), { chord }));
    expect(settled.callback).toMatchObject({ id: "callback", blocked: true });
    expect(await places(storage)).toEqual({ queue: ["a"], line: ["callback"] });
    expect(await drain(storage)).toEqual(["a", "callback"]);
  },

  "the callback of a chord is admitted where its last member leaves the same gate": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([gated("member")], [{ id: "chord", size: 1, callback: gated("callback") }]);
    const chord = { id: "chord", index: 0, value: bytes("1") };
    const settled = await storage.settle(complete(await claimOne(storage), { chord }));
    expect([settled.callback?.id, settled.callback?.blocked ?? false]).toEqual(["callback", false]);
    expect(await drain(storage)).toEqual(["callback"]);
  },

  "a gate that was passed to the worker is left when the function has ended": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await runAndWait(one, "a", "b");
    expect(admittedOf(await one.settle(complete(claimed, { ending: "failed", passLocks: owner() })))).toEqual([]);
    expect(await places(other)).toEqual({ queue: [], line: ["a", "b"] });
    expect(ids(await other.leaveGate(claimed))).toEqual(["a"]);
    expect(await other.leaveGate(claimed)).toEqual([]);
    expect(await places(one)).toEqual({ queue: ["a"], line: ["b"] });
    expect(await one.state("a")).toMatchObject({ state: "waiting" });
  },

  "a gate that was not passed is not left": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a", "b");
    expect(await storage.leaveGate(claimed)).toEqual([]);
    await storage.settle(complete(claimed));
    expect(await storage.leaveGate(claimed)).toEqual([]);
    expect(await places(storage)).toEqual({ queue: ["a"], line: ["b"] });
  },

  "a next attempt waits while the function before it still runs": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage);
    const next = gated("running", 1, { retry: true });
    const settled = await storage.settle(retried(claimed, { enqueue: [item("x")], next, passLocks: owner() }));
    expect(blockedOf(settled)).toEqual([1]);
    expect(await places(storage)).toEqual({ queue: ["x"], line: ["running"] });
    expect(ids(await storage.leaveGate(claimed))).toEqual(["running"]);
    expect(await storage.state("running")).toMatchObject({ state: "retrying" });
  },

  "a gate that was passed is left when the worker is recovered": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await runAndWait(one, "a", "b");
    await one.settle(complete(claimed, { ending: "failed", passLocks: owner("consumer", "worker") }));
    await other.recover({ consumer: "consumer", worker: "another" });
    await other.recover({ consumer: "another" });
    expect(await places(one)).toEqual({ queue: [], line: ["a", "b"] });
    expect(await other.recover({ consumer: "consumer", worker: "worker" })).toEqual([]);
    expect(await places(one)).toEqual({ queue: ["a"], line: ["b"] });
    expect(await one.leaveGate(claimed)).toEqual([]);
    expect(await places(one)).toEqual({ queue: ["a"], line: ["b"] });
  },

  "a gate that was passed is left when the consumer ends its lease, or its lease runs out": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease("ends"));
    const claimed = await runAndWait(one, "a", "b");
    await one.settle(complete(claimed, { ending: "failed", passLocks: owner("ends") }));
    expect(await other.recover()).toEqual([]);
    expect((await places(other)).line).toEqual(["a", "b"]);
    const found = claim(other, 1, { waitMs: LONG_MS, owner: owner("dies") });
    await one.endLease("ends");
    const [second] = await found;
    expect(second?.id).toBe("a");
    await one.renewLease(lease("dies", context.shortTtlMs));
    await other.settle(complete(second!, { ending: "failed", passLocks: owner("dies") }));
    await context.outlive(context.shortTtlMs, async () => {
      await other.recover(undefined, lease("lives", 10 * LONG_MS));
      return await one.pendingCount() === 1;
    });
    expect(await places(one)).toEqual({ queue: ["b"], line: [] });
  },

  "a flush frees gates that were passed, and a late end of the function frees nothing else": async (context, expect) => {
    const storage = await context.open();
    const claimed = await runAndWait(storage, "a");
    await storage.settle(complete(claimed, { ending: "failed", passLocks: owner() }));
    await storage.flush(["queue"]);
    expect(blockedOf(await storage.enqueue([gated("b"), gated("c")]))).toEqual([1]);
    expect(await storage.leaveGate(claimed)).toEqual([]);
    await storage.recover({ consumer: owner().consumer });
    expect(await places(storage)).toEqual({ queue: ["b"], line: ["c"] });
  },

  "never more than the limit are handed out, whoever enqueues, settles, releases and recovers": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const gate = { key: "gate", limit: 2 };
    const halves = [items("a", 6, { gate }), items("b", 6, { gate })] as const;
    const enqueued = await Promise.all([
      ...halves[0].map((each) => one.enqueue([each])),
      ...halves[1].map((each) => other.enqueue([each])),
    ]);
    expect(enqueued.filter((answer) => blockedOf(answer).length === 0)).toHaveLength(2);
    const { most, settled } = await runWithLosses(one, other);
    expect(most).toBe(2);
    expect(settled.sort()).toEqual(ids(halves.flat()).sort());
    expect(await places(one)).toEqual({ queue: [], line: [] });
  },

  "settlements of the same moment admit one each": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 20, { gate: { key: "gate", limit: 5 } }));
    const claims = await claim(one, 20);
    expect(claims).toHaveLength(5);
    const settled = await Promise.all(claims.map((each, index) => (index % 2 ? one : other).settle(complete(each))));
    expect(settled.flatMap((answer) => admittedOf(answer)).sort()).toEqual(ids(items("a", 10).slice(5)).sort());
    await until(async () => await other.pendingCount() === 5);
    expect(ids(await one.blocked())).toEqual(ids(items("a", 20).slice(10)));
  },

  "settling and recovering exclude each other at the gate too": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (let round = 0; round < 10; round++) {
      const claimed = await runAndWait(one, "a");
      const settling = one.settle(complete(claimed));
      const [settled, recovered] = await Promise.all([settling, other.recover({ consumer: owner().consumer })]);
      expect(recovered).toHaveLength(settled.held ? 0 : 1);
      expect(await places(one)).toEqual(settled.held ? { queue: ["a"], line: [] } : { queue: ["running"], line: ["a"] });
      await drain(one);
    }
  },
};

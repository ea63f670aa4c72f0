/** Cases of settling. @module */
import type { Settlement, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import type { Expect } from "./expect.ts";
import {
  bytes,
  claimOne,
  complete,
  drain,
  enqueueAndClaim,
  FAR_MS,
  ids,
  item,
  LONG_MS,
  owner,
  peekText,
  plain,
  waitForEnd,
} from "./helpers.ts";

/** A settlement that uses everything at once. */
function everything(settlement: Settlement): Settlement {
  return {
    ...settlement,
    result: bytes("result"),
    dropRevocations: ["r:a", "r:unknown"],
    enqueue: [item("next"), item("later", { dueMs: FAR_MS })],
    chords: [{ id: "chord", size: 1, callback: item("callback") }],
    chord: { id: "chord", index: 0, value: bytes("value") },
    dropChord: "old",
    bury: {
      id: "letter",
      kind: "unreadable" as const,
      reason: "no reason",
      atMs: 1_700_000_000_000,
      data: bytes("data"),
      taskId: "a",
    },
    dropLocks: true,
  };
}

async function prepareEverything(storage: Storage): Promise<void> {
  await storage.revocations.put("r:a", bytes("1"));
  const chords = [{ id: "old", size: 2, callback: item("unused") }];
  await storage.settle({ id: "member", noticeTtlMs: 0, chords, chord: { id: "old", index: 0, value: bytes("value") } });
}

async function expectUntouched(expect: Expect, storage: Storage): Promise<void> {
  expect(await storage.results.has("a")).toBe(false);
  expect(await storage.revocations.has("r:a")).toBe(true);
  expect(await storage.scheduledCount()).toBe(0);
  expect((await storage.collect("chord")).values).toEqual([]);
  expect((await storage.collect("old")).values[0]).toBeDefined();
  expect(await storage.deadLetterCount()).toBe(0);
  expect(await storage.locks.has("lock")).toBe(true);
}

/** What settling writes, and when it writes nothing. */
export const settlementCases: Cases = {
  "a settled claim is gone": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    expect((await other.settle(complete(claimed))).held).toBe(true);
    expect(await one.claimed(owner())).toEqual([]);
    expect(await one.recover({ consumer: owner().consumer })).toEqual([]);
    expect(await one.pendingCount()).toBe(0);
  },

  "a result is stored under the id of the task": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    await one.settle(complete(claimed, { result: bytes("42") }));
    expect(await peekText(other.results, "a")).toBe("42");
    expect(await other.results.size()).toBe(1);
  },

  "without a result none is stored": async (context, expect) => {
    const storage = await context.open();
    await storage.settle(complete(await enqueueAndClaim(storage, "a")));
    expect(await storage.results.has("a")).toBe(false);
    expect(await storage.results.size()).toBe(0);
  },

  "everything is written together": async (context, expect) => {
    const storage = await context.open();
    await prepareEverything(storage);
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
    expect((await storage.settle(everything({ claim: claimed, id: "a", noticeTtlMs: LONG_MS }))).held).toBe(true);
    expect(await peekText(storage.results, "a")).toBe("result");
    expect(await storage.revocations.has("r:a")).toBe(false);
    expect(ids(await storage.pending()).sort()).toEqual(["callback", "next"]);
    expect(ids(await storage.scheduled())).toEqual(["later"]);
    expect((await storage.collect("chord")).values).toEqual([bytes("value")]);
    expect((await storage.collect("old")).values).toEqual([]);
    expect(ids(await storage.deadLetters())).toEqual(["letter"]);
    expect(await storage.locks.has("lock")).toBe(false);
  },

  "a claim that was released settles nothing": async (context, expect) => {
    const storage = await context.open();
    await prepareEverything(storage);
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.put("lock", bytes("1"));
    await storage.release([claimed]);
    expect((await storage.settle(everything(complete(claimed)))).held).toBe(false);
    await expectUntouched(expect, storage);
    expect(await drain(storage)).toEqual(["a"]);
  },

  "a claim that was recovered settles nothing, whoever holds the item now": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await prepareEverything(one);
    const lost = await enqueueAndClaim(one, "a");
    await other.recover({ consumer: owner().consumer });
    const taken = await claimOne(other, owner("other"));
    await one.locks.put("lock", bytes("1"));
    expect((await one.settle(everything(complete(lost)))).held).toBe(false);
    await expectUntouched(expect, one);
    expect(await one.state("a")).toMatchObject({ state: "running" });
    expect((await other.settle(complete(taken, { result: bytes("second") }))).held).toBe(true);
    expect(await peekText(one.results, "a")).toBe("second");
  },

  "a claim is settled once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    const settlement = complete(claimed, { enqueue: [item("next")] });
    const settled = await Promise.all([one.settle(settlement), other.settle(settlement), one.settle(settlement)]);
    expect(settled.filter(({ held }) => held)).toHaveLength(1);
    expect(await drain(one)).toEqual(["next"]);
  },

  "without a claim the writes are unconditional": async (context, expect) => {
    const storage = await context.open();
    const settlement = { id: "a", ending: "complete", noticeTtlMs: LONG_MS, result: bytes("42") } as const;
    expect((await storage.settle({ ...settlement, enqueue: [item("next")] })).held).toBe(true);
    expect(await peekText(storage.results, "a")).toBe("42");
    expect(await drain(storage)).toEqual(["next"]);
  },

  "a retry goes back under the same id": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    const retry = item("a", { retry: true, data: bytes("attempt 2") });
    await storage.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, result: bytes("error"), enqueue: [retry] });
    expect(await peekText(storage.results, "a")).toBe("error");
    const again = await claimOne(storage);
    expect(again).toMatchObject({ id: "a", retry: true, deliveries: 1 });
    expect(plain(again.data)).toEqual(bytes("attempt 2"));
  },

  "follow-ups keep their order": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.enqueue([item("before")]);
    await storage.settle(complete(claimed, { enqueue: [item("n0"), item("n1"), item("n2")] }));
    expect(await drain(storage)).toEqual(["before", "n0", "n1", "n2"]);
  },

  "a result replaces an older one": async (context, expect) => {
    const storage = await context.open();
    await storage.results.put("a", bytes("old"));
    await storage.settle(complete(await enqueueAndClaim(storage, "a"), { result: bytes("new") }));
    expect(await peekText(storage.results, "a")).toBe("new");
  },

  "only the revocations that are named are forgotten": async (context, expect) => {
    const storage = await context.open();
    await storage.revocations.put("r:a", bytes("1"));
    await storage.revocations.put("r:b", bytes("1"));
    await storage.settle(complete(await enqueueAndClaim(storage, "a"), { dropRevocations: ["r:a"] }));
    expect([...(await storage.revocations.entries()).keys()]).toEqual(["r:b"]);
  },

  "settlements of the same moment are all written": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(Array.from({ length: 40 }, (_, index) => item(`a${index}`)));
    const { claims } = await storage.claim(40, owner());
    const lost = claims.filter((_, index) => index % 4 === 0);
    await storage.release(lost);
    const settled = await Promise.all(
      claims.map((claimed) => storage.settle(complete(claimed, { result: bytes(claimed.id) }))),
    );
    expect(settled.map(({ held }) => held)).toEqual(claims.map((claimed) => !lost.includes(claimed)));
    expect(await storage.results.size()).toBe(30);
    expect(await drain(storage)).toEqual(ids(lost));
  },

  "steps that will never run end in the same step, and wake who waits for them": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    const waiting = waitForEnd(other, "b", { timeoutMs: LONG_MS });
    const canceled = [{ id: "b", result: bytes("why") }, { id: "c" }];
    await one.settle({ ...complete(claimed, { result: bytes("error"), ending: "failed" }), canceled });
    expect(await waiting).toBe(true);
    const states = await Promise.all(["a", "b", "c"].map((id) => other.state(id)));
    expect(states).toEqual([{ state: "failed" }, { state: "canceled" }, { state: "canceled" }]);
    expect(await peekText(other.results, "b")).toBe("why");
    expect(await waitForEnd(other, "c", { timeoutMs: 0 })).toBe(true);
  },

  "steps that would have followed are left alone by a claim that is not held": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.release([claimed]);
    const settlement = { ...complete(claimed, { ending: "failed" }), canceled: [{ id: "b", result: bytes("why") }] };
    expect((await storage.settle(settlement)).held).toBe(false);
    expect(await storage.state("b")).toBe(undefined);
  },
};

/** Cases of waiting for results. @module */
import type { Cases } from "./context.ts";
import { bytes, complete, enqueueAndClaim, item, LONG_MS, peekText, rejection, text, underWay, waitForEnd } from "./helpers.ts";

/** Waiting for a result or an ending. */
export const resultCases: Cases = {
  "a result that is there is not waited for": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.settle(complete(await enqueueAndClaim(one, "a"), { result: bytes("1") }));
    expect(await waitForEnd(other, "a", { timeoutMs: LONG_MS })).toBe(true);
    expect(await peekText(other.results, "a")).toBe("1");
  },

  "an ending without a result is not waited for": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.settle(complete(await enqueueAndClaim(one, "a")));
    expect(await waitForEnd(other, "a")).toBe(true);
    expect(await other.results.peek("a")).toBeUndefined();
  },

  "a wait ends when another instance settles": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    for (let round = 0; round < 6; round++) {
      const claimed = await enqueueAndClaim(other, `a${round}`);
      const waited = waitForEnd(waiting, `a${round}`, { timeoutMs: LONG_MS });
      if (round % 2 === 0) await underWay(waiting, other);
      await other.settle(complete(claimed, { result: bytes("1") }));
      expect(await waited).toBe(true);
      expect(await peekText(waiting.results, `a${round}`)).toBe("1");
    }
  },

  "a wait ends when a task ends without a value": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    for (const ending of ["complete", "empty", "failed", "revoked", "expired", "canceled"] as const) {
      const claimed = await enqueueAndClaim(other, ending);
      const waited = waitForEnd(waiting, ending, { timeoutMs: LONG_MS });
      await underWay(waiting, other);
      await other.settle(complete(claimed, { ending }));
      expect(await waited).toBe(true);
      expect(await waiting.results.has(ending)).toBe(false);
    }
  },

  "a wait without a time limit ends too": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(other, "a");
    const waited = waitForEnd(waiting, "a");
    await underWay(waiting, other);
    await other.settle(complete(claimed));
    expect(await waited).toBe(true);
  },

  "the result of an attempt that will be retried ends a wait": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(other, "a");
    const waited = waitForEnd(waiting, "a", { timeoutMs: LONG_MS });
    await underWay(waiting, other);
    const retry = item("a", { retry: true, dueMs: context.clock.now() + LONG_MS });
    await other.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, result: bytes("error"), enqueue: [retry] });
    expect(await waited).toBe(true);
  },

  "many may wait": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(other, "a");
    const waits = Array.from(
      { length: 20 },
      (_, index) => waitForEnd(index % 2 ? waiting : other, "a", { timeoutMs: LONG_MS }),
    );
    await underWay(waiting, other);
    await other.settle(complete(claimed, { result: bytes("1") }));
    expect(await Promise.all(waits)).toEqual(Array.from({ length: 20 }, () => true));
  },

  "each wait ends with its own task": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const first = await enqueueAndClaim(other, "a");
    const second = await enqueueAndClaim(other, "b");
    const ended: string[] = [];
    const waits = ["a", "b"].map((id) => waitForEnd(waiting, id).then(() => ended.push(id)));
    await underWay(waiting, other);
    await other.settle(complete(second));
    await waits[1];
    expect(ended).toEqual(["b"]);
    await other.settle(complete(first));
    await Promise.all(waits);
    expect(ended).toEqual(["b", "a"]);
  },

  "a wait gives up after its time": async (context, expect) => {
    const storage = await context.open();
    expect(await waitForEnd(storage, "nothing", { timeoutMs: 20 })).toBe(false);
    expect(await waitForEnd(storage, "nothing", { timeoutMs: 0 })).toBe(false);
    const claimed = await enqueueAndClaim(storage, "a");
    expect(await waitForEnd(storage, "a", { timeoutMs: 20 })).toBe(false);
    await storage.settle(complete(claimed));
    expect(await waitForEnd(storage, "a", { timeoutMs: 0 })).toBe(true);
  },

  "an abort rejects with its reason": async (context, expect) => {
    const storage = await context.open();
    const abort = new AbortController();
    const reason = new Error("no longer needed");
    const waited = waitForEnd(storage, "a", { timeoutMs: LONG_MS, signal: abort.signal });
    const refused = rejection(waited);
    await underWay(storage);
    abort.abort(reason);
    expect(await refused).toBe(reason);
  },

  "an abort that came first rejects": async (context, expect) => {
    const reason = new Error("no longer needed");
    expect(await rejection(waitForEnd(await context.open(), "a", { signal: AbortSignal.abort(reason) }))).toBe(reason);
  },

  "an aborted wait does not disturb others": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(other, "a");
    const abort = new AbortController();
    const aborted = waitForEnd(waiting, "a", { signal: abort.signal });
    const refused = rejection(aborted);
    const waited = waitForEnd(waiting, "a");
    await underWay(waiting, other);
    const reason = new Error("no longer needed");
    abort.abort(reason);
    expect(await refused).toBe(reason);
    await other.settle(complete(claimed));
    expect(await waited).toBe(true);
  },

  "a refused settlement ends no wait": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.release([claimed]);
    expect((await storage.settle(complete(claimed, { result: bytes("1") }))).held).toBe(false);
    expect(await waitForEnd(storage, "a", { timeoutMs: 20 })).toBe(false);
  },

  "a late wait learns that the result was popped": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.settle(complete(await enqueueAndClaim(one, "a"), { result: bytes("1") }));
    expect(text(await one.results.pop("a"))).toBe("1");
    expect(await waitForEnd(other, "a", { timeoutMs: LONG_MS })).toBe(true);
    expect(await other.results.has("a")).toBe(context.resultsStay);
  },

  "a result that nobody reads goes when its time has passed": async (context, expect) => {
    const storage = await context.open();
    const extra = { result: bytes("1"), resultTtlMs: context.shortTtlMs, noticeTtlMs: 0 };
    await storage.settle(complete(await enqueueAndClaim(storage, "a"), extra));
    await storage.settle(complete(await enqueueAndClaim(storage, "b"), { ...extra, resultTtlMs: 100 * LONG_MS }));
    await storage.settle(complete(await enqueueAndClaim(storage, "c"), { ...extra, resultTtlMs: undefined }));
    expect(await storage.results.size()).toBe(3);
    await context.outlive(context.shortTtlMs, async () => !await storage.results.has("a"));
    expect(await storage.results.size()).toBe(2);
    expect(await storage.endedOf(["a", "b", "c"])).toEqual(["b", "c"]);
    expect(await storage.state("a")).toBe(undefined);
  },

  "a task is known to have ended for longer than its result stays": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const ids = ["a", "b", "c", "step"];
    const extra = { result: bytes("1"), resultTtlMs: context.shortTtlMs, noticeTtlMs: 10 * LONG_MS };
    await one.settle(complete(await enqueueAndClaim(one, "a"), extra));
    const canceled = [{ id: "step", result: bytes("1") }];
    const [b, c] = [await enqueueAndClaim(one, "b"), await enqueueAndClaim(one, "c")];
    await Promise.all([one.settle(complete(b, extra)), one.settle(complete(c, { ...extra, ending: "failed", canceled }))]);
    await context.outlive(context.shortTtlMs, async () => await one.results.size() === 0);
    expect(await other.endedOf(ids)).toEqual(ids);
    const states = await Promise.all(ids.map(async (id) => (await other.state(id))?.state));
    expect(states).toEqual(["complete", "complete", "failed", "canceled"]);
  },
};

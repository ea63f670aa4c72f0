/** Cases of bells: what one instance does is heard by another. @module */
import type { Storage, Topic } from "../../lib/storage.ts";
import { type Cases, until } from "./context.ts";
import { bytes, claimOne, complete, enqueueAndClaim, item, LONG_MS, owner } from "./helpers.ts";

/** Counts the rings of a topic. */
async function bell(storage: Storage, topic: Topic): Promise<{ rings(): number; next(): Promise<void>; stop(): void }> {
  let rings = 0;
  let seen = 0;
  const stop = await storage.listen(topic, () => void rings++);
  const next = async (): Promise<void> => {
    await until(() => Promise.resolve(rings > seen));
    seen = rings;
  };
  return { rings: () => rings, next, stop };
}

/** `listen`. */
export const bellCases: Cases = {
  "it rings for an item that can be claimed, however it got there": async (context) => {
    const [listening, other] = await context.openTwo();
    if (listening.claimOrWait !== undefined) return; // waits in its own way, of which the cases of claims tell
    const { next, stop } = await bell(listening, "queue");
    await other.enqueue([item("a")]);
    await next();
    const claimed = await claimOne(other);
    await other.release([claimed]);
    await next();
    await other.settle(complete(await claimOne(other), { enqueue: [item("b")] }));
    await next();
    await claimOne(other, owner("lost"));
    await other.recover({ consumer: "lost" });
    await next();
    await other.enqueue([item("c", { dueMs: 1000 })]);
    await other.promoteDue(5);
    await next();
    await other.enqueueOnce("slot", LONG_MS, item("d"));
    await next();
    stop();
  },

  "it rings for an item that is due sooner": async (context) => {
    const [listening, other] = await context.openTwo();
    const { next, stop } = await bell(listening, "schedule");
    await other.enqueue([item("a", { dueMs: context.clock.now() + 10 * LONG_MS })]);
    await next();
    const retry = item("b", { dueMs: context.clock.now() + LONG_MS, retry: true });
    await other.settle(complete(await enqueueAndClaim(other, "b"), { ending: undefined, enqueue: [retry] }));
    await next();
    stop();
  },

  "it rings for the end of a task that was asked for": async (context, expect) => {
    const [listening, other] = await context.openTwo();
    const { next, stop } = await bell(listening, "results");
    for (const extra of [{ ending: "empty" }, { ending: "failed", result: bytes("error") }] as const) {
      const claimed = await enqueueAndClaim(other, `a ${extra.ending}`);
      expect(await listening.endedOf([claimed.id, "never"])).toEqual([]);
      await other.settle(complete(claimed, extra));
      await next();
      expect(await listening.endedOf([claimed.id, "never"])).toEqual([claimed.id]);
    }
    stop();
  },

  "it rings for a revocation": async (context) => {
    const [listening, other] = await context.openTwo();
    const { next, stop } = await bell(listening, "revocations");
    await other.revocations.put("r:a", bytes("1"));
    await next();
    await other.revocations.replaceIfEqual("r:a", bytes("1"), bytes("2"));
    await next();
    stop();
  },

  "who has stopped listening is left alone, and others are not": async (context, expect) => {
    const [listening, other] = await context.openTwo();
    const stopped = await bell(listening, "revocations");
    const going = await bell(listening, "revocations");
    stopped.stop();
    await other.revocations.put("r:a", bytes("1"));
    await going.next();
    expect(stopped.rings()).toBe(0);
    going.stop();
  },

  "it rings for a pause, whose end is to be watched": async (context) => {
    const [listening, other] = await context.openTwo();
    if (listening.claimOrWait !== undefined) await listening.pendingCount(); // connects
    let rings = 0;
    await listening.listen("schedule", () => void rings++);
    await other.pause({ untilMs: context.clock.now() + 10 * LONG_MS });
    await until(() => Promise.resolve(rings > 0));
  },
};

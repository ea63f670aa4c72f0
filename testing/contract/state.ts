/** Cases of states and notices. @module */
import type { Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, claimOne, complete, enqueueAndClaim, item, LONG_MS, owner, waitForEnd } from "./helpers.ts";

async function stateName(storage: Storage, id: string): Promise<string | undefined> {
  return (await storage.state(id))?.state;
}

/** States on the way through, and notices after the end. */
export const stateCases: Cases = {
  "nothing is known of a task that never was": async (context, expect) => {
    expect(await (await context.open()).state("nothing")).toBeUndefined();
  },

  "a task waits, runs and is complete": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([item("a")]);
    expect(await stateName(other, "a")).toBe("waiting");
    const beforeMs = context.clock.now();
    const claimed = await claimOne(one, owner("consumer", "worker-7"));
    const running = await other.state("a");
    expect(running).toMatchObject({ state: "running", worker: "worker-7" });
    expect(running!.sinceMs).toBeGreaterThanOrEqual(beforeMs - 1000);
    expect(running!.sinceMs).toBeLessThanOrEqual(context.clock.now() + 1000);
    await one.settle(complete(claimed, { result: bytes("1") }));
    expect(await stateName(other, "a")).toBe("complete");
  },

  "a scheduled task is scheduled, then waits": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { dueMs: 1000 })]);
    expect(await stateName(storage, "a")).toBe("scheduled");
    await storage.promoteDue(1);
    expect(await stateName(storage, "a")).toBe("waiting");
  },

  "a retry is retrying while it waits": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    const retry = item("a", { retry: true, dueMs: 1000 });
    await storage.settle({ claim: claimed, id: "a", noticeTtlMs: LONG_MS, result: bytes("error"), enqueue: [retry] });
    expect(await stateName(storage, "a")).toBe("retrying");
    await storage.promoteDue(1);
    expect(await stateName(storage, "a")).toBe("retrying");
    const again = await claimOne(storage);
    expect(await stateName(storage, "a")).toBe("running");
    await storage.settle(complete(again, { ending: "failed", result: bytes("error") }));
    expect(await stateName(storage, "a")).toBe("failed");
  },

  "each ending is told": async (context, expect) => {
    const storage = await context.open();
    for (const ending of ["complete", "empty", "failed", "revoked", "expired", "canceled"] as const) {
      await storage.settle(complete(await enqueueAndClaim(storage, ending), { ending }));
      expect(await stateName(storage, ending)).toBe(ending);
    }
  },

  "released and recovered tasks wait again": async (context, expect) => {
    const storage = await context.open();
    await storage.release([await enqueueAndClaim(storage, "a")]);
    expect(await stateName(storage, "a")).toBe("waiting");
    await claimOne(storage);
    await storage.recover({ consumer: owner().consumer });
    expect(await stateName(storage, "a")).toBe("waiting");
  },

  "without tracking only the ending is known": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { track: false })]);
    expect(await storage.state("a")).toBeUndefined();
    const claimed = await claimOne(storage);
    expect(await storage.state("a")).toBeUndefined();
    await storage.settle(complete(claimed));
    expect(await stateName(storage, "a")).toBe("complete");
  },

  "a notice ends when its time has passed": async (context, expect) => {
    const storage = await context.open();
    await storage.settle(complete(await enqueueAndClaim(storage, "a"), { noticeTtlMs: context.shortTtlMs }));
    expect(await stateName(storage, "a")).toBe("complete");
    await context.outlive(context.shortTtlMs, async () => await storage.state("a") === undefined);
    expect(await waitForEnd(storage, "a", { timeoutMs: 0 })).toBe(false);
  },

  "an ended task is known as long as its result is there": async (context, expect) => {
    const storage = await context.open();
    const ending = { ending: "failed", result: bytes("error"), noticeTtlMs: context.shortTtlMs } as const;
    await storage.settle(complete(await enqueueAndClaim(storage, "a"), ending));
    await storage.settle(complete(await enqueueAndClaim(storage, "witness"), { noticeTtlMs: context.shortTtlMs }));
    await context.outlive(context.shortTtlMs, async () => await storage.state("witness") === undefined);
    expect(await stateName(storage, "a")).toBe("failed");
    expect(await waitForEnd(storage, "a", { timeoutMs: 0 })).toBe(true);
  },

  "a popped result leaves its notice": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.settle(complete(await enqueueAndClaim(one, "a"), { ending: "failed", result: bytes("error") }));
    await other.results.pop("a");
    expect(await stateName(one, "a")).toBe("failed");
    expect(await one.results.size()).toBe(context.resultsStay ? 1 : 0);
  },

  "notices are no results": async (context, expect) => {
    const storage = await context.open();
    await storage.settle(complete(await enqueueAndClaim(storage, "a")));
    expect(await storage.results.size()).toBe(0);
    expect(await storage.results.entries()).toEqual(new Map());
    expect(await storage.meta.size()).toBe(0);
    expect(await storage.revocations.size()).toBe(0);
    expect(await storage.results.putIfEmpty("a", bytes("1"))).toBe(true);
  },

  "values of the application say nothing of tasks": async (context, expect) => {
    const storage = await context.open();
    await storage.data.put("a", bytes("1"));
    expect(await storage.state("a")).toBeUndefined();
  },

  "flush forgets states and notices": async (context, expect) => {
    const storage = await context.open();
    await storage.settle(complete(await enqueueAndClaim(storage, "ended")));
    await storage.enqueue([item("waiting"), item("running")]);
    await claimOne(storage);
    await storage.flush();
    for (const id of ["ended", "waiting", "running"]) expect(await storage.state(id)).toBeUndefined();
  },
};

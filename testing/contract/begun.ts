/** Cases of tasks that may run at most once. @module */
import type { Cases } from "./context.ts";
import { bytes, claimOne, complete, enqueueAndClaim, item, owner } from "./helpers.ts";

/** `begin`. */
export const begunCases: Cases = {
  "a claim that has not begun says nothing of it": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    expect(claimed.begun ?? false).toBe(false);
    await other.recover({ consumer: owner().consumer });
    expect((await claimOne(other)).begun ?? false).toBe(false);
  },

  "whoever is handed a begun message again is told, after a recovery and after a release": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a", { data: bytes("message") });
    expect(await one.begin(claimed)).toBe(true);
    expect(await one.begin(claimed)).toBe(true);
    await other.recover({ consumer: owner().consumer });
    const second = await claimOne(other);
    expect(second).toMatchObject({ id: "a", begun: true, deliveries: 2 });
    await other.release([second]);
    const third = await claimOne(one);
    expect(third).toMatchObject({ id: "a", begun: true, deliveries: 2 });
    expect((await one.settle(complete(third))).held).toBe(true);
  },

  "claimed tells it too": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.begin(await enqueueAndClaim(one, "a"));
    expect(await other.claimed(owner())).toMatchObject([{ id: "a", begun: true }]);
  },

  "a claim that is not held cannot begin": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const settled = await enqueueAndClaim(one, "a");
    await one.settle(complete(settled));
    expect(await one.begin(settled)).toBe(false);
    const lost = await enqueueAndClaim(one, "b");
    await other.recover({ consumer: owner().consumer });
    expect(await one.begin(lost)).toBe(false);
    const taken = await claimOne(other);
    expect(await one.begin(lost)).toBe(false);
    expect(taken.begun ?? false).toBe(false);
  },

  "a begun claim is settled like any other, and its retry has not begun": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.begin(claimed);
    await storage.settle({ claim: claimed, id: "a", noticeTtlMs: 0, enqueue: [item("a", { retry: true })] });
    const again = await claimOne(storage);
    expect(again.begun ?? false).toBe(false);
    expect((await storage.settle(complete(again, { result: bytes("1") }))).held).toBe(true);
  },

  "with a priority too": async (context, expect) => {
    const storage = await context.open();
    await storage.begin(await enqueueAndClaim(storage, "a", { priority: await context.priority(5) }));
    await storage.recover({ consumer: owner().consumer });
    expect((await claimOne(storage)).begun).toBe(true);
  },
};

/** Cases of claiming, waiting for items, and releasing. @module */
import type { Cases } from "./context.ts";
import {
  bytes,
  claim,
  claimOne,
  complete,
  drain,
  enqueueAndClaim,
  ids,
  item,
  items,
  LONG_MS,
  owner,
  plain,
  underWay,
} from "./helpers.ts";

/** Claims, waits, releases. */
export const claimCases: Cases = {
  "a claim hands out the item as it was enqueued": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { data: bytes("message"), retry: true })]);
    const claimed = await claimOne(storage);
    expect(claimed).toMatchObject({ id: "a", priority: 0, retry: true, track: true, deliveries: 1 });
    expect(plain(claimed.data)).toEqual(bytes("message"));
  },

  "a claim takes at most its limit": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 5));
    expect(ids(await claim(storage, 2))).toEqual(["a0", "a1"]);
    expect(ids(await claim(storage, 10))).toEqual(["a2", "a3", "a4"]);
    expect(await claim(storage, 1)).toEqual([]);
  },

  "each hand-out has a token of its own": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 6));
    const claims = [...await claim(one, 3), ...await claim(other, 3)];
    expect(new Set(claims.map(({ token }) => token)).size).toBe(6);
    await one.release([claims[0]!]);
    expect((await claimOne(other)).token).not.toBe(claims[0]!.token);
  },

  "what is not there is not waited for without a wait": async (context, expect) => {
    expect(await (await context.open()).claim(3, owner())).toEqual({ claims: [], revocations: false });
  },

  "a wait ends after its time": async (context, expect) => {
    expect(await claim(await context.open(), 1, { waitMs: 30 })).toEqual([]);
  },

  "a wait does not delay what is there": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a")]);
    expect(ids(await claim(storage, 10, { waitMs: LONG_MS }))).toEqual(["a"]);
  },

  "a wait ends when another instance enqueues": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    for (let round = 0; round < 10; round++) {
      const found = claim(waiting, 1, { waitMs: LONG_MS });
      if (round % 2 === 0) await underWay(waiting, other);
      await other.enqueue([item(`a${round}`)]);
      expect(ids(await found)).toEqual([`a${round}`]);
    }
  },

  "a wait ends when a settlement enqueues": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(other, "first");
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await underWay(waiting, other);
    await other.settle(complete(claimed, { enqueue: [item("second")] }));
    expect(ids(await found)).toEqual(["second"]);
  },

  "a wait ends when due items are promoted": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.enqueue([item("a", { dueMs: context.clock.now() - 1 })]);
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await underWay(waiting, other);
    await other.promoteDue(10);
    expect(ids(await found)).toEqual(["a"]);
  },

  "a wait ends when a claim is released": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(other, "a");
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await underWay(waiting, other);
    await other.release([claimed]);
    expect(ids(await found)).toEqual(["a"]);
  },

  "a wait ends when a claim is recovered": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    await other.enqueue([item("a")]);
    await claimOne(other, owner("lost"));
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await underWay(waiting, other);
    await other.recover({ consumer: "lost" });
    expect(ids(await found)).toEqual(["a"]);
  },

  "several waits share what arrives": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const waits = [one, one, other, other].map((storage) => claim(storage, 1, { waitMs: LONG_MS }));
    await underWay(one, other);
    await one.enqueue(items("a", 4));
    expect(ids((await Promise.all(waits)).flat()).sort()).toEqual(["a0", "a1", "a2", "a3"]);
  },

  "an abort ends a wait at once": async (context, expect) => {
    const storage = await context.open();
    const abort = new AbortController();
    const found = claim(storage, 1, { waitMs: LONG_MS, signal: abort.signal });
    await underWay(storage);
    abort.abort();
    expect(await found).toEqual([]);
  },

  "an abort that came first takes nothing": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a")]);
    expect(await claim(storage, 1, { waitMs: LONG_MS, signal: AbortSignal.abort() })).toEqual([]);
    expect(await drain(storage)).toEqual(["a"]);
  },

  "an abort that races an item loses nothing": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    for (let round = 0; round < 20; round++) {
      const abort = new AbortController();
      const found = claim(waiting, 1, { waitMs: LONG_MS, signal: abort.signal });
      if (round % 2 === 0) await underWay(waiting);
      const enqueued = other.enqueue([item(`a${round}`)]);
      if (round % 4 < 2) await enqueued;
      abort.abort();
      const claims = await found;
      await enqueued;
      for (const claimed of claims) expect((await waiting.settle(complete(claimed))).held).toBe(true);
      expect([...ids(claims), ...await drain(other)]).toEqual([`a${round}`]);
    }
  },

  "an aborted wait does not keep others from waking": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const abort = new AbortController();
    const aborted = claim(one, 1, { waitMs: LONG_MS, signal: abort.signal });
    const found = claim(one, 1, { waitMs: LONG_MS });
    await underWay(one, other);
    abort.abort();
    expect(await aborted).toEqual([]);
    await other.enqueue([item("a")]);
    expect(ids(await found)).toEqual(["a"]);
  },

  "claimed lists the claims of a consumer or of one worker": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 3));
    const first = await claimOne(one, owner("c1", "w1"));
    await claimOne(one, owner("c1", "w2"));
    await claimOne(one, owner("c2", "w1"));
    expect(ids(await other.claimed({ consumer: "c1" })).sort()).toEqual(["a0", "a1"]);
    const [found] = await other.claimed({ consumer: "c1", worker: "w1" });
    expect(found).toMatchObject({ id: "a0", token: first.token, deliveries: 1 });
    expect(await other.claimed({ consumer: "nobody" })).toEqual([]);
  },

  "a released claim is handed out again, with another token": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a", { data: bytes("message") });
    await storage.release([claimed]);
    expect(await storage.claimed(owner())).toEqual([]);
    const again = await claimOne(storage);
    // An orderly stop says nothing against the task, so that hand-out does not count.
    expect(again).toMatchObject({ id: "a", deliveries: 1 });
    expect(plain(again.data)).toEqual(bytes("message"));
    expect(again.token).not.toBe(claimed.token);
  },

  "released claims go back to their places": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 6));
    const claims = await claim(one, 4);
    await one.enqueue([item("new")]);
    await other.release([claims[3]!, claims[0]!, claims[2]!]);
    expect(ids(await one.pending())).toEqual(["a0", "a2", "a3", "a4", "a5", "new"]);
    expect(await drain(other)).toEqual(["a0", "a2", "a3", "a4", "a5", "new"]);
  },

  "releasing what is not held changes nothing": async (context, expect) => {
    const storage = await context.open();
    const settled = await enqueueAndClaim(storage, "a");
    await storage.settle(complete(settled));
    const released = await enqueueAndClaim(storage, "b");
    await storage.release([released]);
    await storage.release([settled, released]);
    await storage.release([]);
    expect(await drain(storage)).toEqual(["b"]);
  },

  "a batch tells whether revocations are stored": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 3));
    const look = async (): Promise<boolean> => (await one.claim(1, owner())).revocations;
    expect(await look()).toBe(false);
    await other.revocations.put("r:a1", bytes("1"));
    expect(await look()).toBe(true);
    await other.revocations.delete("r:a1");
    expect(await look()).toBe(false);
  },
};

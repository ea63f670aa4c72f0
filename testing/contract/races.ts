/** Cases in which several instances do the same at once. @module */
import type { Claim, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, claim, complete, drain, ids, item, items, LONG_MS, owner } from "./helpers.ts";

/** Claims until nothing is left. */
async function claimAll(storage: Storage, consumer: string, limit: number): Promise<Claim[]> {
  const found: Claim[] = [];
  while (true) {
    const claims = await claim(storage, limit, { owner: owner(consumer) });
    if (claims.length === 0) return found;
    found.push(...claims);
  }
}

/** Races. */
export const raceCases: Cases = {
  "two instances hand out each item once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 200));
    const found = await Promise.all([
      claimAll(one, "c1", 3),
      claimAll(other, "c2", 7),
      claimAll(one, "c3", 1),
      claimAll(other, "c4", 16),
    ]);
    expect(ids(found.flat()).sort()).toEqual(ids(items("a", 200)).sort());
    expect(new Set(found.flat().map(({ token }) => token)).size).toBe(200);
    expect(await one.pendingCount()).toBe(0);
  },

  "items that are enqueued meanwhile are handed out once, in order for each producer": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const produce = async (storage: Storage, prefix: string): Promise<void> => {
      for (const next of items(prefix, 25)) await storage.enqueue([next]);
    };
    const found: string[] = [];
    const consume = async (): Promise<void> => {
      while (found.length < 50) {
        const claims = await claim(other, 4, { waitMs: LONG_MS });
        found.push(...ids(claims));
        for (const claimed of claims) expect((await other.settle(complete(claimed))).held).toBe(true);
      }
    };
    await Promise.all([produce(one, "a"), produce(other, "b"), consume()]);
    expect(found.filter((id) => id.startsWith("a"))).toEqual(ids(items("a", 25)));
    expect(found.filter((id) => id.startsWith("b"))).toEqual(ids(items("b", 25)));
  },

  "batches that are enqueued at once keep their own order": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await Promise.all([one.enqueue(items("a", 20)), other.enqueue(items("b", 20)), one.enqueue(items("c", 20))]);
    const found = await drain(one);
    expect(found).toHaveLength(60);
    for (const batch of ["a", "b", "c"]) expect(found.filter((id) => id.startsWith(batch))).toEqual(ids(items(batch, 20)));
  },

  "enqueueOnce enqueues once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (let round = 0; round < 5; round++) {
      const attempts = Array.from(
        { length: 8 },
        (_, index) => (index % 2 ? one : other).enqueueOnce(`slot ${round}`, LONG_MS, item(`a${round}`)),
      );
      expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(1);
      expect(await drain(one)).toEqual([`a${round}`]);
    }
    expect(await one.meta.size()).toBe(5);
    expect(await one.meta.has("slot 3")).toBe(true);
  },

  "enqueueOnce is refused while the key is there": async (context, expect) => {
    const storage = await context.open();
    await storage.meta.put("slot", bytes("taken"));
    expect(await storage.enqueueOnce("slot", LONG_MS, item("a"))).toBeUndefined();
    expect(await storage.pendingCount()).toBe(0);
    await storage.meta.delete("slot");
    expect(await storage.enqueueOnce("slot", LONG_MS, item("a"))).toEqual({});
    expect(await drain(storage)).toEqual(["a"]);
  },

  "enqueueOnce works again when its time has passed": async (context, expect) => {
    const storage = await context.open();
    expect(await storage.enqueueOnce("slot", context.shortTtlMs, item("a"))).toEqual({});
    await context.outlive(context.shortTtlMs, async () => await storage.enqueueOnce("slot", LONG_MS, item("b")) !== undefined);
    expect(await drain(storage)).toEqual(["a", "b"]);
  },

  "enqueueOnce can schedule, and wakes a waiting claim": async (context, expect) => {
    const [waiting, other] = await context.openTwo();
    expect(await other.enqueueOnce("later", LONG_MS, item("later", { dueMs: context.clock.now() + LONG_MS }))).toEqual({});
    expect(ids(await other.scheduled())).toEqual(["later"]);
    const found = claim(waiting, 1, { waitMs: LONG_MS });
    await other.enqueueOnce("now", LONG_MS, item("now"));
    expect(ids(await found)).toEqual(["now"]);
  },

  "claims, releases and settlements at once lose and double nothing": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue(items("a", 60));
    const done: string[] = [];
    const toRelease = new Set(Array.from({ length: 20 }, (_, index) => `a${3 * index}`));
    const work = async (storage: Storage, consumer: string): Promise<void> => {
      while (done.length < 60) {
        for (const claimed of await claim(storage, 5, { owner: owner(consumer) })) {
          if (toRelease.delete(claimed.id)) await storage.release([claimed]);
          else if (await storage.settle(complete(claimed, { result: bytes("1") }))) done.push(claimed.id);
        }
      }
    };
    await Promise.all([work(one, "c1"), work(other, "c2"), work(one, "c3")]);
    expect(done.sort()).toEqual(ids(items("a", 60)).sort());
    expect(await one.results.size()).toBe(60);
    expect(await one.pendingCount()).toBe(0);
  },

  "several workers that wait end when there is nothing more": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const abort = new AbortController();
    const done: string[] = [];
    const work = async (storage: Storage): Promise<void> => {
      while (!abort.signal.aborted) {
        for (const claimed of await claim(storage, 2, { waitMs: LONG_MS, signal: abort.signal })) {
          await storage.settle(complete(claimed));
          if (done.push(claimed.id) === 40) abort.abort();
        }
      }
    };
    const workers = [work(one), work(other), work(one), work(other)];
    for (const next of items("a", 40)) await other.enqueue([next]);
    await Promise.all(workers);
    expect(done.sort()).toEqual(ids(items("a", 40)).sort());
  },
};

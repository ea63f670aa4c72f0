import { describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Item, Storage } from "../../lib/storage.ts";
import { LazyStorage } from "../../storage/lazy.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { waitForEnd } from "../../testing/contract/helpers.ts";

const BYTES = new Uint8Array([1]);

function item(id: string): Item {
  return { id, data: BYTES, priority: 0, track: false };
}

/** A storage whose driver is there when `open` is called. */
function lazy(): { storage: LazyStorage; open: () => void; loads: () => number } {
  const gate = Promise.withResolvers<void>();
  let loads = 0;
  const storage = new LazyStorage({
    name: "lazy",
    shared: false,
    descriptor: undefined,
    check: () => {
      throw new RangeError("never");
    },
    load: async (): Promise<Storage> => {
      loads++;
      await gate.promise;
      return new MemoryStorage({ name: "lazy" });
    },
  });
  return { storage, open: gate.resolve, loads: () => loads };
}

describe("a storage whose driver is loaded at the first use", () => {
  test("loads nothing for what is known without it", () => {
    const { storage, loads } = lazy();
    expect([storage.name, storage.shared, storage.descriptor]).toEqual(["lazy", false, undefined]);
    expect(() => storage.check(item("a"))).toThrow("never");
    expect(loads()).toBe(0);
  });

  test("loads once, and does in their order what was asked for meanwhile", async () => {
    const { storage, open, loads } = lazy();
    const calls = [storage.enqueue([item("a")]), storage.enqueue([item("b"), item("c")]), storage.data.put("key", BYTES)];
    open();
    await Promise.all(calls);
    await storage.enqueue([item("d")]);
    expect((await storage.pending()).map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
    expect(await storage.data.peek("key")).toEqual(BYTES);
    expect(await storage.meta.has("key")).toBe(false);
    expect(loads()).toBe(1);
  });

  test("is closed by a close before the first use", async () => {
    const { storage, open } = lazy();
    open();
    await storage.close();
    await expect(storage.enqueue([item("a")])).rejects.toThrow(StorageError);
  });

  test("tells everybody why its driver cannot be loaded", async () => {
    const load = (): Promise<Storage> => Promise.reject(new Error("no driver"));
    const storage = new LazyStorage({ name: "lazy", shared: false, descriptor: undefined, check: () => {}, load });
    await expect(storage.pendingCount()).rejects.toThrow("no driver");
    await expect(storage.revocations.size()).rejects.toThrow("no driver");
  });

  test("tries again when its driver could not be loaded", async () => {
    let loads = 0;
    const load = async (): Promise<Storage> => {
      if (++loads === 1) throw new Error("no driver");
      return await Promise.resolve(new MemoryStorage({ name: "lazy" }));
    };
    const storage = new LazyStorage({ name: "lazy", shared: false, descriptor: undefined, check: () => {}, load });
    const both = await Promise.allSettled([storage.pendingCount(), storage.scheduledCount()]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(await storage.pendingCount()).toBe(0);
    expect(loads).toBe(2);
  });

  test("lets no call get ahead of those that waited for the driver", async () => {
    const loading = Promise.withResolvers<Storage>();
    const load = (): Promise<Storage> => loading.promise;
    const storage = new LazyStorage({ name: "lazy", shared: false, descriptor: undefined, check: () => {}, load });
    const calls = [storage.enqueue([item("a")])];
    loading.resolve(new MemoryStorage({ name: "lazy" }));
    // In any of the moments between the end of the loading and the turn of who waited.
    for (const id of ["b", "c", "d", "e"]) {
      await Promise.resolve();
      calls.push(storage.enqueue([item(id)]));
    }
    await Promise.all(calls);
    expect((await storage.pending()).map(({ id }) => id)).toEqual(["a", "b", "c", "d", "e"]);
  });

  test("leaves alone what was put in place of its methods, before the driver was there and after", async () => {
    const { storage, open } = lazy();
    storage.pendingCount = () => Promise.resolve(7);
    open();
    await storage.enqueue([item("a")]);
    storage.scheduledCount = () => Promise.resolve(8);
    await storage.enqueue([item("b")]);
    expect(await Promise.all([storage.pendingCount(), storage.scheduledCount()])).toEqual([7, 8]);
    expect((await storage.pending()).length).toBe(2);
  });

  test("leaves alone what a subclass does otherwise", async () => {
    const told: string[] = [];
    class Told extends LazyStorage {
      override enqueue(...asked: Parameters<Storage["enqueue"]>): ReturnType<Storage["enqueue"]> {
        told.push(...asked[0].map(({ id }) => id));
        return super.enqueue(...asked);
      }
    }
    const load = (): Promise<Storage> => Promise.resolve(new MemoryStorage({ name: "told" }));
    const storage = new Told({ name: "told", shared: false, descriptor: undefined, check: () => {}, load });
    for (const id of ["a", "b", "c"]) await storage.enqueue([item(id)]);
    expect(told).toEqual(["a", "b", "c"]);
    expect(await storage.pendingCount()).toBe(3);
  });

  test("works where the application has frozen it", async () => {
    const { storage, open } = lazy();
    Object.freeze(storage);
    open();
    await storage.enqueue([item("a")]);
    await storage.enqueue([item("b")]);
    expect(await storage.pendingCount()).toBe(2);
  });

  test("is closed once and for all, however often that is said, and also while the driver is loaded", async () => {
    const { storage, open } = lazy();
    const calls = [storage.enqueue([item("a")]), storage.close(), storage.close()];
    const late = storage.pendingCount();
    late.catch(() => {});
    open();
    await Promise.all(calls);
    await expect(late).rejects.toThrow(StorageError);
    await storage.close();
    await expect(storage.pendingCount()).rejects.toThrow(StorageError);
  });

  test("ends a wait that was aborted before the driver was there", async () => {
    const { storage, open } = lazy();
    const stop = new AbortController();
    const waiting = waitForEnd(storage, "a", { signal: stop.signal });
    stop.abort(new Error("enough"));
    open();
    await expect(waiting).rejects.toThrow("enough");
  });
});

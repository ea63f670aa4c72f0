import { describe, expect, test } from "bun:test";
import { StorageError } from "../../lib/errors.ts";
import type { Item, Storage } from "../../lib/storage.ts";
import { LazyStorage } from "../../storage/lazy.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";

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
});

import { describe, expect, test } from "bun:test";
import { ResultTimeout, StorageError } from "../../lib/errors.ts";
import { Huey } from "../../lib/huey/huey.ts";
import type { Storage } from "../../lib/storage.ts";
import { MemoryStorage } from "../../storage/memory/storage.ts";
import { failure, memory, silent, work } from "../helpers.ts";

/** A Huey over a memory storage of which some methods are others. */
function over(change: (storage: MemoryStorage) => Partial<Storage>): Huey {
  const storage = new MemoryStorage({ name: "changed" });
  const changed = change(storage) as unknown as Record<PropertyKey, unknown>;
  const proxy = new Proxy(storage, {
    get(target, key) {
      const value = changed[key] ?? Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return new Huey({ name: "changed", storage: proxy, logger: silent });
}

describe("those who wait", () => {
  test("share the looks at the storage", async () => {
    let looks = 0;
    let asked = 0;
    const huey = over((storage) => ({
      endedOf: async (ids) => {
        looks++;
        asked += ids.length;
        return await storage.endedOf(ids);
      },
    }));
    const results = await huey.task("double", (n: number) => 2 * n).map(Array.from({ length: 300 }, (_, n) => n));
    const reading = [...results].map((result) => result.get({ blocking: true }));
    await work(huey);
    expect((await Promise.all(reading)).length).toBe(300);
    expect(looks).toBeLessThan(300);
    expect(asked).toBeLessThan(300 * 100);
  });

  test("find out without a ring, too", async () => {
    const huey = over(() => ({ listen: () => Promise.resolve(() => {}) }));
    const result = await huey.task("double", (n: number) => 2 * n)(4);
    const reading = result.get({ blocking: true, maxDelay: 0.02 });
    await work(huey);
    expect(await reading).toBe(8);
  });

  test("all hear of a look that fails, and the next one may wait again", async () => {
    let broken = true;
    const huey = over((storage) => ({
      endedOf: async (ids) => broken ? await Promise.reject(new StorageError("no connection")) : await storage.endedOf(ids),
    }));
    const results = await huey.task("double", (n: number) => 2 * n).map([1, 2]);
    const failures = await Promise.all([...results].map((result) => failure(result.get({ blocking: true }))));
    expect(failures.map(({ message }) => message)).toEqual(["no connection", "no connection"]);
    broken = false;
    const reading = results.get({ blocking: true });
    await work(huey);
    expect(await reading).toEqual([2, 4]);
  });

  test("do not keep others from waiting longer", async () => {
    const huey = memory();
    const result = await huey.task("double", (n: number) => 2 * n)(1);
    const stop = new AbortController();
    const [late, aborted, patient] = [
      failure(result.get({ blocking: true, timeout: 0.01 })),
      failure(huey.result(result.id, { blocking: true, signal: stop.signal })),
      huey.result(result.id, { blocking: true }),
    ];
    expect(await late).toBeInstanceOf(ResultTimeout);
    stop.abort(new Error("enough"));
    expect((await aborted).message).toBe("enough");
    await work(huey);
    expect(await patient).toBe(2);
  });
});

describe("asCompleted", () => {
  test("reads a value when it is asked for: what nobody asks for stays in the store", async () => {
    const huey = memory();
    const results = await huey.task("double", (n: number) => 2 * n).map([1, 2, 3]);
    await work(huey);
    for await (const value of results.asCompleted()) {
      expect(value).toBe(2);
      break;
    }
    expect(await huey.resultCount()).toBe(2);
    expect(await results.get()).toEqual([2, 4, 6]);
  });

  test("of pipelines: each when its last step has ended, and a failure in the place of the one that failed", async () => {
    const huey = memory();
    const add = huey.task("add", (a: number, b: number) => a + b);
    const fail = huey.task("fail", (): number => {
      throw new Error("no luck");
    });
    const results = await huey.enqueueMany([add.s(1, 2).andThen(add, 3), fail.s().andThen(add, 1)]);
    const seen: unknown[] = [];
    const reading = failure((async () => {
      for await (const value of results.asCompleted()) seen.push(value);
    })());
    await work(huey);
    expect((await reading).message).toContain("no luck");
    expect(seen.length).toBeLessThan(2);
  });

  test("may be broken off while it waits, and leaves nothing that waits", async () => {
    const huey = memory();
    const results = await huey.task("double", (n: number) => 2 * n).map([1, 2, 3]);
    const stop = new AbortController();
    const reading = failure(results.asCompleted({ signal: stop.signal }).next());
    stop.abort(new Error("enough"));
    expect((await reading).message).toBe("enough");
    expect(await failure(results.asCompleted({ timeout: 0.01 }).next())).toBeInstanceOf(ResultTimeout);
    await work(huey);
    expect(await results.get({ blocking: true })).toEqual([2, 4, 6]);
  });
});

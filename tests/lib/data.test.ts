import { describe, expect, test } from "bun:test";
import { failure, memory, refusal, work } from "../helpers.ts";

describe("flush", () => {
  test("tells the storage which parts to delete, or all", async () => {
    const huey = memory();
    const asked: unknown[] = [];
    huey.storage.flush = (parts) => Promise.resolve(void asked.push(parts));
    await huey.flush();
    await huey.flush({ queue: true });
    await huey.flush({ schedule: true, results: true, locks: true, data: true, queue: false, counters: undefined } as never);
    await huey.flush({ revocations: true, counters: true, deadLetters: true });
    expect(asked).toEqual([
      undefined,
      ["queue"],
      ["schedule", "results", "locks", "data"],
      ["revocations", "counters", "deadLetters"],
    ]);
  });
  test("refuses what names no part, and deletes nothing", async () => {
    const huey = memory();
    await huey.put("key", 1);
    await refusal(() => huey.flush({}), "flush needs a part");
    await refusal(() => huey.flush({ queue: false }), "flush needs a part");
    await refusal(() => huey.flush({ lock: true } as never), '"lock"', '"locks"');
    await refusal(() => huey.flush({ queue: 1 } as never), "queue must be true or false: 1");
    await refusal(() => huey.flush("queue" as never), "an object of options");
    expect(await huey.get<number>("key")).toBe(1);
  });
});

describe("put and get", () => {
  test("a get takes the value, unless it peeks", async () => {
    const huey = memory();
    await huey.put("key", { list: [1, 2] });
    expect(await huey.get<unknown>("key", { peek: true })).toEqual({ list: [1, 2] });
    expect(await huey.get<unknown>("key", { peek: true })).toEqual({ list: [1, 2] });
    expect(await huey.get<unknown>("key")).toEqual({ list: [1, 2] });
    expect([await huey.get("key"), await huey.get("key", { peek: true })]).toEqual([undefined, undefined]);
  });

  test("a put replaces", async () => {
    const huey = memory();
    await huey.put("key", 1);
    await huey.put("key", 2);
    expect(await huey.get<number>("key")).toBe(2);
  });

  test.each([[null], [0], [""], [false], [new Date(5)], [new Map([["a", new Set([1])]])], [12345678901234567890n], ["ü€𝄞"]])(
    "%p survives",
    async (value) => {
      const huey = memory();
      await huey.put("key", value);
      expect(await huey.get<unknown>("key")).toEqual(value);
    },
  );

  test("keys are any text", async () => {
    const huey = memory();
    const keys = ["", " ", "a b", "ü€𝄞", "../../etc", "r:x", "a\u0000b", "x".repeat(2000), "constructor"].slice(1);
    for (const key of keys) await huey.put(key, key);
    for (const key of keys) expect(await huey.get<string>(key)).toBe(key);
  });

  test("the guide's cache in a task", async () => {
    const huey = memory();
    const calculate = huey.task("calculate", async () => {
      const previous = await huey.get<number>("calculate.result", { peek: true });
      const data = previous === undefined ? 1 : previous + 1;
      await huey.put("calculate.result", data);
      return data;
    });
    const results = await calculate.map([[], [], []]);
    await work(huey);
    expect(await results.get()).toEqual([1, 2, 3]);
  });

  test("what cannot be stored is refused with its path", async () => {
    const huey = memory();
    await refusal(() => huey.put("key", { deep: [() => {}] }), "deep[0]");
    expect(await huey.get("key")).toBeUndefined();
  });

  test("they are counted and listed with the results", async () => {
    const huey = memory();
    await huey.put("key", "value");
    expect([await huey.resultCount(), [...(await huey.allResults()).keys()]]).toEqual([1, ["key"]]);
  });
});

describe("putIfEmpty and delete", () => {
  test("putIfEmpty puts only where nothing is", async () => {
    const huey = memory();
    expect([await huey.putIfEmpty("key", 1), await huey.putIfEmpty("key", 2)]).toEqual([true, false]);
    expect(await huey.get<number>("key")).toBe(1);
    expect(await huey.putIfEmpty("key", 3)).toBe(true);
  });

  test("of many at once one wins", async () => {
    const huey = memory();
    const puts = await Promise.all(Array.from({ length: 20 }, (_, n) => huey.putIfEmpty("key", n)));
    expect(puts.filter(Boolean).length).toBe(1);
    expect(await huey.get<number>("key")).toBe(puts.indexOf(true));
  });

  test("delete tells whether it was there", async () => {
    const huey = memory();
    await huey.put("key", 1);
    expect([await huey.delete("key"), await huey.delete("key"), await huey.get("key")]).toEqual([true, false, undefined]);
  });
});

test("wrong arguments are refused", async () => {
  const huey = memory();
  await refusal(() => huey.put(5 as never, 1), "5");
  await refusal(() => huey.get(undefined as never), "undefined");
  await refusal(() => huey.get("key", { peak: true } as never), "peak", "peek");
  await refusal(() => huey.get("key", { peek: "yes" } as never), "peek", "yes");
  await refusal(() => huey.putIfEmpty(null as never, 1), "null");
  await refusal(() => huey.delete({} as never));
  await refusal(() => huey.pending(-1), "-1");
  await refusal(() => huey.scheduled(1.5), "1.5");
  await refusal(() => huey.pending("5" as never), "5");
  await refusal(() => huey.deadLetters(NaN), "NaN");
  await refusal(() => huey.requeueDeadLetter(5 as never), "5");
  await refusal(() => huey.state(5 as never), "5");
});

test("a value of another format is an error that names it", async () => {
  const huey = memory();
  for (const space of [huey.storage.data, huey.storage.results]) await space.put("key", new TextEncoder().encode("not ours"));
  expect((await failure(huey.get("key", { peek: true }))).name).toBe("DecodeError");
  expect((await failure(huey.result("key", { preserve: true }))).name).toBe("DecodeError");
  expect((await failure(huey.get("key"))).name).toBe("DecodeError");
});

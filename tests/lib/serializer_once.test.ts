/** Every value is read once and in one way: what was checked is what is written. @module */
import { describe, expect, test } from "bun:test";
import { Serializer } from "../../lib/serializer/serializer.ts";

const serializer = new Serializer();
const again = (value: unknown): unknown => serializer.deserialize(serializer.serialize(value));

/** A value that is fine at the first look, and something else from then on. */
function changing<T>(first: T, then: unknown): () => T {
  let looks = 0;
  return () => (looks++ === 0 ? first : then) as T;
}

describe("what changes when it is looked at again is stored as it was", () => {
  const date = new Date(0);
  const get = (): object => Object.defineProperty({}, "x", { enumerable: true, get: changing(1, NaN) });
  const proxy = (): object =>
    new Proxy({ x: 1 }, {
      get: (() => {
        const next = changing(1, undefined);
        return (_target: object, key: string) => key === "x" ? next() : undefined;
      })(),
    });
  const list = (): unknown[] => {
    const items: unknown[] = [0];
    Object.defineProperty(items, 0, { enumerable: true, get: changing(1, () => 1) });
    return items;
  };
  const CASES: [string, () => unknown, unknown][] = [
    ["a getter", get, { x: 1 }],
    ["a proxy", proxy, { x: 1 }],
    ["an item of a list", list, [1]],
  ];
  for (const [name, make, expected] of CASES) {
    test(name, () => {
      expect(again([make()])).toEqual([expected]);
      expect(again([make(), date])).toEqual([expected, date]);
      expect(again([date, { deep: [make()] }])).toEqual([date, { deep: [expected] }]);
      expect((again(new Error("e", { cause: make() })) as Error).cause).toEqual(expected);
    });
  }

  test("toJSON is asked once", () => {
    let calls = 0;
    const value = { toJSON: () => ++calls };
    expect(again([value, new Date(0)])).toEqual([1, new Date(0)]);
    expect(calls).toBe(1);
  });
});

test("toJSON counts in the same way wherever it comes from and whatever is beside it", () => {
  class List extends Array<number> {
    toJSON(): string {
      return "a list";
    }
  }
  const hidden = Object.defineProperty({ x: 1 }, "toJSON", { value: () => [undefined, 1n] });
  const CASES: [() => unknown, unknown][] = [
    [() => Object.assign([1, 2], { toJSON: () => "surprise" }), "surprise"],
    [() => List.from([1, 2]), "a list"],
    [() => Object.assign(new List(), { $: 1 }), "a list"],
    [() => hidden, [undefined, 1n]],
  ];
  for (const [make, expected] of CASES) {
    expect(again([make(), 0])).toEqual([expected, 0]);
    expect(again([make(), new Date(0)])).toEqual([expected, new Date(0)]);
    expect(again(make())).toEqual(expected);
  }
});

test("instances whose own methods lie are stored by what their class knows of them", () => {
  const date = Object.assign(new Date(5), { getTime: () => "x" });
  const map = Object.assign(new Map([[1, 2]]), { [Symbol.iterator]: () => [5][Symbol.iterator](), entries: () => [7] });
  const set = Object.assign(new Set([1]), { [Symbol.iterator]: () => ["no"][Symbol.iterator]() });
  const pattern = Object.defineProperty(/a/g, "source", { value: 5 });
  const url = Object.defineProperty(new URL("https://example.com/"), "href", { value: 5 });
  expect(again([date, map, set, pattern, url])).toEqual([
    new Date(5),
    new Map([[1, 2]]),
    new Set([1]),
    /a/g,
    new URL("https://example.com/"),
  ]);
  expect(() => serializer.serialize(Object.create(URL.prototype))).toThrow(TypeError);
});

describe("errors that point to one another", () => {
  function tangle(count: number, point: (from: Error, to: Error, n: number) => void): Error {
    const errors = Array.from({ length: count }, (_, n) => new Error(`e${n}`));
    for (const from of errors) {
      from.stack = "";
      for (const [n, to] of errors.entries()) if (from !== to) point(from, to, n);
    }
    return errors[0]!;
  }
  const WAYS: [string, (from: Error, to: Error, n: number) => void][] = [
    ["by properties", (from, to, n) => Object.assign(from, { [`to${n}`]: to })],
    ["in lists", (from, to) => Object.assign(from, { all: [...(from as Error & { all?: Error[] }).all ?? [], to] })],
    ["in maps within objects", (from, to, n) => Object.assign(from, { [`to${n}`]: { map: new Map([["error", to]]) } })],
  ];
  for (const [name, point] of WAYS) {
    test(`${name} take space for each pair, not for each way`, () => {
      const space = (count: number): number => serializer.serialize(tangle(count, point)).length;
      expect(space(20)).toBeLessThan(16 * 1.5 * space(5));
    });
  }

  test("each is there in full once, and with its name and message wherever else", () => {
    const cause = Object.assign(new TypeError("shared"), { code: 5 });
    const read = again(new AggregateError([cause, cause], "both", { cause })) as AggregateError;
    expect((read.cause as { code?: number }).code).toBe(5);
    expect(read.errors.map((error) => [error.name, error.message, error.code])).toEqual([
      ["TypeError", "shared", undefined],
      ["TypeError", "shared", undefined],
    ]);
  });

  test("beside one another each is there in full", () => {
    const error = Object.assign(new Error("e"), { code: 5 });
    for (const read of again([error, { error }, new Map([[1, error]]).get(1)]) as (typeof error | { error: typeof error })[]) {
      expect("error" in read ? read.error.code : read.code).toBe(5);
    }
  });

  test("one that was left out with what held it is in full where it fits", () => {
    const inner = Object.assign(new Error("inner"), { code: 5 });
    const read = again(Object.assign(new Error("outer"), { a: { inner, fn: () => 1 }, b: inner })) as {
      a?: unknown;
      b: typeof inner;
    };
    expect([read.a, read.b.code]).toEqual([undefined, 5]);
  });

  test("an error with more than can be stored keeps its text, in bounded time", () => {
    let shared: unknown = [() => 1];
    for (let level = 0; level < 40; level++) shared = [level < 39 ? [shared, shared] : 1, shared];
    const parts = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`p${n}`, { list: Array(900_000).fill(1), shared }]));
    const read = again(Object.assign(new Error("m"), parts, { code: 1 })) as Error;
    expect(read.message).toBe("m");
  });
});

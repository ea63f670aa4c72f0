import { describe, expect, test } from "bun:test";
import { isSpread, plainValue, spread, spreadItems, spreadOf } from "../../lib/serializer/spread.ts";

describe("spread", () => {
  test("is known by its mark and holds its items", () => {
    const value = spread(1, "a", undefined);
    expect(isSpread(value)).toBe(true);
    expect(spreadItems(value)).toEqual([1, "a", undefined]);
    expect(spreadItems(spreadOf([1]))).toEqual([1]);
  });
  test("nothing else is one", () => {
    for (const value of [undefined, null, 1, "a", [], {}, { items: [1] }, () => 1]) expect(isSpread(value)).toBe(false);
  });
  test("its items cannot be changed from outside", () => {
    const value = spread(1, 2);
    spreadItems(value).push(3);
    expect(spreadItems(value)).toEqual([1, 2]);
  });
  test("a mark without items is refused", () => {
    const value = { [Symbol.for("@hueyjs/huey.spread")]: "no list" };
    expect(() => spreadItems(value as never)).toThrow(TypeError);
  });
  test("a handle reads the plain array, and any other value as it is", () => {
    const value = { a: 1 };
    expect(plainValue(spread(1, 2))).toEqual([1, 2]);
    expect(plainValue(value)).toBe(value);
  });
});

/** How scripts are made: each of the functions that it uses, in an order in which Lua finds them, and of no others. */
import { describe, expect, test } from "bun:test";
import { script } from "../../storage/redis/lua/library.ts";

/** Names of what a script defines, in order. */
function definitionsOf(text: string): string[] {
  return Array.from(text.matchAll(/^(?:local )?function (\w+)/gm), ([, name]) => name!);
}

describe("a script", () => {
  test("has what it uses, and what that uses in front of it", () => {
    expect(definitionsOf(script("ringIfAny()").list.text)).toEqual(["call", "size", "ring", "ringIfAny"]);
  });

  test("has nothing for the key of a table that has the name of a function", () => {
    expect(definitionsOf(script("local keys = {bury = 1, size = size() == 0}").list.text)).toEqual(["call", "size"]);
  });

  test("that uses nothing has nothing", () => {
    const { text } = script("return redis.call('GET', P .. 'size')").list;
    expect(text.split("\n")).toEqual(["local P = KEYS[1]", "return redis.call('GET', P .. 'size')"]);
  });

  test("has the functions of its kind of queue", () => {
    const { list, sorted } = script("return size()");
    expect([list.text.includes("'LLEN'"), list.text.includes("'ZCARD'")]).toEqual([true, false]);
    expect([sorted.text.includes("'LLEN'"), sorted.text.includes("'ZCARD'")]).toEqual([false, true]);
    expect(list.digest).not.toBe(sorted.digest);
  });

  test("defines what is rare within one function, behind what it uses elsewhere", () => {
    const names = definitionsOf(script("add({{}, {}, {}}) rare().dropSteps('x')").list.text);
    expect(names.slice(-2)).toEqual(["rare", "dropSteps"]);
    expect(names.filter((name) => name === "call")).toHaveLength(1);
  });
});

import { describe, expect, test } from "bun:test";
import { checkKeys, nearest } from "../../lib/primitives/arguments.ts";
import { checkOptions, rule } from "../../lib/primitives/option_rules.ts";
import { failure } from "../helpers.ts";

const OPTIONS = ["retries", "retryDelay", "priority", "timeout", "workerType", "host", "ttl"];

describe("an unknown option", () => {
  test.each([
    ["retry", "retries"],
    ["retrys", "retries"],
    ["maxRetries", "retries"],
    ["retry_delay", "retryDelay"],
    ["delay", "retryDelay"],
    ["hosts", "host"],
    ["timeoutMs", "timeout"],
    ["time", "timeout"],
    ["ttlMs", "ttl"],
    ["worker-type", "workerType"],
    ["WORKERTYPE", "workerType"],
    ["proirity", "priority"],
  ])("%s suggests %s", (wrong, right) => {
    expect(nearest(wrong, OPTIONS)).toBe(right);
    expect(() => checkKeys({ [wrong]: 1 }, "A task", OPTIONS)).toThrow(
      `A task has no option "${wrong}": did you mean "${right}"?`,
    );
  });
  test.each(["colour", "x", "", "constructor"])('"%s" suggests nothing and names all', (wrong) => {
    expect(nearest(wrong, OPTIONS)).toBe(undefined);
    expect(() => checkKeys({ [wrong]: 1 }, "A task", OPTIONS)).toThrow(
      `A task has no option "${wrong}", the options are retries, retryDelay, priority, timeout, workerType, host, ttl`,
    );
  });
  test("where there are none says so", () => {
    expect(() => checkKeys({ x: 1 }, "A memory", [])).toThrow('A memory has no option "x": it takes none');
  });
});

test.each([
  ["5", "5"],
  [null, "null"],
  [undefined, "undefined"],
  [[], "[]"],
  [new Date(0), "1970"],
  [Promise.resolve({}), "a promise (await it)"],
  [new Map(), "Map"],
  [() => ({}), "function"],
])("%p is no object of options", (value, shown) => {
  expect(() => checkKeys(value, "A task", OPTIONS)).toThrow(/^A task takes an object of options: /);
  expect(() => checkKeys(value, "A task", OPTIONS)).toThrow(shown);
});

describe("a table of rules", () => {
  interface Options {
    on?: boolean;
    name?: string;
    names?: readonly string[];
    share?: number;
    count?: number;
    kind?: string;
    wait?: number;
  }
  const rules = {
    on: rule.boolean,
    name: rule.text,
    names: rule.texts,
    share: rule.number({ min: 0, max: 1 }),
    count: rule.whole({ min: 1 }),
    kind: rule.oneOf("a", "b"),
    wait: rule.duration({ positive: "it would end at once" }),
  };
  const check = (options: object) => checkOptions<Options>(options, "A thing", rules);

  test("takes what fits, and `undefined` for what is left out", () => {
    check({ on: true, name: "n", names: ["n"], share: 0.5, count: 1, kind: "a", wait: 0.1 });
    check(Object.fromEntries(Object.keys(rules).map((key) => [key, undefined])));
  });
  test.each([
    [{ on: "yes" }, 'on must be true or false: "yes"'],
    [{ on: null }, "on must be true or false: null"],
    [{ name: 5 }, "name must be a string: 5"],
    [{ name: "" }, "name must not be empty"],
    [{ names: "n" }, 'names must be a list of texts: "n"'],
    [{ names: [5] }, "Each of names must be a string: 5"],
    [{ share: 2 }, "share must be from 0 to 1: 2"],
    [{ count: "4" }, 'count must be a number: "4"'],
    [{ count: 1.5 }, "count must be a whole number: 1.5"],
    [{ count: 0 }, "count must be at least 1: 0"],
    [{ kind: "c" }, 'kind must be one of "a", "b": "c"'],
    [{ wait: 0 }, "wait must be more than 0: it would end at once"],
    [{ wait: -1 }, "wait must not be negative: -1"],
    [{ cuont: 1 }, 'A thing has no option "cuont": did you mean "count"?'],
  ])("refuses %j", async (options, message) => {
    const error = await failure(() => check(options));
    expect(error.message).toBe(message);
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
  });
});

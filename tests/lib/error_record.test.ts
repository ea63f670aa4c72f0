import { describe, expect, test } from "bun:test";
import { errorStack, errorText, hasReason, toError } from "../../lib/primitives/error_record.ts";

function fail(): never {
  throw new Error("read");
}
const hostile = Object.defineProperty(new Error("m"), "message", { get: fail });
const proxy = new Proxy(new Error("m"), { get: fail, getPrototypeOf: fail, has: fail, ownKeys: fail });
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();
const inspecting = { [Symbol.for("nodejs.util.inspect.custom")]: fail };

describe("errorText", () => {
  const TEXTS: [string, unknown, string][] = [
    ["an error", new TypeError("m"), "TypeError: m"],
    ["no message", new RangeError(), "RangeError"],
    ["text", "boom", "Error: boom"],
    ["a number", 5, "Error: 5"],
    ["undefined", undefined, "Error: undefined was thrown"],
    ["null", null, "Error: null"],
    ["an object", { a: 1 }, "Error: { a: 1 }"],
    ["like an error", { name: "Odd", message: "m" }, "Odd: m"],
    ["a symbol", Symbol("s"), "Error: Symbol(s)"],
    ["what fails when shown", inspecting, "Error: A value that cannot be shown was thrown"],
  ];
  for (const [name, thrown, text] of TEXTS) test(name, () => expect(errorText(thrown)).toBe(text));

  test("values that fight back", () => {
    for (const thrown of [hostile, proxy, revoked]) expect(errorText(thrown)).toMatch(/^Error: ./);
  });
});

describe("toError", () => {
  test("an error stays the same object", () => {
    const error = new TypeError("m");
    expect(toError(error)).toBe(error);
  });
  test("anything else becomes the cause", () => {
    const thrown = { a: 1 };
    expect(toError(thrown).cause).toBe(thrown);
    expect(toError("text").cause).toBe("text");
    expect(Object.hasOwn(toError(undefined), "cause")).toBe(false);
  });
  test("the result is an error that can be read", () => {
    for (const thrown of [hostile, proxy, revoked, inspecting, 1n, () => 1, Object.create(null)]) {
      const error = toError(thrown);
      expect(error).toBeInstanceOf(Error);
      expect(`${error.name}${error.message}${error.stack}`).toContain("Error");
    }
  });
});

describe("hasReason", () => {
  test("finds an error among the reasons of another, at any depth", () => {
    const error = new Error("it");
    expect(hasReason(new Error("m", { cause: new AggregateError([new Error("n"), error]) }), error)).toBe(true);
    expect(hasReason(new Error("m", { cause: new Error("n") }), error)).toBe(false);
    const loop = new Error("loop");
    loop.cause = loop;
    expect(hasReason(loop, error)).toBe(false);
  });
});

describe("errorStack", () => {
  test("has the stacks of the causes", () => {
    const error = new Error("outer", { cause: new TypeError("inner", { cause: { code: 5 } }) });
    const stack = errorStack(error);
    expect(stack).toContain("Error: outer");
    expect(stack).toContain("\nCaused by: TypeError: inner");
    expect(stack).toContain("error_record.test");
    expect(stack).toContain("\nCaused by: { code: 5 }");
  });
  test("ends at a loop", () => {
    const error = new Error("loop");
    error.cause = new Error("back", { cause: error });
    expect(errorStack(error).match(/Caused by/g)).toEqual(["Caused by"]);
  });
  test("has every error of several, and no more than one can read", () => {
    const several = new AggregateError([new Error("one"), "two", new AggregateError([new Error("three")])], "none");
    expect(errorStack(several)).toMatch(
      /none.*Reason 1 of 3: Error: one.*Reason 2 of 3: two.*Reason 3 of 3.*Reason 1 of 1: Error: three/s,
    );
    const many = new AggregateError(Array.from({ length: 10_000 }, (_, n) => new Error(`number ${n}`)));
    expect(errorStack(many).match(/Reason/g)!.length).toBeLessThan(100);
  });
  test("has both errors of one that was suppressed", () => {
    const error = Object.assign(new Error("both"), {
      name: "SuppressedError",
      error: new Error("later"),
      suppressed: new Error("first"),
    });
    expect(errorStack(error)).toMatch(/both.*Thrown last: Error: later.*Suppressed: Error: first/s);
    expect(errorStack(Object.assign(new Error("both"), { error: 5, suppressed: "text" }))).toMatch(
      /Thrown last: 5\nSuppressed: text/,
    );
    expect(errorStack(Object.assign(new Error("one"), { error: "code" }))).not.toContain("code");
  });
  test("lists that fight back", () => {
    const huge = Object.assign(new AggregateError([]), { errors: new Proxy([], { get: fail }) });
    expect(errorStack(huge)).toContain("AggregateError");
    let chain = new Error("end");
    for (let length = 0; length < 100_000; length++) chain = new Error("link", { cause: chain });
    expect(errorStack(chain)).toContain("more");
  });
  test("without a stack it is the text", () => {
    const error = new TypeError("m");
    Object.defineProperty(error, "stack", { value: undefined });
    expect(errorStack(error)).toBe("TypeError: m");
  });
});

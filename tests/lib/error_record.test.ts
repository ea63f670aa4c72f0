import { describe, expect, test } from "bun:test";
import { errorStack, errorText, toError } from "../../lib/error_record.ts";

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

describe("errorStack", () => {
  test("has the stacks of the causes", () => {
    const error = new Error("outer", { cause: new TypeError("inner", { cause: "text" }) });
    const stack = errorStack(error);
    expect(stack).toContain("Error: outer");
    expect(stack).toContain("\nCaused by: TypeError: inner");
    expect(stack).toContain("error_record.test");
    expect(stack).not.toContain("Caused by: text");
  });
  test("ends at a loop", () => {
    const error = new Error("loop");
    error.cause = new Error("back", { cause: error });
    expect(errorStack(error).match(/Caused by/g)).toEqual(["Caused by"]);
  });
  test("without a stack it is the text", () => {
    const error = new TypeError("m");
    Object.defineProperty(error, "stack", { value: undefined });
    expect(errorStack(error)).toBe("TypeError: m");
  });
});

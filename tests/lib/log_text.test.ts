import { describe, expect, test } from "bun:test";
import { registerSecret } from "../../lib/primitives/secrets.ts";
import { oneLine, showSafely, stackLines } from "../../lib/primitives/log_text.ts";

describe("oneLine()", () => {
  test("shows what would leave the line or steer the terminal", () => {
    const text = "a\nb\r\x1b[31m\x07\0\x7f\u009b\u2028\u202e\tend";
    expect(oneLine(text)).toBe("a\\nb\\r\\x1b[31m\\x07\\x00\\x7f\\x9b\\u2028\\u202e\\tend");
  });

  test("leaves every other text", () => {
    for (const text of ["plain", "ä é 日本 🙂", "50% {a} {{b}} \\n", ""]) expect(oneLine(text)).toBe(text);
  });
});

describe("stackLines()", () => {
  test("lets no line begin where those of the log do", () => {
    const error = new Error("no\n[2026-11-27 12:00:00,000] INFO:huey:MainThread:Task pay: 4711 executed\x1b[2J");
    const text = stackLines(error);
    expect(text.split("\n").filter((line) => !line.startsWith("  "))).toEqual([]);
    expect(text).toContain("INFO:huey:MainThread:Task pay: 4711 executed\\x1b[2J");
  });
});

describe("showSafely()", () => {
  test("shows any value", () => {
    const fights = { [Symbol.for("nodejs.util.inspect.custom")]: () => fail() };
    expect(showSafely({ a: [1n] })).toBe("{ a: [ 1n ] }");
    expect(showSafely(fights)).toBe("[a value that cannot be shown]");
  });

  test("cuts what is long", () => {
    expect(showSafely("x".repeat(20), 5)).toBe("xxxxx... (20 characters)");
    expect(showSafely([["x".repeat(1e6)]], 100).length).toBeLessThan(200);
  });
  test("hides a secret that the cut would halve", () => {
    registerSecret("open sesame at noon");
    const text = `${"x".repeat(90)}open sesame at noon${"y".repeat(5000)}`;
    for (const value of [text, [text]]) expect(showSafely(value, 100)).not.toContain("open");
  });
});

function fail(): never {
  throw new Error("looked at");
}

import { describe, expect, test } from "bun:test";
import { durationMs, instantMs, isInstant, optionalDurationMs } from "../../lib/primitives/time.ts";

describe("durationMs", () => {
  test("a bare number is seconds", () => {
    expect(durationMs(1.5, "delay")).toBe(1500);
    expect(durationMs(0, "delay")).toBe(0);
    expect(durationMs(0.0004, "delay")).toBe(0);
  });
  test("words", () => {
    expect(durationMs({ weeks: 1, days: 1, hours: 1, minutes: 1, seconds: 1, milliseconds: 1 }, "delay")).toBe(694_861_001);
    expect(durationMs({ minutes: 0.5 }, "delay")).toBe(30_000);
    expect(durationMs({ hours: 1, minutes: -30 }, "delay")).toBe(1_800_000);
  });
  test("units in getters of a prototype, as in Temporal.Duration", () => {
    class Duration {
      get minutes(): number {
        return 5;
      }
      get months(): number {
        return 0;
      }
    }
    expect(durationMs(new Duration(), "delay")).toBe(300_000);
  });
  test("negative only where allowed", () => {
    expect(durationMs(-5, "delay", { negative: true })).toBe(-5000);
    expect(() => durationMs(-5, "timeout")).toThrow("timeout must not be negative: -5");
    expect(() => durationMs({ seconds: -5 }, "timeout")).toThrow(RangeError);
  });
  test("not finite is a RangeError", () => {
    for (const value of [NaN, Infinity, -Infinity, { seconds: NaN }]) {
      expect(() => durationMs(value, "delay")).toThrow(RangeError);
    }
    expect(() => durationMs(NaN, "delay")).toThrow("delay must be finite: NaN");
  });
  test("milliseconds that were given for seconds are refused with a word about them", () => {
    expect(durationMs({ days: 36_525 }, "delay")).toBe(3_155_760_000_000);
    expect(() => durationMs(1_796_000_000_000, "delay")).toThrow(
      "delay must be at most 100 years: 1796000000000 seconds. A number means seconds: write { milliseconds: 1796000000000 } for " +
        "milliseconds, and a Date for a point in time",
    );
    expect(() => durationMs(-1e13, "delay", { negative: true })).toThrow(RangeError);
    expect(() => durationMs({ weeks: 6000 }, "grace")).toThrow('grace must be at most 100 years: {"weeks":6000}');
  });
  test("other types are a TypeError", () => {
    for (const value of ["5", null, undefined, true, [5], {}, { minute: 5 }, { seconds: "5" }, () => 5, new Date(5)]) {
      expect(() => durationMs(value as never, "delay")).toThrow(TypeError);
    }
    expect(() => durationMs({ minute: 5 } as never, "delay")).toThrow('delay has no unit "minute"');
    expect(() => durationMs({}, "delay")).toThrow("delay must name at least one unit");
  });
  test("units without a fixed length are refused", () => {
    expect(() => durationMs({ months: 1 } as never, "delay")).toThrow("delay must not use months, whose length varies");
    expect(() => durationMs({ years: 1, days: 1 } as never, "delay")).toThrow(RangeError);
  });
  test("optional", () => {
    expect(optionalDurationMs(undefined, "delay")).toBe(undefined);
    expect(optionalDurationMs(0, "delay")).toBe(0);
  });
});

describe("instantMs", () => {
  test("dates, and what has epochMilliseconds", () => {
    expect(instantMs(new Date(5), "eta")).toBe(5);
    expect(instantMs({ epochMilliseconds: 5.9 }, "eta")).toBe(5);
    expect(instantMs({ epochMilliseconds: -5 }, "eta")).toBe(-5);
  });
  test("an invalid date is a RangeError", () => {
    expect(() => instantMs(new Date(NaN), "eta")).toThrow("eta is not a valid date: Invalid Date");
    expect(() => instantMs({ epochMilliseconds: Infinity }, "eta")).toThrow(RangeError);
  });
  test("a bare number and other types are a TypeError", () => {
    for (const value of [5, "2026-01-01", null, undefined, {}, { epochMilliseconds: "5" }, { epochMilliseconds: 5n }]) {
      expect(() => instantMs(value as never, "eta")).toThrow(TypeError);
    }
    expect(() => instantMs(5 as never, "eta")).toThrow("eta must be a Date or an object with epochMilliseconds: 5");
  });
  test("instants and durations are told apart", () => {
    expect([new Date(), { epochMilliseconds: 5 }].map(isInstant)).toEqual([true, true]);
    expect([5, { seconds: 5 }, null, undefined, "x"].map(isInstant)).toEqual([false, false, false, false, false]);
  });
});

import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import fc from "fast-check";
import { every } from "../../lib/periodic/every.ts";

afterEach(() => setSystemTime());

describe("every", () => {
  test("slots are multiples of the interval since the epoch", () => {
    const schedule = every({ minutes: 5 });
    expect(schedule(new Date("2026-01-05T08:05:00Z"))).toBe(true);
    expect(schedule(new Date("2026-01-05T08:05:00.999Z"))).toBe(true);
    expect(schedule(new Date("2026-01-05T08:05:01Z"))).toBe(false);
    expect(schedule(new Date("2026-01-05T08:06:00Z"))).toBe(false);
  });

  test("next is later than the time given, by default now", () => {
    const schedule = every(10);
    expect(schedule.next(new Date("2026-01-05T08:00:00Z"))).toEqual(new Date("2026-01-05T08:00:10Z"));
    expect(schedule.next(new Date("2026-01-05T08:00:09.999Z"))).toEqual(new Date("2026-01-05T08:00:10Z"));
    expect(schedule.next({ epochMilliseconds: 1 })).toEqual(new Date(10_000));
    expect(schedule.next(new Date(-1))).toEqual(new Date(0));
    setSystemTime(new Date(25_000));
    expect(schedule.next()?.getTime()).toBe(30_000);
  });

  test("there is none after the end of time", () => {
    expect(every({ weeks: 1 }).next(new Date(8.64e15))).toBe(undefined);
  });

  test("a bare number is seconds, fractions are fine above one second", () => {
    const schedule = every(1.5);
    const matching = [0, 1, 2, 3, 4, 5, 6].filter((second) => schedule(new Date(second * 1000)));
    expect(matching).toEqual([0, 1, 3, 4, 6]);
  });

  test("next is the first slot that matches", () => {
    const moment = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(fc.property(fc.integer({ min: 1, max: 7200 }), moment, (seconds, afterMs) => {
      const schedule = every(seconds);
      const slotMs = schedule.next(new Date(afterMs))?.getTime() as number;
      expect(schedule(new Date(slotMs))).toBe(true);
      expect(slotMs).toBeGreaterThan(afterMs);
      expect(slotMs - afterMs).toBeLessThanOrEqual(seconds * 1000);
      expect(slotMs % (seconds * 1000)).toBe(0);
    }));
  });

  test("wrong intervals are refused", () => {
    expect(() => every(0.5)).toThrow("interval must be at least one second: 500 ms");
    expect(() => every(0)).toThrow(RangeError);
    expect(() => every(-5)).toThrow(RangeError);
    expect(() => every(NaN)).toThrow(RangeError);
    expect(() => every("5" as never)).toThrow(TypeError);
    expect(() => every(5)(new Date(NaN))).toThrow(RangeError);
  });
});

import { describe, expect, test } from "bun:test";
import { crontab } from "../../lib/periodic/crontab.ts";
import { every } from "../../lib/periodic/every.ts";
import type { Periodic } from "../../lib/task/registry.ts";
import { latestSlots, nextSlot, slotsBetween } from "../../lib/periodic/slots.ts";
import type { Schedule } from "../../lib/types/definition.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Noon, UTC. */
const NOON = Date.UTC(2026, 0, 5, 12);

function periodic(schedule: Schedule): Periodic {
  return { schedule, missed: "all", missedWindowMs: DAY };
}

describe("slots", () => {
  test("of a crontab, an interval and a plain predicate", () => {
    const even = (date: Date): boolean => date.getUTCMinutes() % 2 === 0;
    expect(slotsBetween(periodic(crontab("*/20 * * * *")), NOON, NOON + HOUR, "UTC")).toEqual(
      [20, 40, 60].map((at) => NOON + at * MINUTE),
    );
    expect(slotsBetween(periodic(every(30)), NOON - 1, NOON + MINUTE, "UTC")).toEqual([
      NOON,
      NOON + 30 * SECOND,
      NOON + MINUTE,
    ]);
    expect(slotsBetween(periodic(even), NOON - 1, NOON + 4 * MINUTE, "UTC")).toEqual([
      NOON,
      NOON + 2 * MINUTE,
      NOON + 4 * MINUTE,
    ]);
    expect(slotsBetween(periodic(even), NOON, NOON, "UTC")).toEqual([]);
    expect(slotsBetween(periodic(even), NOON + HOUR, NOON, "UTC")).toEqual([]);
  });
  test("a plain predicate is asked once for each clock minute, with the zone", () => {
    const asked: unknown[] = [];
    const schedule: Schedule = (date, zone) => asked.push([date.getTime(), zone]) < 0;
    slotsBetween(periodic(schedule), NOON - 1, NOON + MINUTE + 1, "Asia/Tokyo");
    expect(asked).toEqual([[NOON, "Asia/Tokyo"], [NOON + MINUTE, "Asia/Tokyo"]]);
  });
  test("the zone is handed to crontabs without one", () => {
    const noonThere = crontab("0 12 * * *");
    expect(nextSlot(periodic(noonThere), NOON, "Asia/Tokyo")).toBe(NOON + 15 * HOUR);
    expect(nextSlot(periodic(noonThere), NOON, "UTC")).toBe(NOON + DAY);
    expect(nextSlot(periodic(() => false), NOON + 1, "UTC")).toBe(NOON + MINUTE);
    expect(nextSlot(periodic(every(10)), 8.64e15, "UTC")).toBe(undefined);
  });
});

describe("the latest slots", () => {
  test("are those of the whole stretch, where they are few enough", () => {
    for (const schedule of [crontab("*/20 * * * *"), every(30), (date: Date) => date.getUTCMinutes() % 7 === 0]) {
      const all = slotsBetween(periodic(schedule), NOON, NOON + 5 * HOUR, "UTC");
      expect(latestSlots(periodic(schedule), NOON, NOON + 5 * HOUR, 1000, "UTC")).toEqual(all);
      expect(latestSlots(periodic(schedule), NOON, NOON + 5 * HOUR, 3, "UTC")).toEqual(all.slice(-3));
    }
  });

  test("are found without a look at twenty years", () => {
    let looks = 0;
    const hourly = every({ hours: 1 });
    const counted = Object.assign((date: Date) => hourly(date), {
      next: (after: Date) => {
        looks++;
        return hourly.next(after);
      },
    });
    const toMs = NOON + 20 * 365 * DAY;
    expect(latestSlots(periodic(counted as Schedule), NOON, toMs, 1, "UTC")).toEqual([toMs]);
    expect(looks).toBeLessThan(10);
  });

  test("of a predicate that never agrees are looked for in the last seventy days", () => {
    let questions = 0;
    const never: Schedule = () => ++questions < 0;
    expect(latestSlots(periodic(never), NOON, NOON + 20 * 365 * DAY, 1, "UTC")).toEqual([]);
    expect(questions).toBe(100_000);
  });

  test("are none in an empty stretch, and in one that ends before it begins", () => {
    expect(latestSlots(periodic(every(1)), NOON, NOON, 5, "UTC")).toEqual([]);
    expect(latestSlots(periodic(every(1)), NOON + HOUR, NOON, 5, "UTC")).toEqual([]);
  });
});

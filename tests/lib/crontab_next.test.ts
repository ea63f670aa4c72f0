import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import fc from "fast-check";
import { type CronFields, type CronSchedule, crontab } from "../../lib/periodic/crontab.ts";
import { limitMs, size } from "../sizes.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

afterEach(() => setSystemTime());

/** The next `count` times, as ISO texts without seconds. */
function times(schedule: CronSchedule, after: string, count: number): string[] {
  const found: string[] = [];
  let date: Date | undefined = new Date(after);
  while (found.length < count && (date = schedule.next(date)) !== undefined) found.push(date.toISOString().slice(0, 16) + "Z");
  return found;
}

describe("next", () => {
  test("is a later minute, by default after now", () => {
    const schedule = crontab("* * * * *");
    expect(schedule.next(new Date("2026-01-01T00:00:00Z"))).toEqual(new Date("2026-01-01T00:01Z"));
    expect(schedule.next(new Date("2026-01-01T00:00:59.999Z"))).toEqual(new Date("2026-01-01T00:01Z"));
    expect(schedule.next({ epochMilliseconds: -1 })).toEqual(new Date(0));
    setSystemTime(new Date("2026-03-01T12:34:56Z"));
    expect(schedule.next()?.toISOString()).toBe("2026-03-01T12:35:00.000Z");
  });
  test("goes over the ends of months and years", () => {
    expect(times(crontab("0 0 31 * *"), "2026-01-31T00:00Z", 3)).toEqual([
      "2026-03-31T00:00Z",
      "2026-05-31T00:00Z",
      "2026-07-31T00:00Z",
    ]);
    expect(times(crontab("59 23 31 12 *"), "2026-12-31T23:59Z", 1)).toEqual(["2027-12-31T23:59Z"]);
  });
  test("29 February on a given weekday may be 40 years away", () => {
    expect(times(crontab("0 0 29 2 MON"), "2072-01-01T00:00Z", 3)).toEqual([
      "2072-02-29T00:00Z",
      "2112-02-29T00:00Z",
      "2140-02-29T00:00Z",
    ]);
  });
  test("ends with time itself", () => {
    expect(crontab("* * * * *").next(new Date(8.64e15))).toBe(undefined);
    expect(crontab("0 0 29 2 *").next(new Date(8.64e15 - DAY_MS))).toBe(undefined);
    expect(crontab("* * * * *", { timeZone: "Asia/Tokyo" }).next(new Date(8.64e15))).toBe(undefined);
  });
  test("uses the zone given only when the crontab has none", () => {
    const after = new Date("2026-01-01T00:00Z");
    expect(crontab("0 0 * * *").next(after, "Asia/Tokyo")).toEqual(new Date("2026-01-01T15:00Z"));
    expect(crontab("0 0 * * *", { timeZone: "UTC" }).next(after, "Asia/Tokyo")).toEqual(new Date("2026-01-02T00:00Z"));
    expect(crontab("0 9 * * *")(new Date("2026-01-01T00:00Z"), "Asia/Tokyo")).toBe(true);
  });
});

describe("clock changes: minutes left out do not match, minutes shown twice match twice", () => {
  test("Europe/Berlin forward: 2:00 becomes 3:00 on 29 March 2026", () => {
    expect(times(crontab("30 2 * * *", { timeZone: "Europe/Berlin" }), "2026-03-27T12:00Z", 2)).toEqual([
      "2026-03-28T01:30Z",
      "2026-03-30T00:30Z",
    ]);
    expect(times(crontab("*/30 1-3 29 3 *", { timeZone: "Europe/Berlin" }), "2026-03-28T12:00Z", 4)).toEqual([
      "2026-03-29T00:00Z",
      "2026-03-29T00:30Z",
      "2026-03-29T01:00Z",
      "2026-03-29T01:30Z",
    ]);
  });
  test("Europe/Berlin back: 3:00 becomes 2:00 on 25 October 2026", () => {
    expect(times(crontab("30 2 * * *", { timeZone: "Europe/Berlin" }), "2026-10-24T12:00Z", 3)).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-25T01:30Z",
      "2026-10-26T01:30Z",
    ]);
  });
  test("America/New_York", () => {
    const schedule = crontab("15,45 1-2 * * *", { timeZone: "America/New_York" });
    expect(times(schedule, "2026-03-08T05:00Z", 4)).toEqual([
      "2026-03-08T06:15Z",
      "2026-03-08T06:45Z",
      "2026-03-09T05:15Z",
      "2026-03-09T05:45Z",
    ]);
    expect(times(schedule, "2026-11-01T05:00Z", 6)).toEqual([
      "2026-11-01T05:15Z",
      "2026-11-01T05:45Z",
      "2026-11-01T06:15Z",
      "2026-11-01T06:45Z",
      "2026-11-01T07:15Z",
      "2026-11-01T07:45Z",
    ]);
  });
  test("Australia/Lord_Howe: half an hour", () => {
    const schedule = crontab("*/15 1-2 * * *", { timeZone: "Australia/Lord_Howe" });
    // Back on 5 April 2026: 2:00 (+11:00) becomes 1:30 (+10:30).
    expect(times(schedule, "2026-04-04T13:59Z", 10)).toEqual([
      "2026-04-04T14:00Z",
      "2026-04-04T14:15Z",
      "2026-04-04T14:30Z",
      "2026-04-04T14:45Z",
      "2026-04-04T15:00Z",
      "2026-04-04T15:15Z",
      "2026-04-04T15:30Z",
      "2026-04-04T15:45Z",
      "2026-04-04T16:00Z",
      "2026-04-04T16:15Z",
    ]);
    // Forward on 4 October 2026: 2:00 (+10:30) becomes 2:30 (+11:00).
    expect(times(schedule, "2026-10-03T14:29Z", 6)).toEqual([
      "2026-10-03T14:30Z",
      "2026-10-03T14:45Z",
      "2026-10-03T15:00Z",
      "2026-10-03T15:15Z",
      "2026-10-03T15:30Z",
      "2026-10-03T15:45Z",
    ]);
  });
  test("Pacific/Apia left out a whole day, 30 December 2011", () => {
    expect(times(crontab("0 12 * * *", { timeZone: "Pacific/Apia" }), "2011-12-29T12:00Z", 2)).toEqual([
      "2011-12-29T22:00Z",
      "2011-12-30T22:00Z",
    ]);
  });
  test("America/St_Johns went back over midnight: 0:01 became 23:01 on 30 October 2005", () => {
    expect(times(crontab("0,30 0,23 * * *", { timeZone: "America/St_Johns" }), "2005-10-30T01:29Z", 6)).toEqual([
      "2005-10-30T01:30Z",
      "2005-10-30T02:00Z",
      "2005-10-30T02:30Z",
      "2005-10-30T03:00Z",
      "2005-10-30T03:30Z",
      "2005-10-30T04:00Z",
    ]);
  });
  test("midnight that does not exist: America/Santiago, 6 September 2026", () => {
    expect(times(crontab("0 0 * * *", { timeZone: "America/Santiago" }), "2026-09-05T00:00Z", 2)).toEqual([
      "2026-09-05T04:00Z",
      "2026-09-07T03:00Z",
    ]);
  });
});

describe("next is the first minute that matches, as counted minute by minute", () => {
  /** The wall clock, read in another way than the library reads it. */
  const formats = new Map<string, Intl.DateTimeFormat>();
  function wallOf(ms: number, timeZone: string): [minute: number, hour: number, day: number, month: number, dayOfWeek: number] {
    let format = formats.get(timeZone);
    if (format === undefined) {
      formats.set(timeZone, format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }));
    }
    const wall = new Date(`${format.format(ms).replace(" ", "T")}Z`);
    return [wall.getUTCMinutes(), wall.getUTCHours(), wall.getUTCDate(), wall.getUTCMonth() + 1, wall.getUTCDay()];
  }
  const list = (max: number, min = 0): fc.Arbitrary<number[] | undefined> =>
    fc.option(fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 }), { nil: undefined });
  const zone = fc.constantFrom(
    ...[
      "UTC",
      "Europe/Berlin",
      "America/New_York",
      "Australia/Lord_Howe",
      "Pacific/Apia",
      "America/St_Johns",
      "Asia/Kathmandu",
    ],
  );
  // Within hours of clock changes, in half of the cases: St John's changed at a minute past midnight, Apia left out a day.
  const change = fc.constantFrom(
    ...["2026-03-29T01:00Z", "2026-10-25T01:00Z", "2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-04-04T15:00Z"],
    ...["2026-10-03T15:30Z", "2011-12-30T10:00Z", "2005-10-30T02:31Z", "2005-04-03T03:31Z"],
  ).chain((at) => fc.integer({ min: -1500, max: 300 }).map((minutes) => Date.parse(at) + minutes * MINUTE_MS));
  const moment = fc.oneof(change, fc.integer({ min: 0, max: Date.UTC(2040, 0) }));

  test("for random crontabs, zones and times", () => {
    fc.assert(
      fc.property(list(59), list(23), list(6), zone, moment, (minute, hour, dayOfWeek, timeZone, afterMs) => {
        const lists = [minute, hour, undefined, undefined, dayOfWeek];
        const fields: CronFields = Object.fromEntries(
          (["minute", "hour", "day", "month", "dayOfWeek"] as const).map((name, index) => [name, lists[index]?.join(",")]),
        );
        const schedule = crontab({ ...fields, timeZone });
        const foundMs = schedule.next(new Date(afterMs))?.getTime() as number;
        const limitMs = Math.min(foundMs, afterMs + 3 * DAY_MS);
        for (let ms = (Math.floor(afterMs / MINUTE_MS) + 1) * MINUTE_MS; ms <= limitMs; ms += MINUTE_MS) {
          const wall = wallOf(ms, timeZone);
          const expected = lists.every((values, index) => values?.includes(wall[index] as number) ?? true);
          if (expected !== (ms === foundMs) || expected !== schedule(new Date(ms))) return false;
        }
        return true;
      }),
      { numRuns: size(150, 2000) },
    );
  }, limitMs(60_000));
});

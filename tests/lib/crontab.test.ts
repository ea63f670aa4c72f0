import { describe, expect, test } from "bun:test";
import { type CronFields, crontab } from "../../lib/periodic/crontab.ts";
import { ConfigurationError } from "../../lib/errors.ts";

/** Values of a field that match, each asked at a date where only that field is restricted. */
function minutes(minute: string | number): number[] {
  const schedule = crontab({ minute });
  return Array.from({ length: 60 }, (_, at) => at).filter((at) => schedule(new Date(Date.UTC(2026, 0, 1, 0, at))));
}
function hours(hour: string | number): number[] {
  const schedule = crontab({ hour });
  return Array.from({ length: 24 }, (_, at) => at).filter((at) => schedule(new Date(Date.UTC(2026, 0, 1, at))));
}
function days(day: string | number): number[] {
  const schedule = crontab({ day });
  return Array.from({ length: 31 }, (_, at) => at + 1).filter((at) => schedule(new Date(Date.UTC(2026, 0, at))));
}
function months(month: string | number): number[] {
  const schedule = crontab({ month });
  return Array.from({ length: 12 }, (_, at) => at + 1).filter((at) => schedule(new Date(Date.UTC(2026, at - 1, 1))));
}
/** 4 January 2026 is a Sunday. */
function weekdays(dayOfWeek: string | number): number[] {
  const schedule = crontab({ dayOfWeek });
  return Array.from({ length: 7 }, (_, at) => at).filter((at) => schedule(new Date(Date.UTC(2026, 0, 4 + at))));
}
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe("what matches", () => {
  test("minutes", () => {
    expect(minutes("*")).toEqual(range(0, 59));
    expect(minutes(5)).toEqual([5]);
    expect(minutes("05")).toEqual([5]);
    expect(minutes("5-10")).toEqual(range(5, 10));
    expect(minutes("7-7")).toEqual([7]);
    expect(minutes("1,2, 3 ,  30-32")).toEqual([1, 2, 3, 30, 31, 32]);
    expect(minutes("*/15,3")).toEqual([0, 3, 15, 30, 45]);
    expect(minutes("*/7")).toEqual([0, 7, 14, 21, 28, 35, 42, 49, 56]);
    expect(minutes("0-10/2")).toEqual([0, 2, 4, 6, 8, 10]);
    expect(minutes("10-20/5")).toEqual([10, 15, 20]);
    expect(minutes("1-10/4,*/30")).toEqual([0, 1, 5, 9, 30]);
  });
  test("a step past the range leaves its start", () => {
    expect(minutes("*/60")).toEqual([0]);
    expect(minutes("*/100")).toEqual([0]);
    expect(minutes("20-25/9")).toEqual([20]);
  });
  test("hours, days, months", () => {
    expect(hours("*/8")).toEqual([0, 8, 16]);
    expect(hours("22-23,0-1")).toEqual([0, 1, 22, 23]);
    expect(days("*/10")).toEqual([1, 11, 21, 31]);
    expect(days(31)).toEqual([31]);
    expect(months("*/3")).toEqual([1, 4, 7, 10]);
    expect(months("JAN,mar-May,12")).toEqual([1, 3, 4, 5, 12]);
    expect(months("feb-DEC/5")).toEqual([2, 7, 12]);
  });
  test("weekdays", () => {
    const EXPECTED: [string | number, number[]][] = [
      ["*", range(0, 6)],
      ["0", [0]],
      ["7", [0]],
      [7, [0]],
      ["0,7", [0]],
      ["7-7", [0]],
      ["0-0", [0]],
      ["7-0", [0]],
      ["1-5", range(1, 5)],
      ["0-6", range(0, 6)],
      ["0-7", range(0, 6)],
      ["1-7", range(0, 6)],
      ["5-7", [0, 5, 6]],
      ["6-7", [0, 6]],
      ["7-2", [0, 1, 2]],
      ["7-6", range(0, 6)],
      ["*/2", [0, 2, 4, 6]],
      ["1-7/2", [0, 1, 3, 5]],
      ["7-4/2", [0, 2, 4]],
      ["MON-fri", range(1, 5)],
      ["sun", [0]],
      ["SUN-TUE", [0, 1, 2]],
      ["FRI-SUN", [0, 5, 6]],
      ["SUN-SUN", [0]],
      ["Mon-Fri/2, sun", [0, 1, 3, 5]],
    ];
    for (const [field, expected] of EXPECTED) expect([field, weekdays(field)]).toEqual([field, expected]);
  });
  test("all fields must match, day and weekday too", () => {
    const friday13 = crontab({ minute: 0, hour: 0, day: 13, dayOfWeek: "FRI" });
    expect(friday13.next(new Date("2026-01-01T00:00Z"))).toEqual(new Date("2026-02-13T00:00Z"));
    expect(friday13(new Date("2026-02-13T00:00Z"))).toBe(true);
    expect(friday13(new Date("2026-02-13T00:01Z"))).toBe(false);
    expect(friday13(new Date("2026-02-20T00:00Z"))).toBe(false);
    expect(friday13(new Date("2026-01-13T00:00Z"))).toBe(false);
  });
  test("seconds do not count", () => {
    expect(crontab({ minute: 5 })(new Date("2026-01-01T00:05:59.999Z"))).toBe(true);
  });
  test("an expression is the five fields in order", () => {
    for (const text of ["30 4 1,15 JAN mon-fri", "  30\t4  1, 15 jan MON-FRI ", "30 4 1 , 15 1 1-5"]) {
      const next = crontab(text).next(new Date("2026-01-01T05:00Z"));
      expect([text, next]).toEqual([text, new Date("2026-01-15T04:30Z")]);
    }
  });
  test("hourly and daily", () => {
    const after = new Date("2026-01-01T05:30Z");
    expect(crontab.hourly().next(after)).toEqual(new Date("2026-01-01T06:00Z"));
    expect(crontab.hourly({ minute: "5" }).next(after)).toEqual(new Date("2026-01-01T06:05Z"));
    expect(crontab.daily().next(after)).toEqual(new Date("2026-01-02T00:00Z"));
    expect(crontab.daily({ hour: 3, timeZone: "Asia/Tokyo" }).next(after)).toEqual(new Date("2026-01-01T18:00Z"));
    expect(crontab.daily({ dayOfWeek: "SUN", minute: undefined }).next(after)).toEqual(new Date("2026-01-04T00:00Z"));
  });
});

describe("refused when it is built", () => {
  const REFUSED: [CronFields, string][] = [
    [{ minute: "60" }, 'crontab minute "60" is out of range 0-59'],
    [{ minute: "*,70" }, 'crontab minute "70" is out of range 0-59'],
    [{ minute: "0-60" }, 'crontab minute "0-60" is out of range 0-59'],
    [{ hour: 24 }, 'crontab hour "24" is out of range 0-23'],
    [{ day: 0 }, 'crontab day "0" is out of range 1-31'],
    [{ month: 13 }, 'crontab month "13" is out of range 1-12'],
    [{ dayOfWeek: "08" }, 'crontab dayOfWeek "08" is out of range 0-7'],
    [{ minute: "" }, 'crontab minute "" is empty'],
    [{ minute: "5," }, 'crontab minute "" is empty'],
    [{ minute: "," }, 'crontab minute "" is empty'],
    [{ minute: "10-5" }, 'crontab minute "10-5" is a reversed range'],
    [{ dayOfWeek: "6-1" }, 'crontab dayOfWeek "6-1" is a reversed range'],
    [{ dayOfWeek: "5-0" }, 'crontab dayOfWeek "5-0" is a reversed range'],
    [{ dayOfWeek: "SAT-MON" }, 'crontab dayOfWeek "SAT-MON" is a reversed range'],
    [{ minute: "5/2" }, 'crontab minute "5/2" has a step without a range, write 5-59/2'],
    [{ minute: "*/0" }, 'crontab minute "*/0" has a step of 0'],
    [{ minute: "MON" }, 'crontab minute "MON" has the unknown name "MON", it takes no names'],
    [{ month: "MON" }, 'crontab month "MON" has the unknown name "MON", its names are JAN, FEB'],
    [{ dayOfWeek: "MONDAY" }, 'crontab dayOfWeek "MONDAY" has the unknown name "MONDAY"'],
    [{ day: "30", month: 2 }, 'crontab day "30" of month 2 can never match: no such date'],
    [{ day: 31, month: "FEB,APR,6,9,11" }, "can never match"],
  ];
  for (const [fields, message] of REFUSED) {
    test(JSON.stringify(fields), () => {
      expect(() => crontab(fields)).toThrow(RangeError);
      expect(() => crontab(fields)).toThrow(message);
    });
  }

  test("what is not understood", () => {
    const pieces = [
      "1-",
      "-5",
      "*/",
      "*/x",
      "5.5",
      "*abc",
      "*/5abc",
      "5-10abc",
      "10-20-30",
      "*/5-10",
      "*-5",
      "1 - 5",
      "1 2",
      "?",
      "5#2",
      "٥",
      "+5",
    ];
    for (const minute of pieces) expect(() => crontab({ minute })).toThrow(RangeError);
    for (const minute of [-1, 5.5, NaN, Infinity, 1e21]) expect(() => crontab({ minute })).toThrow(RangeError);
    for (const day of ["L", "W", "15W", "LW"]) expect(() => crontab({ day })).toThrow(RangeError);
  });
  test("what can match, though rarely, is taken", () => {
    expect(crontab({ day: 29, month: 2 }).next(new Date("2026-01-01T00:00Z"))).toEqual(new Date("2028-02-29T00:00Z"));
    expect(crontab({ day: "30,31", month: "FEB-MAR" }).next(new Date("2026-01-01T00:00Z"))).toEqual(
      new Date("2026-03-30T00:00Z"),
    );
  });
  test("other types", () => {
    for (const minute of [null, true, {}, [5], 5n, () => 5]) {
      expect(() => crontab({ minute: minute as never })).toThrow(TypeError);
    }
    for (const input of [undefined, null, 5, ["*"]]) expect(() => crontab(input as never)).toThrow(TypeError);
    expect(() => crontab({ dow: "1" } as never)).toThrow(
      'crontab has no field "dow", the fields are minute, hour, day, month, dayOfWeek, timeZone, strict',
    );
    expect(() => crontab("* * * * *", { minute: 5 } as never)).toThrow('crontab has no option "minute"');
  });
  test("expressions", () => {
    for (const text of ["", "*", "* * * *", "* * * * * *", "0 0 31 2 *", "* * * * 8"]) {
      expect(() => crontab(text)).toThrow(RangeError);
    }
    expect(() => crontab("0 * * * * *")).toThrow(
      'crontab needs 5 fields "minute hour day month dayOfWeek", not 6: "0 * * * * *"',
    );
    expect(() => crontab("@hourly")).toThrow("use crontab.hourly(), crontab.daily() or fields");
  });
  test("zones", () => {
    expect(() => crontab({}, { timeZone: "Mars/Olympus" })).toThrow('There is no time zone "Mars/Olympus"');
    expect(() => crontab({ timeZone: "" })).toThrow(RangeError);
    expect(() => crontab({ timeZone: 5 as never })).toThrow(TypeError);
    expect(() => crontab({ timeZone: "UTC" }, { timeZone: "Asia/Tokyo" })).toThrow(ConfigurationError);
    expect(crontab({ timeZone: "UTC" }, { timeZone: "UTC", strict: true }).next(new Date(0))).toEqual(new Date(60_000));
  });
  test("dates", () => {
    expect(() => crontab({})(new Date(NaN))).toThrow(RangeError);
    expect(() => crontab({}).next(5 as never)).toThrow(TypeError);
    expect(() => crontab({})(new Date(), "Mars/Olympus")).toThrow(RangeError);
  });
});

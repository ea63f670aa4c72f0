/**
 * Schedules in words.
 * @module
 */
import { duration } from "./format.ts";

const DAYS = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays"];
const MONTHS = [
  "",
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/**
 * A schedule in words, where it is a common one.
 *
 * @param schedule As `huey.periodic()` tells it, such as `0 8 * * 1-5 (Europe/Berlin)`.
 * @returns The words; the schedule itself for what is too special for words
 */
export function inWords(schedule: string): string {
  const interval = /^every (\d+(?:\.\d+)?) s$/.exec(schedule);
  if (interval !== null) return `every ${duration(Number(interval[1]))}`;
  const found = /^(\S+) (\S+) (\S+) (\S+) (\S+)( \(.+\))?$/.exec(schedule);
  if (found === null) return schedule;
  const [, minute = "", hour = "", day = "", month = "", weekday = "", zone = ""] = found;
  const time = timeWords(minute, hour);
  const date = dateWords(day, month, weekday);
  return time === undefined || date === undefined ? schedule : `${joined(time, date)}${zone}`;
}

function joined(time: string, date: string): string {
  if (date === "") return time.startsWith("at ") ? `every day ${time}` : time;
  return time.startsWith("at ") ? `${date} ${time}` : `${time}, ${date}`;
}

function timeWords(minute: string, hour: string): string | undefined {
  const everyMinute = everyOf(minute);
  const everyHour = everyOf(hour);
  if (everyMinute !== undefined && hour === "*") return everyMinute === 1 ? "every minute" : `every ${everyMinute} minutes`;
  if (!/^\d+$/.test(minute)) return undefined;
  if (everyHour !== undefined) {
    const past = minute === "0" ? "" : ` at minute ${minute}`;
    return everyHour === 1 ? `every hour${past}` : `every ${everyHour} hours${past}`;
  }
  if (!/^\d+(,\d+)*$/.test(hour)) return undefined;
  return `at ${hour.split(",").map((each) => `${each}:${minute.padStart(2, "0")}`).join(" and ")}`;
}

function dateWords(day: string, month: string, weekday: string): string | undefined {
  if (day === "*" && month === "*" && weekday === "*") return "";
  if (day === "*" && month === "*") return weekdayWords(weekday);
  if (weekday !== "*" || !/^\d+$/.test(day)) return undefined;
  if (month === "*") return `on day ${day} of the month`;
  return /^\d+$/.test(month) && MONTHS[Number(month)] ? `on ${day} ${MONTHS[Number(month)]}` : undefined;
}

function weekdayWords(weekday: string): string | undefined {
  if (weekday === "1-5") return "weekdays";
  if (weekday === "0,6" || weekday === "6,0" || weekday === "6,7") return "weekends";
  const days = weekday.split(",").map((each) => /^[0-7]$/.test(each) ? DAYS[Number(each)] : undefined);
  return days.includes(undefined) ? undefined : days.join(" and ");
}

/** The number in `*` and in a star with a step. */
function everyOf(field: string): number | undefined {
  if (field === "*") return 1;
  const found = /^\*\/(\d+)$/.exec(field);
  return found === null ? undefined : Number(found[1]);
}

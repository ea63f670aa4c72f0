/**
 * The slots of a periodic task: the times at which it is to run.
 * @module
 */
import type { Periodic } from "../task/registry.ts";
import { type Instant, MINUTE_MS } from "../primitives/time.ts";
import type { Schedule } from "../types/definition.ts";

/** Most clock minutes about which a predicate is asked at once: some 70 days. */
const MOST_QUESTIONS = 100_000;

/** `crontab` and `every` tell their slots; so may a predicate of the application. */
export type Foresight = Schedule & { next(after: Instant, defaultTimeZone: string): Date | undefined };

/**
 * The first moment at which a task may run.
 *
 * @param periodic Its schedule.
 * @param afterMs Later than this.
 * @param defaultTimeZone Zone of crontabs that name none.
 * @returns The slot, or for a plain predicate the next clock minute, which it may then refuse; `undefined`: never.
 */
export function nextSlot(periodic: Periodic, afterMs: number, defaultTimeZone: string): number | undefined {
  if (!hasForesight(periodic.schedule)) return (Math.floor(afterMs / MINUTE_MS) + 1) * MINUTE_MS;
  return periodic.schedule.next(new Date(afterMs), defaultTimeZone)?.getTime();
}

/**
 * The slots of a task in a stretch of time. A plain predicate is asked once for each clock minute in it.
 *
 * @param periodic Its schedule.
 * @param fromMs Later than this.
 * @param toMs Not later than this.
 * @param defaultTimeZone Zone of crontabs that name none.
 * @returns The slots, ascending.
 */
export function slotsBetween(periodic: Periodic, fromMs: number, toMs: number, defaultTimeZone: string): number[] {
  const { schedule } = periodic;
  const slots: number[] = [];
  let slotMs = nextSlot(periodic, fromMs, defaultTimeZone);
  while (slotMs !== undefined && slotMs <= toMs) {
    if (hasForesight(schedule) || schedule(new Date(slotMs), defaultTimeZone)) slots.push(slotMs);
    slotMs = nextSlot(periodic, slotMs, defaultTimeZone);
  }
  return slots;
}

/**
 * The latest slots of a task in a stretch of time, found from its end, so that it costs no more for a stretch of many years.
 *
 * @param periodic Its schedule. A plain predicate is asked about the last 70 days at most.
 * @param fromMs Later than this.
 * @param toMs Not later than this.
 * @param most How many.
 * @param defaultTimeZone Zone of crontabs that name none.
 * @returns The slots, ascending.
 */
export function latestSlots(
  periodic: Periodic,
  fromMs: number,
  toMs: number,
  most: number,
  defaultTimeZone: string,
): number[] {
  const startMs = hasForesight(periodic.schedule) ? fromMs : Math.max(fromMs, toMs - MOST_QUESTIONS * MINUTE_MS);
  let slots: number[] = [];
  let spanMs = MINUTE_MS;
  for (let untilMs = toMs; untilMs > startMs && slots.length < most; spanMs *= 2) {
    const sinceMs = Math.max(startMs, untilMs - spanMs);
    slots = [...slotsBetween(periodic, sinceMs, untilMs, defaultTimeZone), ...slots];
    untilMs = sinceMs;
  }
  return slots.slice(-most);
}

/** Whether a schedule can tell its slots before they come. */
export function hasForesight(schedule: Schedule): schedule is Foresight {
  return typeof (schedule as Partial<Foresight>).next === "function";
}

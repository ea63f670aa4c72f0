/**
 * The wall clock of the process, stopped, for the few tests whose subject are real timers while the time of day stands still: a Huey of
 * the kit has timers that stand still with its clock.
 * @module
 */
import { setSystemTime } from "bun:test";
import { NOON } from "./helpers.ts";

/** Stops the wall clock. */
export function stopClock(atMs: number = NOON): void {
  setSystemTime(new Date(atMs));
}

/** Moves the stopped clock. */
export function advance(seconds: number): void {
  setSystemTime(new Date(Date.now() + seconds * 1000));
}

/** The real clock again. */
export function startClock(): void {
  setSystemTime();
}

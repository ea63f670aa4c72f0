/**
 * Tasks and times as rows: for programs with the names of `TaskInfo`, for people in a few columns.
 * @module
 */
import { showLength } from "../../lib/operation/words.ts";
import { showSafely } from "../../lib/primitives/log_text.ts";
import { beginningOf } from "../../lib/primitives/secrets.ts";
import type { TaskInfo } from "../../lib/types/calling.ts";
import type { Column } from "./printer.ts";

/** Longest text of arguments in a table. */
const LONGEST_ARGUMENTS = 200;

/** The properties of a task as an object of its own: those of an invocation are getters. */
export function taskRecord<T extends TaskInfo>(task: T, more: readonly (keyof T)[] = []): TaskInfo {
  const names: readonly (keyof T)[] = [
    ...(["id", "name", "args", "eta", "retries", "retryDelay", "retryBackoff", "priority"] as const),
    ...(["expires", "expiresAt", "timeout", "meta", "enqueuedAt"] as const),
    ...more,
  ];
  // An object made of entries has no type that tells its keys.
  return Object.fromEntries(names.map((name) => [name, task[name]])) as unknown as TaskInfo;
}

/** A time, without the milliseconds. */
export function showTime(time: Date | undefined): string {
  return time === undefined ? "-" : time.toISOString().replace(/\.\d+Z$/, "Z");
}

/** A length of time; a dash for none. */
export function showSeconds(seconds: number | undefined): string {
  return seconds === undefined ? "-" : showLength(seconds);
}

/** How long ago a time is, or how far ahead. */
export function showAge(time: Date | undefined, nowMs: number): string {
  if (time === undefined) return "-";
  const seconds = (nowMs - time.getTime()) / 1000;
  return seconds < 0 ? `in ${showSeconds(-seconds)}` : `${showSeconds(seconds)} ago`;
}

/** The arguments, cut. */
export function showArguments(args: readonly unknown[]): string {
  return args.map((arg) => typeof arg === "string" ? JSON.stringify(beginningOf(arg, LONGEST_ARGUMENTS)) : shown(arg)).join(
    ", ",
  );
}

function shown(value: unknown): string {
  return showSafely(value, LONGEST_ARGUMENTS);
}

/** Of whatever has an id. */
export const ID: Column<{ readonly id: string }> = { title: "ID", text: ({ id }) => id, keep: true };
/** The task, by its name. */
export const NAME: Column<{ readonly name: string }> = { title: "TASK", text: ({ name }) => name, tone: () => "bold" };
/** The columns of every table of tasks. */
export const ID_AND_NAME: readonly Column<{ readonly id: string; readonly name: string }>[] = [ID, NAME];

/** The last column of a table of tasks. */
export const ARGUMENTS: Column<TaskInfo> = { title: "ARGUMENTS", text: ({ args }) => showArguments(args), tone: () => "dim" };

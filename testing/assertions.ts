/**
 * What is enqueued, asserted. A failure says what is there instead, what comes near first.
 * @module
 */
import { checkKeys, checkNumber, isOptions, show } from "../lib/primitives/arguments.ts";
import { AssertionError } from "node:assert";
import { isDeepStrictEqual } from "node:util";
import type { Huey } from "../lib/huey/huey.ts";
import { type Duration, durationMs, type Instant, instantMs } from "../lib/primitives/time.ts";
import type { RegisteredTask, TaskInfo } from "../lib/types/calling.ts";
import { clockOf } from "./clock_of.ts";

/** A list of arguments, or a question about them. */
export type ArgumentsMatch = readonly unknown[] | ((...args: never[]) => boolean);

/** What an enqueued task must be like. */
export interface AssertEnqueuedOptions {
  /** Exactly these arguments, or a function that says whether they are right. Default: any. */
  args?: ArgumentsMatch;
  /** How many there must be. Default: at least one. */
  count?: number;
  /** Scheduled for this time from now; a number is seconds. Not together with `eta`. */
  delay?: Duration;
  /** Scheduled for this time. Not together with `delay`. */
  eta?: Instant;
  /** How far `delay` and `eta` may be off. Default 1 second. */
  tolerance?: Duration;
  /** These texts are among its meta. */
  meta?: Readonly<Record<string, string>>;
}

/** What must not be there. */
export interface AssertNotEnqueuedOptions {
  /** As for `assertEnqueued`. */
  args?: ArgumentsMatch;
}

/** A rule that a task breaks or keeps. */
interface Rule {
  /** As part of a sentence: `args are ["ada"]`. */
  readonly text: string;
  /** It can be asked only of tasks with the right name: a function knows the arguments of no others. */
  readonly asksOwnOnly?: boolean;
  keeps(task: TaskInfo): boolean;
}

/** Most tasks that a message lists. */
const MOST_LISTED = 10;

/**
 * Asserts that a task waits: in the queue, for a place of its `concurrency`, or on the schedule.
 *
 * @param huey Any Huey.
 * @param task What `huey.task` returned, or its name.
 * @param options What it must be like.
 * @returns The task that was found; of several the first; with `count: 0` nothing.
 * @throws {AssertionError} If there is none, or another number than `count`, naming what is there instead.
 * @throws {TypeError | RangeError} For a wrong option.
 *
 * @example
 * ```ts
 * import { assertEnqueued, TestHuey } from "@hueyjs/huey/testing";
 *
 * const huey = new TestHuey();
 * const mail = huey.task("mail", (to: string) => to);
 * await mail.schedule({ args: ["ada@example.org"], delay: { hours: 1 } });
 *
 * const task = await assertEnqueued(huey, mail, { args: ["ada@example.org"], delay: { hours: 1 } });
 * console.log(task.name); // mail
 * ```
 */
export async function assertEnqueued(
  huey: Huey,
  task: RegisteredTask | string,
  options: AssertEnqueuedOptions = {},
): Promise<TaskInfo> {
  checkKeys(options, "assertEnqueued", ["args", "count", "delay", "eta", "tolerance", "meta"]);
  if (options.count !== undefined) checkNumber(options.count, "count", { min: 0, whole: true });
  const name = nameOf(task);
  const rules = [...argumentRules(options.args), ...timeRules(huey, options), ...metaRules(options.meta)];
  const there = await enqueued(huey);
  const found = there.filter((candidate) => candidate.name === name && rules.every((rule) => rule.keeps(candidate)));
  if (options.count === undefined ? found.length > 0 : found.length === options.count) return found[0]!;
  const wanted = [`task "${name}"`, ...rules.map(({ text }) => text)].join(", ");
  const number = options.count === undefined
    ? "nothing enqueued is"
    : `${found.length} instead of ${options.count} are enqueued:`;
  throw failure(`assertEnqueued: ${number} ${wanted}`, name, rules, there);
}

/**
 * Asserts that a task waits neither in the queue, nor for a place of its `concurrency`, nor on the schedule.
 *
 * @param huey Any Huey.
 * @param task What `huey.task` returned, or its name.
 * @param options `args`: only with these.
 * @throws {AssertionError} If there is one, naming it.
 *
 * @example
 * ```ts
 * import { assertNotEnqueued, TestHuey } from "@hueyjs/huey/testing";
 *
 * const huey = new TestHuey();
 * const mail = huey.task("mail", (to: string) => to);
 * await assertNotEnqueued(huey, mail);
 * ```
 */
export async function assertNotEnqueued(
  huey: Huey,
  task: RegisteredTask | string,
  options: AssertNotEnqueuedOptions = {},
): Promise<void> {
  checkKeys(options, "assertNotEnqueued", ["args"]);
  const name = nameOf(task);
  const rules = argumentRules(options.args);
  const there = await enqueued(huey);
  const found = there.filter((candidate) => candidate.name === name && rules.every((rule) => rule.keeps(candidate)));
  const unwanted = [`task "${name}"`, ...rules.map(({ text }) => text)].join(", ");
  if (found.length > 0) throw failure(`assertNotEnqueued: ${unwanted} is enqueued`, name, rules, found);
}

function nameOf(task: RegisteredTask | string): string {
  const name: unknown = typeof task === "string" ? task : task?.kind === "function" ? task.name : undefined;
  if (typeof name !== "string" || name === "") throw new TypeError(`Expected a task or its name: ${show(task)}`);
  return name;
}

async function enqueued(huey: Huey): Promise<TaskInfo[]> {
  clockOf(huey);
  return [...await huey.pending(), ...await huey.blocked(), ...await huey.scheduled()];
}

function argumentRules(args: ArgumentsMatch | undefined): Rule[] {
  if (args === undefined) return [];
  if (typeof args === "function") {
    const agrees = args as (...args: readonly unknown[]) => unknown;
    const keeps = (task: TaskInfo): boolean => yesOrNo(agrees(...task.args));
    return [{ text: "whose args please the function", asksOwnOnly: true, keeps }];
  }
  if (!Array.isArray(args)) throw new TypeError(`args must be an array of arguments, or a function: ${show(args)}`);
  return [{ text: `args ${showAll(args)}`, keeps: (task) => isDeepStrictEqual([...task.args], [...args]) }];
}

/** A promise would always count as a yes. */
function yesOrNo(answer: unknown): boolean {
  if (answer instanceof Promise) throw new TypeError("args must be a function that answers at once, not an async one");
  return Boolean(answer);
}

function timeRules(huey: Huey, { delay, eta, tolerance = 1 }: AssertEnqueuedOptions): Rule[] {
  const toleranceMs = durationMs(tolerance, "tolerance");
  if (delay === undefined && eta === undefined) return [];
  if (delay !== undefined && eta !== undefined) throw new TypeError("assertEnqueued: give either delay or eta");
  const wantedMs = delay === undefined ? instantMs(eta!, "eta") : clockOf(huey).now() + durationMs(delay, "delay");
  const keeps = (task: TaskInfo): boolean => task.eta !== undefined && Math.abs(task.eta.getTime() - wantedMs) <= toleranceMs;
  return [{ text: `due at ${new Date(wantedMs).toISOString()} (give or take ${toleranceMs / 1000} s)`, keeps }];
}

function metaRules(meta: AssertEnqueuedOptions["meta"]): Rule[] {
  if (meta === undefined) return [];
  if (!isOptions(meta)) throw new TypeError(`meta must be an object of texts: ${show(meta)}`);
  const entries = Object.entries(meta);
  const keeps = (task: TaskInfo): boolean =>
    entries.every(([key, text]) => Object.hasOwn(task.meta, key) && task.meta[key] === text);
  return [{ text: `with meta ${show(meta)}`, keeps }];
}

/** Tasks of that name first, those that keep most rules before the others. */
function failure(headline: string, name: string, rules: readonly Rule[], there: readonly TaskInfo[]): AssertionError {
  const nearness = (task: TaskInfo): number => {
    const isNamed = task.name === name;
    const kept = rules.filter((rule) => (isNamed || !rule.asksOwnOnly) && rule.keeps(task));
    return (isNamed ? rules.length + 1 : 0) + kept.length;
  };
  const sorted = [...there].sort((left, right) => nearness(right) - nearness(left));
  const lines = sorted.slice(0, MOST_LISTED).map((task) => `  ${describeTask(task)}`);
  if (sorted.length > MOST_LISTED) lines.push(`  and ${sorted.length - MOST_LISTED} more`);
  const message = lines.length === 0 ? `${headline}. Nothing is enqueued.` : `${headline}. Enqueued:\n${lines.join("\n")}`;
  return new AssertionError({ message, stackStartFn: failure });
}

function describeTask({ name, args, eta, meta }: TaskInfo): string {
  const due = eta === undefined ? "" : ` due at ${eta.toISOString()}`;
  return `${name}(${args.map(show).join(", ")})${due}${
    Object.keys(meta).length === 0 ? "" : ` with meta ${JSON.stringify(meta)}`
  }`;
}

function showAll(args: readonly unknown[]): string {
  return `[${args.map(show).join(", ")}]`;
}

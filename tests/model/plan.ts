/**
 * What the model knows of an invocation and of what follows it.
 * @module
 */
import type { TaskName } from "./tasks.ts";

/** One invocation. Times and durations are milliseconds. */
export interface Plan {
  /** `undefined`: the queue chose it, and the model learns it by looking. */
  readonly id: { text: string | undefined };
  readonly name: TaskName | "nobody";
  readonly args: readonly unknown[];
  readonly etaMs?: number | undefined;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly retryBackoff: number;
  /** The delay before the first retry, once that has grown. */
  readonly firstDelayMs?: number | undefined;
  readonly priority: number;
  readonly expiresMs?: number | undefined;
  readonly expiresAtMs?: number | undefined;
  readonly atMostOnce: boolean;
  /** 1 for the first run. */
  readonly attempt: number;
  readonly next?: Next | undefined;
  readonly onError?: Plan | undefined;
  readonly place?: Place | undefined;
  /** Its chord: the values are added to the arguments when it is looked at. */
  readonly valuesOf?: Tally | undefined;
  /** How often it was left to consumers that know the task. */
  readonly unknownTries?: number | undefined;
}

/** What follows. */
export type Next = Plan | ChordPlan;

/** A chord: the members run, then the callback. */
export interface ChordPlan {
  readonly members: readonly Next[];
  readonly callback: Plan;
}

/** What the members of a chord have reported. */
export interface Tally {
  readonly size: number;
  readonly values: Map<number, unknown>;
}

/** The place of a member in a chord. */
export interface Place {
  readonly tally: Tally;
  readonly index: number;
  readonly callback: Plan;
}

/** A step as it was written: one task, or a chord with what follows its callback. */
export type Stage = { readonly plan: Plan } | {
  readonly members: readonly (readonly Stage[])[];
  readonly tail: readonly Stage[];
};

/** Whether a step is a chord. */
export function isChordPlan(next: Next): next is ChordPlan {
  return "members" in next;
}

/** Ties steps together, first to last; the last fills a place of a chord. */
export function chain(stages: readonly Stage[], place?: Place): Next {
  const [head, ...rest] = stages as [Stage, ...Stage[]];
  if ("plan" in head) return rest.length > 0 ? { ...head.plan, next: chain(rest, place) } : { ...head.plan, place };
  const callback = chain([...head.tail, ...rest], place) as Plan;
  const tally: Tally = { size: head.members.length, values: new Map() };
  return { callback, members: head.members.map((stages, index) => chain(stages, { tally, index, callback })) };
}

/** The invocations with which a step starts. */
export function starters(next: Next): Plan[] {
  if (!isChordPlan(next)) return [next];
  return next.members.length > 0 ? next.members.flatMap(starters) : [passOn(next.callback, []) as Plan];
}

/** Every invocation of a step that has a handle. */
export function handled(next: Next): Plan[] {
  if (isChordPlan(next)) return [...next.members.flatMap(handled), ...handled(next.callback)];
  return [next, ...next.next === undefined ? [] : handled(next.next)];
}

/** The step with the value of the one before. */
export function passOn(next: Next, value: unknown): Next {
  if (value === undefined) return next;
  if (isChordPlan(next)) return { ...next, members: next.members.map((member) => passOn(member, value)) };
  const items = itemsOf(value);
  return { ...next, args: [...next.args, ...items ?? [value]] };
}

/** A value as a reader sees it. */
export function readable(value: unknown): unknown {
  return itemsOf(value) ?? value;
}

/** The place that the last of the steps fills. */
export function lastPlace(next: Next): Place | undefined {
  if (isChordPlan(next)) return lastPlace(next.callback);
  return next.next === undefined ? next.place : lastPlace(next.next);
}

/** With its expiry fixed. */
export function withExpiry(plan: Plan, nowMs: number): Plan {
  if (plan.expiresMs === undefined || plan.expiresAtMs !== undefined) return plan;
  const fromMs = Math.max(plan.etaMs ?? nowMs, nowMs);
  // Zero is "at once": it has passed when anybody looks.
  return { ...plan, expiresAtMs: plan.expiresMs === 0 ? fromMs - 1 : fromMs + plan.expiresMs };
}

/** The arguments with which it runs. */
export function fullArgs(plan: Plan): readonly unknown[] {
  if (plan.valuesOf === undefined) return plan.args;
  const { size, values } = plan.valuesOf;
  // What was reported is forgotten by a flush.
  const list = values.size === 0 ? [] : Array.from({ length: size }, (_, index) => readable(values.get(index)));
  return [...plan.args, list];
}

function itemsOf(value: unknown): unknown[] | undefined {
  const symbol = Symbol.for("@hueyjs/huey.spread");
  if (typeof value !== "object" || value === null || !(symbol in value)) return undefined;
  return [...(value as Readonly<Record<symbol, unknown[]>>)[symbol]!];
}

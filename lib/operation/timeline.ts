/**
 * What happened to an invocation, in order: the same for the dashboard and the command line.
 * @module
 */
import { OUTCOMES } from "../attempt/outcome.ts";
import type { PastAttempt } from "../types/history.ts";
import { isFailure } from "./history.ts";
import type { InvocationDetails } from "./invocation_details.ts";
import { showLength } from "./words.ts";

/** Something that happened, or is to happen. */
export interface TimelineEvent {
  /** `undefined`: not known, or it lasts. */
  readonly at: Date | undefined;
  readonly text: string;
  readonly tone: "" | "good" | "bad" | "busy";
  /** What else is known of it; nothing of what the task has been given, or has thrown. */
  readonly more: string | undefined;
}

const TONES: Readonly<Record<string, TimelineEvent["tone"]>> = {
  complete: "good",
  failed: "bad",
  dead: "bad",
  running: "busy",
};

/**
 * What is known to have happened, the oldest first.
 *
 * @param found The invocation.
 * @param nowMs The time now.
 */
export function timelineOf(found: InvocationDetails, nowMs: number): TimelineEvent[] {
  return [...beginning(found), ...past(found), ...present(found, nowMs), ...end(found)];
}

function event(at: Date | undefined, text: string, tone: TimelineEvent["tone"] = "", more?: string): TimelineEvent {
  return { at, text, tone, more };
}

function beginning({ status, task, history }: InvocationDetails): TimelineEvent[] {
  const enqueued = status.enqueuedAt ?? task?.enqueuedAt;
  const first = history[0];
  const events = enqueued === undefined ? [] : [event(enqueued, "Enqueued")];
  if (first === undefined) return events;
  if (first.attempt > 1) {
    const many = first.attempt - 1;
    return [...events, event(undefined, many === 1 ? "Attempt 1" : `Attempts 1 to ${many}`, "", "not kept any more")];
  }
  return first.dueAt === undefined || beganEarly(first) ? events : [...events, event(first.dueAt, "Was due")];
}

function past({ history, task, deadLetter: letter }: InvocationDetails): TimelineEvent[] {
  return history.flatMap((ended, at) => {
    const { startedAt, endedAt, attempt, outcome, times } = ended;
    const next = history[at + 1];
    const isLast = next === undefined && letter !== undefined;
    const dueAt = next === undefined ? task?.eta : beganEarly(next) ? next.startedAt : next.dueAt;
    const facts = [
      startedAt && ranFor(startedAt, endedAt),
      times > 1 ? `put off ${times} times` : undefined,
      isLast ? undefined : pause(endedAt, dueAt),
    ];
    const events = [
      event(endedAt, `Attempt ${attempt} ${OUTCOMES[outcome].text}`, isFailure(ended) ? "bad" : "", joined(facts)),
    ];
    if (startedAt !== undefined) events.unshift(event(startedAt, startText(attempt), "", joined(whereOf(ended))));
    return events;
  });
}

function whereOf({ worker, deliveries }: Pick<PastAttempt, "worker" | "deliveries">): (string | undefined)[] {
  const died = deliveries - 1;
  return [
    worker === "" ? undefined : `on ${worker}`,
    died > 0 ? `handed out ${deliveries} times: ${died === 1 ? "a worker" : `${died} workers`} died with it` : undefined,
  ];
}

/** It was run now, before it was due. */
function beganEarly({ startedAt, dueAt }: PastAttempt): boolean {
  return startedAt !== undefined && dueAt !== undefined && startedAt < dueAt;
}

/** How long it waits after an attempt. */
function pause(endedAt: Date, dueAt: Date | undefined): string {
  const seconds = dueAt === undefined ? 0 : (dueAt.getTime() - endedAt.getTime()) / 1000;
  // The moment from which a delay counts is a little before the one in which the end is written.
  return seconds > 0 ? `tried again after ${showLength(Math.round(seconds * 100) / 100)}` : "tried again at once";
}

/** Of a task that has not ended. */
function present(
  { status, task, running, deadLetter: letter, history }: InvocationDetails,
  nowMs: number,
): TimelineEvent[] {
  if (letter !== undefined || status.ended) return [];
  const events: TimelineEvent[] = [];
  if (status.state === "blocked") events.push(event(undefined, "Waits for a place of its concurrency"));
  if (task?.eta !== undefined) {
    const isRetry = history.length > 0 || status.state === "retrying";
    const isDue = task.eta.getTime() <= nowMs;
    events.push(event(task.eta, isRetry ? isDue ? "Next attempt was due" : "Next attempt" : isDue ? "Was due" : "Due"));
  }
  const startedAt = running?.startedAt ?? status.startedAt ?? (status.state === "running" ? status.since : undefined);
  if (startedAt !== undefined) {
    const enqueued = history.length > 0 ? undefined : status.enqueuedAt ?? task?.enqueuedAt;
    const facts = [
      enqueued && `after ${lengthBetween(enqueued, startedAt)}`,
      ...running === undefined ? [] : whereOf(running),
    ];
    events.push(event(startedAt, startText(running?.attempt ?? 1), "busy", joined(facts)));
  }
  return events;
}

/** Of one that has. */
function end({ status, task, recent, deadLetter: letter, history }: InvocationDetails): TimelineEvent[] {
  if (letter === undefined && !status.ended) return [];
  const startedAt = status.startedAt ?? recent?.startedAt;
  const outcome = letter !== undefined && !status.ended ? letter.kind === "failed" ? "failed" : "dead" : status.state;
  const events: TimelineEvent[] = [];
  // A failed task tells of its last attempt itself.
  const isTold = letter?.kind === "failed" && (history.at(-1)?.attempt ?? -1) >= (letter.attempts ?? 0);
  const endedAt = isTold ? letter.at : status.endedAt ?? recent?.endedAt ?? letter?.at;
  if (startedAt !== undefined && !isTold) {
    const enqueued = status.enqueuedAt ?? task?.enqueuedAt;
    const waited = enqueued && `after ${lengthBetween(enqueued, startedAt)}`;
    events.push(event(startedAt, startText(status.attempts ?? recent?.attempts ?? 1), "", waited));
  }
  const ran = startedAt === undefined || endedAt === undefined || isTold ? undefined : ranFor(startedAt, endedAt);
  const word = `${outcome[0]!.toUpperCase()}${outcome.slice(1)}`;
  const text = letter?.kind === "failed" && outcome === "failed" ? "Failed for good" : word;
  events.push(event(endedAt, text, TONES[outcome] ?? "", ran));
  return events;
}

function startText(attempt: number): string {
  return attempt > 1 ? `Started, attempt ${attempt}` : "Started";
}

function ranFor(startedAt: Date, endedAt: Date): string {
  return `ran for ${lengthBetween(startedAt, endedAt)}`;
}

function lengthBetween(start: Date, end: Date): string {
  return showLength(Math.max(0, end.getTime() - start.getTime()) / 1000);
}

function joined(facts: readonly (string | undefined)[]): string | undefined {
  const known = facts.filter((fact) => fact !== undefined);
  return known.length === 0 ? undefined : known.join(" · ");
}

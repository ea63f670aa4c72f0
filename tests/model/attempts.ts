/**
 * The life of one attempt as the contract tells it: what stops it before it runs, and what its end means.
 * @module
 */
import { CancelExecution, RateLimitExceeded, RetryTask, TaskLockedException, WorkerLostError } from "../../mod.ts";
import { canceledText } from "./compare.ts";
import type { Failure, Holder } from "./ledger.ts";
import { type Held, MAX_DELIVERIES, type Model } from "./model.ts";
import { fullArgs, handled, lastPlace, type Next, passOn, type Plan, readable, starters } from "./plan.ts";
import { AGAIN_DELAY, behave, TASK_LOCK, type TaskName } from "./tasks.ts";

/** An attempt whose function runs. */
export interface RunningPlan {
  readonly held: Held;
  readonly plan: Plan;
  readonly lock: Holder | undefined;
}

/** How an attempt ended. */
interface End {
  readonly state: "complete" | "failed" | "canceled" | "revoked" | "expired";
  /** Whether the function, or what guards it, was reached. */
  readonly ran: boolean;
  readonly value?: unknown;
  readonly error?: Error | undefined;
  readonly retries: number;
  readonly retryAtMs?: number | undefined;
  /** It asked to be tried again: nothing has failed. */
  readonly asked?: boolean;
  /** It was put off: the next one is the same attempt. */
  readonly postponed?: boolean;
  readonly used?: readonly string[];
  readonly rescheduled?: "whole" | "alone" | undefined;
}

/** Begins what was claimed. @returns the attempt, if its function runs now; otherwise it has ended */
export function begin(model: Model, held: Held): RunningPlan | undefined {
  const { entry } = held;
  if (entry.deliveries > MAX_DELIVERIES + 1) return void model.bury(held, entry.plan, "closed");
  if (entry.plan === undefined) return void model.bury(held);
  if (entry.plan.name === "nobody") return void model.leaveToOthers(held, entry.plan);
  const plan = { ...entry.plan, args: fullArgs(entry.plan), valuesOf: undefined };
  const stopped = stop(model, held, plan);
  if (stopped !== undefined) return void settle(model, held, plan, stopped);
  if (plan.atMostOnce) held.entry = { ...entry, begun: true };
  return guarded(model, held, plan);
}

/** Ends the function of an attempt. */
export function finish(model: Model, { held, plan, lock }: RunningPlan): void {
  if (lock !== undefined) model.release(TASK_LOCK, lock);
  let end: End;
  try {
    const value = behave(plan.name as TaskName, plan.args, plan.attempt);
    end = { state: "complete", ran: true, value, retries: plan.retries };
  } catch (error) {
    end = stopRetriesIfRevoked(model, plan, failed(model, plan, error as Error));
  }
  settle(model, held, plan, end);
}

function guarded(model: Model, held: Held, plan: Plan): RunningPlan | undefined {
  const lock = plan.name === "locked" ? model.acquire(TASK_LOCK, held) : undefined;
  if (plan.name === "locked" && lock === undefined) {
    return void failNow(model, held, plan, new TaskLockedException(TASK_LOCK));
  }
  const waitMs = plan.name === "limited" ? model.admitTask() : 0;
  if (waitMs > 0) return void failNow(model, held, plan, new RateLimitExceeded("task", waitMs / 1000));
  return { held, plan, lock };
}

function failNow(model: Model, held: Held, plan: Plan, error: Error): void {
  settle(model, held, plan, stopRetriesIfRevoked(model, plan, failed(model, plan, error)));
}

/** Handed out too often, revoked or expired. */
function stop(model: Model, { entry }: Held, plan: Plan): End | undefined {
  if (entry.begun || entry.deliveries > MAX_DELIVERIES) {
    return { state: "failed", ran: true, error: new WorkerLostError("lost"), retries: 0 };
  }
  for (const key of [`r:${plan.id.text}`, `rt:${plan.name}`]) {
    const revoked = model.revocations.get(key);
    if (revoked === undefined) continue;
    const used = revoked.once ? [key] : [];
    if (model.applies(revoked)) return { state: "revoked", ran: false, retries: 0, used, rescheduled: revoked.rescheduled };
    model.revocations.delete(key);
  }
  const expired = plan.expiresAtMs !== undefined && plan.expiresAtMs < model.nowMs;
  return expired ? { state: "expired", ran: false, retries: 0 } : undefined;
}

/** What an error means, as for Python's Huey. */
function failed(model: Model, plan: Plan, error: Error): End {
  const { retries } = plan;
  const end = { state: "failed", ran: true, error, retries } as const;
  if (error instanceof RateLimitExceeded) {
    return { ...end, retries: retries + 1, retryAtMs: model.nowMs + error.delay * 1000, asked: true, postponed: true };
  }
  if (error instanceof TaskLockedException) return { ...end, asked: retries > 0, postponed: true };
  if (error instanceof RetryTask) {
    return { ...end, retries: retries + 1, retryAtMs: model.nowMs + AGAIN_DELAY * 1000, asked: true };
  }
  if (error instanceof CancelExecution) {
    return { ...end, state: "canceled", retries: error.retry ? Math.max(retries, 1) : 0, asked: error.retry === true };
  }
  return end;
}

/** Revoking a running task stops its retries; what is meant for the next call of the function does not. */
function stopRetriesIfRevoked(model: Model, plan: Plan, end: End): End {
  const own = model.revocations.get(`r:${plan.id.text}`);
  const ofTask = model.revocations.get(`rt:${plan.name}`);
  const stops = model.applies(own) || (model.applies(ofTask) && !ofTask!.once);
  return stops ? { ...end, retries: 0 } : end;
}

function settle(model: Model, held: Held, plan: Plan, end: End): void {
  if (!model.drop(held)) return;
  const { id } = held.entry;
  const retrying = end.error !== undefined && end.retries > 0;
  const surfaces = !retrying || (model.setup.storeIntermediateErrors && !end.asked);
  store(model, plan, end, surfaces, !retrying);
  if (!retrying) model.ends(id, end.state);
  if (!retrying && end.state !== "complete" && end.rescheduled !== "whole" && plan.next !== undefined) cancel(model, plan.next);
  for (const key of end.used ?? (retrying ? [] : [`r:${id.text}`])) model.revocations.delete(key);
  if (end.state === "complete" && plan.next !== undefined) {
    for (const next of starters(passOn(plan.next, end.value))) model.add(next, false);
  }
  if (end.error !== undefined && end.state !== "canceled" && surfaces && plan.onError !== undefined) {
    model.add({ ...plan.onError, id: { text: undefined }, args: [...plan.onError.args, end.error] }, false);
  }
  if (retrying) model.add(nextAttempt(model, plan, end), true);
  else report(model, plan, end);
  if (!retrying && end.state === "failed" && !end.rescheduled) model.keep(held, plan);
}

/** The steps that follow a task which did not succeed end with it. */
function cancel(model: Model, next: Next): void {
  for (const { id, name } of handled(next)) {
    model.fails(id, { error: canceledText(name), retries: 0, outcome: "canceled" });
    model.revocations.delete(`r:${id.text}`);
  }
}

function store(model: Model, { id, attempt }: Plan, end: End, surfaces: boolean, final: boolean): void {
  const { state, value, error, ran, retries } = end;
  // A success overwrites the error of an attempt before it, also if it has nothing to say.
  const overwrites = attempt > 1 && model.setup.storeIntermediateErrors;
  if (state === "complete" && (value !== undefined || model.setup.storeNone || overwrites)) {
    model.results.set(id, { value: readable(value) });
  } else if (error !== undefined && ran && surfaces) {
    const failure: Failure = { error: errorText(error), retries, outcome: state };
    model.results.set(id, { failure });
  } else {
    model.final.delete(id);
    return;
  }
  if (final) model.final.add(id);
  else model.final.delete(id);
}

/** Name and message; of errors of the library the name alone. */
export function errorText(error: Error): string {
  return error.name === "Error" ? `Error: ${error.message}` : error.name;
}

function nextAttempt(model: Model, plan: Plan, { retries, retryAtMs, postponed }: End): Plan {
  const first = { firstDelayMs: plan.firstDelayMs ?? plan.retryDelayMs };
  const again = { ...plan, ...first, retries: retries - 1, attempt: plan.attempt + (postponed ? 0 : 1), etaMs: retryAtMs };
  if (retryAtMs !== undefined || plan.retryDelayMs === 0) return again;
  return { ...again, etaMs: model.nowMs + plan.retryDelayMs, retryDelayMs: plan.retryDelayMs * (plan.retryBackoff || 1) };
}

/** A member reports when its last step has succeeded, or when any step has ended otherwise. */
function report(model: Model, plan: Plan, end: End): void {
  if (end.rescheduled) return;
  const place = end.state === "complete" ? plan.next === undefined ? plan.place : undefined : lastPlace(plan);
  if (place !== undefined) model.report(place, end.ran ? end.error ?? end.value : undefined);
}

/**
 * What happens when an attempt is settled: logs, signals, hooks, in the order of huey-behaviour section 1.12.
 * @module
 */
import type { Attempt } from "../attempt/attempt.ts";
import { decodeMessage, dueMs } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { describe, logs } from "../observe/logger.ts";
import type { Message } from "../message/message.ts";
import { type Outcome, OUTCOMES } from "../attempt/outcome.ts";
import type { BuiltSettlement } from "./build_settlement.ts";
import type { Item, Settled } from "../storage.ts";
import {
  SIGNAL_CANCELED,
  SIGNAL_COMPLETE,
  SIGNAL_ENQUEUED,
  SIGNAL_RETRYING,
  SIGNAL_REVOKED,
  SIGNAL_SCHEDULED,
} from "../observe/signals.ts";
import { makeTask } from "../composition/call.ts";
import type { Task } from "../types/composition.ts";

/** Tells everybody about an attempt that is settled. */
export function announceSettled(
  core: Core,
  built: BuiltSettlement,
  { callback }: Settled,
  attempt: Attempt | undefined,
): Promise<void> | undefined {
  log(core, built.outcome, attempt);
  return hasNoListeners(core, built) ? undefined : announceAll(core, built, callback, attempt);
}

/** Nothing follows, and nobody listens to the ends of tasks. */
function hasNoListeners({ hooks, signals }: Core, { outcome, followUps, retry, report }: BuiltSettlement): boolean {
  return outcome.kind === "complete" && followUps.length === 0 && retry === undefined && report === undefined &&
    hooks.postExecute.empty && !signals.has(SIGNAL_COMPLETE);
}

async function announceAll(
  core: Core,
  built: BuiltSettlement,
  callback: Item | undefined,
  attempt: Attempt | undefined,
): Promise<void> {
  const { outcome, followUps, retry } = built;
  const task = attempt?.task ?? makeTask(outcome.message);
  if (outcome.kind !== "complete") await emitOutcome(core, outcome, task);
  if (outcome.ran && !core.hooks.postExecute.empty) await postExecute(core, outcome, task);
  if (outcome.kind === "complete" && core.signals.has(SIGNAL_COMPLETE)) await core.signals.emit(SIGNAL_COMPLETE, task);
  for (const message of followUps) {
    core.statistics?.count(message.name, "enqueued");
    await announce(core, message);
  }
  if (callback !== undefined) await announceItem(core, callback);
  if (retry === undefined) return;
  core.logger.info(`Task ${describe(outcome.message)} is tried again`);
  await core.signals.emit(SIGNAL_RETRYING, task);
  await announce(core, retry);
}

async function emitOutcome(core: Core, outcome: Outcome, task: Task): Promise<void> {
  const { signal } = OUTCOMES[outcome.kind];
  if (signal === undefined || !core.signals.has(signal)) return;
  // An end by cancellation or revocation is no failure, although something was thrown.
  const failed = signal !== SIGNAL_CANCELED && signal !== SIGNAL_REVOKED;
  await core.signals.emit(signal, task, (failed ? outcome.error : undefined) as never);
}

async function postExecute(core: Core, outcome: Outcome, task: Task): Promise<void> {
  for (const { name, hook } of core.hooks.postExecute) {
    try {
      await hook(task, outcome.value, outcome.error);
    } catch (error) {
      core.logger.error(`postExecute hook "${name}" failed for task ${task.name}: ${task.id}`, { error });
    }
  }
}

/** Tells of an item that the storage has enqueued by itself: the callback of a chord. */
export async function announceItem(core: Core, item: Item): Promise<void> {
  if (core.statistics === undefined && !core.signals.has(SIGNAL_ENQUEUED) && !core.signals.has(SIGNAL_SCHEDULED)) return;
  try {
    const message = await decodeMessage(core, item);
    core.statistics?.count(message.name, "enqueued");
    await announce(core, message);
  } catch (error) {
    // Whoever claims it sets it aside, and says why.
    core.logger.debug(`Message ${item.id} cannot be read, so that nobody is told that it was enqueued`, { error });
  }
}

async function announce(core: Core, message: Message): Promise<void> {
  const signal = dueMs(core, message) === undefined ? SIGNAL_ENQUEUED : SIGNAL_SCHEDULED;
  if (core.signals.has(signal)) await core.signals.emit(signal, makeTask(message));
}

function log(core: Core, outcome: Outcome, attempt: Attempt | undefined): void {
  const { level, text } = OUTCOMES[outcome.kind];
  if (!logs(core.logger, level)) return;
  const seconds = attempt === undefined ? "" : ` in ${((core.clock.elapsed() - attempt.startedMs) / 1000).toFixed(3)} s`;
  const line = `Task ${describe(outcome.message)} ${text}${seconds}`;
  if (outcome.error === undefined) core.logger[level](line);
  else core.logger[level](line, { error: outcome.error });
}

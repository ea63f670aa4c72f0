/**
 * What happens when an attempt is settled: logs, signals and hooks, in the order of Python's Huey.
 * @module
 */
import type { Attempt } from "../attempt/attempt.ts";
import type { Core } from "../core/core.ts";
import { isLogged } from "../observe/logger.ts";
import { aboutTask, logTask } from "../observe/tracing.ts";
import { type Outcome, OUTCOMES } from "../attempt/outcome.ts";
import type { BuiltSettlement } from "./build_settlement.ts";
import { announceMessage, announceMoved } from "../enqueue/announce.ts";
import type { Settled } from "../storage.ts";
import { SIGNAL_CANCELED, SIGNAL_COMPLETE, SIGNAL_RETRYING, SIGNAL_REVOKED } from "../observe/signals.ts";
import { makeTask } from "../composition/call.ts";
import type { Task } from "../types/composition.ts";

/** Tells everybody about an attempt that is settled. */
export function announceSettled(
  core: Core,
  built: BuiltSettlement,
  settled: Settled,
  attempt: Attempt | undefined,
): Promise<void> | undefined {
  log(core, built.outcome, attempt);
  if ((settled.admitted?.length ?? 0) === 0 && hasNoListeners(core, built)) return undefined;
  return announceAll(core, built, settled, attempt);
}

/** Nothing follows, and nobody listens to the ends of tasks. */
function hasNoListeners({ hooks, signals }: Core, { outcome, followUps, retry, report }: BuiltSettlement): boolean {
  return outcome.kind === "complete" && followUps.length === 0 && retry === undefined && report === undefined &&
    hooks.postExecute.empty && !signals.has(SIGNAL_COMPLETE);
}

async function announceAll(
  core: Core,
  built: BuiltSettlement,
  settled: Settled,
  attempt: Attempt | undefined,
): Promise<void> {
  const { outcome, settlement: { enqueue = [], next }, followUps, retry } = built;
  const { blocked } = settled;
  // Hooks and handlers may take their time, and what was scheduled may be due by then.
  const settledMs = core.clock.now();
  const task = attempt?.task ?? makeTask(outcome.message);
  if (outcome.kind !== "complete") await emitOutcome(core, outcome, task);
  if (outcome.ran && !core.hooks.postExecute.empty) await postExecute(core, outcome, task);
  if (outcome.kind === "complete" && core.signals.has(SIGNAL_COMPLETE)) await core.signals.emit(SIGNAL_COMPLETE, task);
  for (const [index, message] of followUps.entries()) {
    core.statistics?.count(message.name, "enqueued");
    await announceMessage(core, message, enqueue[index], blocked?.has(index));
  }
  // It was told that it is on the queue when it came there.
  if (outcome.kind === "at-gate" && blocked?.has(0)) await announceMessage(core, outcome.message, next, true);
  await announceMoved(core, settled, settledMs);
  if (retry === undefined) return;
  logTask(core, "info", outcome.message, "is tried again", { traceId: attempt?.traceId });
  await core.signals.emit(SIGNAL_RETRYING, task);
  await announceMessage(core, retry, next, blocked?.has(followUps.length));
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
      const line = `postExecute hook "${name}" failed for task ${task.name}: ${task.id}`;
      core.logger.error(line, { ...aboutTask(core, outcome.message), error });
    }
  }
}

function log(core: Core, outcome: Outcome, attempt: Attempt | undefined): void {
  const { level, text } = OUTCOMES[outcome.kind];
  if (!isLogged(core.logger, level)) return;
  const seconds = attempt === undefined ? "" : ` in ${(attempt.ranMs / 1000).toFixed(3)} s`;
  logTask(core, level, outcome.message, `${text}${seconds}`, { traceId: attempt?.traceId, error: outcome.error });
}

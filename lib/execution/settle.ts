/**
 * The end of an attempt: what has become of it is written, whatever that takes, and everybody is told.
 * @module
 */
import type { Attempt } from "../attempt/attempt.ts";
import { setMessageAside } from "../settlement/set_aside.ts";
import { countAttempt } from "./count_attempt.ts";
import { toError } from "../primitives/error_record.ts";
import type { Execution } from "../attempt/execution.ts";
import { announceSettled } from "./announce.ts";
import { describeMessage } from "../observe/logger.ts";
import { aboutTask, logTask } from "../observe/tracing.ts";
import { failureOutcome, type Outcome } from "../attempt/outcome.ts";
import { announceItems } from "../enqueue/announce.ts";
import { gateOf } from "../message/keys.ts";
import { callStorage, isTemporary, settleWithRetry } from "../core/patience.ts";
import { buildBareEnd, buildSettlement, type BuiltSettlement } from "./build_settlement.ts";
import type { Settled } from "../storage.ts";

/**
 * Settles an attempt. What the storage refuses for good ends the task with that as its error, or else sets its message aside.
 *
 * @param isRefused Whether the end that it had before was refused.
 * @returns whether the claim was still held
 * @throws {StorageError} If the storage is down when the patience ends.
 */
export async function settleAttempt(execution: Execution, outcome: Outcome, isRefused: boolean = false): Promise<boolean> {
  const { core, claim, message, options, attempt } = execution;
  let built: BuiltSettlement;
  let settled: Settled;
  try {
    if (attempt !== undefined && attempt.held.size > 0) await endLocks(attempt, options.owner !== undefined);
    const endedMs = core.clock.now();
    built = buildBareEnd(execution, outcome, endedMs) ?? await buildSettlement(execution, outcome, endedMs);
    const settling = settleWithRetry(core, built.settlement, () => describeMessage(message), options.stop);
    options.onSettle?.(claim);
    settled = await settling;
  } catch (error) {
    if (isTemporary(error) || (isRefused && options.owner === undefined)) throw error;
    return isRefused ? await setEndAside(execution, toError(error)) : await settleRefused(execution, toError(error));
  }
  return settled.held ? await announceEnd(execution, built, settled) : tellTakenOver(execution);
}

function settleRefused(execution: Execution, error: Error): Promise<boolean> {
  const { core, message } = execution;
  core.logger.error(`The end of task ${describeMessage(message)} is refused: ${error.message}`, {
    ...aboutTask(core, message),
    error,
  });
  return settleAttempt(execution, failureOutcome({ ...message, retries: 0 }, error, core.clock.now()), true);
}

function setEndAside({ core, claim, message, options }: Execution, error: Error): Promise<boolean> {
  const reason = `Its end cannot be stored: ${error.message}`;
  return setMessageAside(core, { claim, message, reason, ran: true }, options.stop);
}

function tellTakenOver({ core, message, attempt }: Execution): false {
  const { traceId } = attempt ?? {};
  logTask(core, "warn", message, "was taken over by another worker meanwhile: its outcome here is dropped", { traceId });
  return false;
}

async function announceEnd(execution: Execution, built: BuiltSettlement, settled: Settled): Promise<true> {
  const { core, options, attempt } = execution;
  countAttempt(execution, built);
  if (attempt?.overrun !== undefined && built.settlement.passLocks !== undefined) void leaveGate(execution, attempt.overrun);
  const announcing = announceSettled(core, built, settled, attempt);
  if (announcing !== undefined) await announcing;
  options.onEnd?.({ outcome: built.outcome, retries: built.retry !== undefined });
  return true;
}

/** The function goes on, and keeps the place of its task until it has ended: also here, since a settlement must come first. */
async function leaveGate({ core, message, claim, options }: Execution, overrun: Promise<void>): Promise<void> {
  if (gateOf(message) === undefined) return;
  await overrun;
  const what = `free the place of task ${describeMessage(message)}`;
  try {
    await announceItems(core, await callStorage(core, what, options.stop, () => core.storage.leaveGate(claim)));
  } catch (error) {
    core.logger.warn(`Cannot ${what}: it is free when its worker ends`, { error });
  }
}

/** Before the settlement: what it cannot drop by itself, since it drops all locks of a claim or none. */
async function endLocks(attempt: Attempt, claimed: boolean): Promise<void> {
  if (attempt.overrun !== undefined) return;
  const locks = [...attempt.held];
  for (const lock of locks) lock.leave();
  if (!claimed || locks.some(({ ends }) => ends)) await attempt.freeLocks();
}

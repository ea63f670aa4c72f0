/**
 * The end of an attempt: what has become of it is written, whatever that takes, and everybody is announcing.
 * @module
 */
import type { Attempt } from "../attempt/attempt.ts";
import { setMessageAside } from "./set_aside.ts";
import { countAttempt } from "./count_attempt.ts";
import { toError } from "../primitives/error_record.ts";
import type { Execution } from "../attempt/execution.ts";
import { announceSettled } from "./announce.ts";
import { describeMessage } from "../observe/logger.ts";
import { aboutTask } from "../observe/tracing.ts";
import { failureOutcome, type Outcome } from "../attempt/outcome.ts";
import { leaveGate } from "../control/concurrency.ts";
import { announceItems } from "../enqueue/announce.ts";
import { gateOf } from "../message/keys.ts";
import { isTemporary } from "../core/patience.ts";
import { settleWithRetry } from "./settle_with_retry.ts";
import { buildSettlement, type BuiltSettlement } from "./build_settlement.ts";
import type { Owner, Settled, Settlement } from "../storage.ts";

/**
 * Settles an attempt. What the storage refuses for good ends the task with that as its error, or else sets its message aside.
 *
 * @returns whether the claim was still held
 * @throws {StorageError} If the storage is down when the patience ends.
 */
export async function settleAttempt(execution: Execution, outcome: Outcome): Promise<boolean> {
  let written: Written;
  try {
    written = await write(execution, outcome);
  } catch (error) {
    if (isTemporary(error)) throw error;
    return await settleRefused(execution, toError(error));
  }
  return await announceWritten(execution, written);
}

async function settleRefused(execution: Execution, error: Error): Promise<boolean> {
  const { core, claim, message, options } = execution;
  core.logger.error(`The end of task ${describeMessage(message)} is refused: ${error.message}`, {
    ...aboutTask(core, message),
    error,
  });
  let written: Written;
  try {
    written = await write(execution, failureOutcome({ ...message, retries: 0 }, error, core.clock.now()));
  } catch (again) {
    if (isTemporary(again) || options.owner === undefined) throw again;
    const reason = `Its end cannot be stored: ${toError(again).message}`;
    return await setMessageAside(core, { claim, message, reason, ran: true }, options.stop);
  }
  return await announceWritten(execution, written);
}

/** A settlement that was sent, and its answer. */
interface Written {
  readonly built: BuiltSettlement;
  readonly settled: Settled;
}

async function write(execution: Execution, outcome: Outcome): Promise<Written> {
  const { core, claim, definition, message, options, dropChord, attempt } = execution;
  const { owner } = options;
  if (attempt !== undefined && attempt.held.size > 0) await endLocks(attempt, owner !== undefined);
  const locks = owner === undefined ? {} : locksOf(execution, owner);
  const built = await buildSettlement({ core, definition, message, claim, outcome, dropChord, attempt, owner, ...locks });
  const settling = settleWithRetry(core, built.settlement, describeMessage(message), options.stop);
  options.onSettle?.(claim);
  return { built, settled: await settling };
}

async function announceWritten(execution: Execution, { built, settled }: Written): Promise<boolean> {
  const { core, message, options, attempt } = execution;
  if (!settled.held) {
    const line = `Task ${describeMessage(message)} was taken over by another worker meanwhile: its outcome here is dropped`;
    core.logger.warn(line, { ...aboutTask(core, message, attempt?.traceId) });
    return false;
  }
  countAttempt(execution, built);
  if (attempt?.overrun !== undefined && built.settlement.passLocks !== undefined) leaveGateLater(execution, attempt.overrun);
  const announcing = announceSettled(core, built, settled, attempt);
  if (announcing !== undefined) await announcing;
  options.onEnd?.({ outcome: built.outcome, retries: built.retry !== undefined });
  return true;
}

/** The function goes on, and keeps the place of its task until it has ended: also here, since a settlement must come first. */
function leaveGateLater({ core, message, claim, options }: Execution, overrun: Promise<void>): void {
  if (gateOf(message) === undefined) return;
  void overrun.then(() => leaveGate(core, message, claim, options.stop)).then((admitted) => announceItems(core, admitted));
}

/** Before the settlement: what it cannot drop by itself, since it drops all locks of a claim or none. */
async function endLocks(attempt: Attempt, claimed: boolean): Promise<void> {
  if (attempt.overrun !== undefined) return;
  const locks = [...attempt.held];
  for (const lock of locks) lock.leave();
  if (!claimed || locks.some(({ ends }) => ends)) await attempt.freeLocks();
}

function locksOf({ attempt, message }: Execution, owner: Owner): Pick<Settlement, "dropLocks" | "passLocks"> {
  if (attempt === undefined) return { dropLocks: true };
  if (attempt.overrun !== undefined) return attempt.held.size > 0 || gateOf(message) ? { passLocks: owner } : {};
  return { dropLocks: [...attempt.held].some(({ ends }) => !ends) };
}

/**
 * The end of an attempt: what has become of it is written, whatever that takes, and everybody is told.
 * @module
 */
import type { Attempt } from "./attempt.ts";
import { bury } from "./bury.ts";
import type { Core } from "../core/core.ts";
import { toError } from "../primitives/error_record.ts";
import type { ExecuteOptions } from "./execute.ts";
import { finish } from "./announce.ts";
import { describe } from "../observe/logger.ts";
import type { Opened } from "./open_claim.ts";
import { failureOutcome, type Outcome } from "./outcome.ts";
import { isTemporary } from "../core/patience.ts";
import { settleSafely } from "./settle_with_retry.ts";
import { prepare, type Prepared } from "./settlement.ts";
import type { Claim, Owner, Settled, Settlement } from "../storage.ts";

/** One attempt on its way to its settlement. */
export interface Execution extends Opened {
  readonly core: Core;
  readonly claim: Claim;
  readonly options: ExecuteOptions;
  /** Once it runs. */
  attempt: Attempt | undefined;
}

/**
 * Settles an attempt. What the storage refuses for good ends the task with that as its error, or else sets its message aside.
 *
 * @returns whether the claim was still held
 * @throws {StorageError} If the storage is down when the patience ends.
 */
export async function settle(execution: Execution, outcome: Outcome): Promise<boolean> {
  let written: Written;
  try {
    written = await write(execution, outcome);
  } catch (error) {
    if (isTemporary(error)) throw error;
    return await settleRefused(execution, toError(error));
  }
  return await tell(execution, written);
}

async function settleRefused(execution: Execution, error: Error): Promise<boolean> {
  const { core, claim, message, options } = execution;
  core.logger.error(`The end of task ${describe(message)} is refused: ${error.message}`, { error });
  let written: Written;
  try {
    written = await write(execution, failureOutcome({ ...message, retries: 0 }, error, core.clock.now()));
  } catch (again) {
    if (isTemporary(again) || options.owner === undefined) throw again;
    return await bury(core, { claim, message, reason: `Its end cannot be stored: ${toError(again).message}` }, options.stop);
  }
  return await tell(execution, written);
}

/** A settlement that was sent, and its answer. */
interface Written {
  readonly prepared: Prepared;
  readonly settled: Settled;
}

async function write(execution: Execution, outcome: Outcome): Promise<Written> {
  const { core, claim, definition, message, options, dropChord, attempt } = execution;
  const { owner, inline } = options;
  if (attempt !== undefined && attempt.held.size > 0) await endLocks(attempt, owner !== undefined);
  const locks = owner === undefined ? {} : locksOf(attempt, owner);
  const claimToSettle = owner && claim;
  const preparing = prepare({ core, definition, message, claim: claimToSettle, outcome, dropChord, ...locks, inline });
  const prepared = preparing instanceof Promise ? await preparing : preparing;
  const settling = settleSafely(core, prepared.settlement, describe(message), options.stop);
  options.onSettle?.(claim);
  return { prepared, settled: await settling };
}

async function tell({ core, message, options, attempt }: Execution, { prepared, settled }: Written): Promise<boolean> {
  if (!settled.held) {
    core.logger.warn(`Task ${describe(message)} was taken over by another worker meanwhile: its outcome here is dropped`);
    return false;
  }
  const told = finish(core, prepared, settled, attempt, options.inline);
  if (told !== undefined) await told;
  options.onEnd?.({ outcome: prepared.outcome, retries: prepared.retry !== undefined });
  return true;
}

/** Before the settlement: what it cannot drop by itself, since it drops all locks of a claim or none. */
async function endLocks(attempt: Attempt, claimed: boolean): Promise<void> {
  if (attempt.overruns) return;
  const locks = [...attempt.held];
  for (const lock of locks) lock.leave();
  if (!claimed || locks.some(({ ends }) => ends)) await attempt.freeLocks();
}

function locksOf(attempt: Attempt | undefined, owner: Owner): Pick<Settlement, "dropLocks" | "passLocks"> {
  if (attempt === undefined) return { dropLocks: true };
  if (attempt.overruns) return attempt.held.size > 0 ? { passLocks: owner } : {};
  return { dropLocks: [...attempt.held].some(({ ends }) => !ends) };
}

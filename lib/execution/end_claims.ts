/**
 * What becomes of attempts that are ended from outside: by a stop, with their worker, or with their consumer.
 * @module
 */
import { readMessage } from "../core/codec.ts";
import type { Core, Running } from "../core/core.ts";
import { CancelExecution } from "../errors.ts";
import { type ExecuteOptions, NOBODY } from "../attempt/execution.ts";
import { isAtMostOnce, lostAtMostOnce } from "./execute.ts";
import { aboutTask, logTask } from "../observe/tracing.ts";
import { openClaim, readInvocation } from "./open_claim.ts";
import { failureOutcome } from "../attempt/outcome.ts";
import { settleAttempt } from "./settle.ts";
import { SIGNAL_INTERRUPTED, SIGNAL_RECOVERED } from "../observe/signals.ts";
import type { Claim } from "../storage.ts";
import { makeTask } from "../composition/call.ts";

/**
 * Ends the attempt of a claim with an error. One that may run at most once is not tried again.
 *
 * @param stop Ends the patience with a storage that is down; without it there is none.
 * @returns whether the claim was still held
 * @throws {StorageError} If the storage is down.
 */
export async function failClaim(core: Core, claim: Claim, error: Error, stop?: AbortSignal): Promise<boolean> {
  // Whoever asks has ended the worker that held the claim.
  const options: ExecuteOptions = { owner: NOBODY, revocations: true, stop };
  const opened = await openClaim(core, claim, stop);
  if (opened === undefined) return false;
  const execution = { ...opened, core, claim, options, attempt: undefined, traceId: undefined };
  const message = isAtMostOnce(execution) ? { ...opened.message, retries: 0 } : opened.message;
  return await settleAttempt(execution, failureOutcome(message, error, core.clock.now()));
}

/**
 * Gives the claims of running attempts back to the queue and emits `interrupted` for each. What has begun and may run at most once
 * fails.
 *
 * @throws {StorageError} If the storage is down: the claims stay, for those who recover them.
 */
export async function interruptAttempts(core: Core, running: Iterable<Running>): Promise<void> {
  const attempts = [...running];
  if (attempts.length === 0) return;
  for (const attempt of attempts) {
    attempt.abandoned = true;
    attempt.abort(new CancelExecution("The consumer is stopping"));
    core.running.delete(attempt.claim.token);
  }
  const given = attempts.filter(({ begun }) => !begun);
  await core.storage.release(given.map(({ claim }) => claim));
  for (const attempt of given) {
    logTask(core, "warn", attempt.message, "was interrupted and goes back to the queue");
    await core.signals.emit(SIGNAL_INTERRUPTED, attempt.task);
  }
  for (const { begun, claim, message } of attempts) {
    if (begun) await failClaim(core, claim, lostAtMostOnce(message, "its consumer stopped"));
  }
}

/** Emits `recovered` for claims that `storage.recover()` returned. */
export async function announceRecovered(core: Core, claims: readonly Claim[]): Promise<void> {
  for (const claim of claims) {
    // One that may kill whoever decodes it is better not looked at.
    const message = claim.deliveries > core.settings.maxDeliveries ? undefined : await readMessage(core, claim);
    core.statistics?.count(message?.name ?? "", "recovered");
    const named = message === undefined ? claim.id : `${message.name}: ${claim.id}`;
    core.logger.warn(`Task ${named} was taken over from a worker that is gone`, {
      ...(message === undefined ? { taskId: claim.id, queue: core.settings.name } : aboutTask(core, message)),
    });
    if (!core.signals.has(SIGNAL_RECOVERED) || core.registry.find(message?.name ?? "") === undefined) continue;
    const whole = await readInvocation(core, claim);
    if (whole !== undefined) await core.signals.emit(SIGNAL_RECOVERED, makeTask(whole));
  }
}

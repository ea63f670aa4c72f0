/**
 * What becomes of the claims of a worker that died.
 * @module
 */
import { decodeMessage } from "../../lib/core/codec.ts";
import type { Core, Running } from "../../lib/core/core.ts";
import { TaskTimeout } from "../../lib/errors.ts";
import { announceRecovered, failClaim, interruptAttempts } from "../../lib/execution/end_claims.ts";
import { RevokedWhileRunning } from "../../lib/control/revocation.ts";
import type { Claim, Owner } from "../../lib/storage.ts";
import { makeTask } from "../../lib/composition/call.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Start } from "./protocol.ts";

/** The attempts because of which a worker was killed. */
export interface KillReason {
  /** Those that overran their timeout without yielding. */
  readonly overdue?: readonly Start[] | undefined;
  /** Those that were revoked and went on. */
  readonly revoked?: readonly Claim[] | undefined;
}

/**
 * Ends the attempts because of which the worker was killed, and puts its other claims back on the queue. Those that had begun and
 * may run at most once are failed by whoever is handed them next.
 */
export async function recoverWorker(core: Core, owner: Owner, { overdue = [], revoked = [] }: KillReason = {}): Promise<void> {
  const errors = new Map<string, Error>(overdue.map((start) => [start.token, timeoutOf(start)]));
  for (const { token, id } of revoked) errors.set(token, new RevokedWhileRunning(id));
  const claims = errors.size > 0 ? await core.storage.claimed(owner) : [];
  for (const claim of claims) {
    const error = errors.get(claim.token);
    if (error !== undefined) await failClaim(core, claim, error);
  }
  await announceRecovered(core, await core.storage.recover(owner));
}

/** Gives the claims of a worker that was killed at a forced stop back to the queue, as interrupted. */
export async function releaseWorker(core: Core, owner: Owner, logger: Logger): Promise<void> {
  const claims = await core.storage.claimed(owner);
  const running = await Promise.all(claims.map((claim) => runningOf(core, claim, logger)));
  await interruptAttempts(core, running.filter((each) => each !== undefined));
  await core.storage.recover(owner);
}

function timeoutOf({ name, id, timeoutMs }: Start): TaskTimeout {
  return new TaskTimeout(
    `Task ${name}: ${id} ran longer than its timeout of ${timeoutMs / 1000} s and did not yield: its worker was ended`,
  );
}

/** What is known from outside about a running attempt; `undefined` if its message cannot be read. */
export async function runningOf(core: Core, claim: Claim, logger: Logger): Promise<Running | undefined> {
  try {
    const message = await decodeMessage(core, claim);
    const task = makeTask(message);
    return { claim, message, task, startedMs: 0, begun: claim.begun ?? false, abort: () => {}, abandoned: true };
  } catch (error) {
    logger.debug(`The message of task ${claim.id} cannot be read`, { error });
    return undefined;
  }
}

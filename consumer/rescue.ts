/**
 * What becomes of the claims of a worker that died.
 * @module
 */
import { decodeMessage } from "../lib/codec.ts";
import type { Core, Running } from "../lib/core.ts";
import { TaskTimeout } from "../lib/errors.ts";
import { announceRecovered, failClaim, interrupt } from "../lib/execute.ts";
import type { Claim, Owner } from "../lib/storage.ts";
import { makeTask } from "../lib/task.ts";
import type { Logger } from "../lib/types/options.ts";
import type { Start } from "./protocol.ts";

/** Ends overdue attempts with a `TaskTimeout`, and puts the other claims of the worker back on the queue. */
export async function rescue(core: Core, owner: Owner, overdue: readonly Start[]): Promise<void> {
  const starts = new Map(overdue.map((start) => [start.token, start]));
  if (starts.size > 0) {
    for (const claim of await core.storage.claimed(owner)) {
      const start = starts.get(claim.token);
      if (start !== undefined) await failClaim(core, claim, timeoutOf(start));
    }
  }
  await announceRecovered(core, await core.storage.recover(owner));
}

/** Gives the claims of a worker that was killed at a forced stop back to the queue, as interrupted. */
export async function interruptClaims(core: Core, owner: Owner, logger: Logger): Promise<void> {
  const claims = await core.storage.claimed(owner);
  const running = await Promise.all(claims.map((claim) => runningOf(core, claim, logger)));
  await interrupt(core, running.filter((each) => each !== undefined));
  await core.storage.recover(owner);
}

function timeoutOf({ name, id, timeoutMs }: Start): TaskTimeout {
  return new TaskTimeout(
    `Task ${name}: ${id} ran longer than its timeout of ${timeoutMs / 1000} s and did not yield: its worker was ended`,
  );
}

async function runningOf(core: Core, claim: Claim, logger: Logger): Promise<Running | undefined> {
  try {
    const message = await decodeMessage(core, claim.data);
    const task = makeTask(message);
    return { claim, message, task, startedMs: 0, abort: () => {}, abandoned: true };
  } catch (error) {
    logger.debug(`The message of task ${claim.id} cannot be read`, { error });
    return undefined;
  }
}

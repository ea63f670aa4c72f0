/**
 * Immediate mode: whoever enqueues runs what waits, one task after another, until nothing is left.
 * @module
 */
import type { Core } from "../core/core.ts";
import { NOBODY } from "../attempt/execution.ts";
import { executeClaim } from "../execution/execute.ts";
import type { Claim } from "../storage.ts";

/** Runs what waits on the queue of a Huey that runs its tasks itself. A storage that others see has consumers for it. */
export async function drainQueue(core: Core): Promise<void> {
  if (!core.immediate || core.storage.shared) return;
  await runClaims(core, async () => (await core.storage.claim(1, NOBODY)).claims[0]);
}

/** Runs claims until there is none. */
export async function runClaims(core: Core, claimNext: () => Promise<Claim | undefined>): Promise<void> {
  for (let claim = await claimNext(); claim !== undefined; claim = await claimNext()) {
    await executeClaim(core, claim, { owner: undefined, revocations: true });
  }
}

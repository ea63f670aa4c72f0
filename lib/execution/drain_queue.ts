/**
 * Immediate mode: what was put on the queue of the Huey itself, and not on that of a call.
 * @module
 */
import type { Core } from "../core/core.ts";
import { executeClaim } from "./execute.ts";

const NOBODY = { consumer: "", worker: "" };

/** Runs what waits on the queue, if this Huey runs its tasks itself. A storage that others see has consumers for it. */
export async function drainQueue(core: Core): Promise<void> {
  if (!core.immediate || core.storage.shared) return;
  for (;;) {
    const { claims: [claim] } = await core.storage.claim(1, NOBODY);
    if (claim === undefined) return;
    await executeClaim(core, claim, { owner: undefined, revocations: true });
  }
}

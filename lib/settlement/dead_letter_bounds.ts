/**
 * How many messages that nobody could run are kept.
 * @module
 */
import type { Core } from "../core/core.ts";
import { answerInTime } from "../core/patience.ts";
import type { DeadLetterKind } from "../storage.ts";

/** So many of each kind; the oldest go. Failed tasks have bounds of their own. */
export const MAX_DEAD_LETTERS = 100_000;
/** The count is asked for after so many dead letters of this process, the first included. */
const LOOK_EVERY = 1000;

const countsByCore: WeakMap<Core, Map<DeadLetterKind, number>> = new WeakMap();

/** Says that old dead letters are lost. Looks now and then. */
export async function warnWhenDeadLettersFull(core: Core, kind: DeadLetterKind): Promise<void> {
  let counts = countsByCore.get(core);
  if (counts === undefined) countsByCore.set(core, counts = new Map());
  const before = counts.get(kind) ?? 0;
  counts.set(kind, before + 1);
  if (before % LOOK_EVERY !== 0) return;
  try {
    const count = await answerInTime(core, "count the dead letters", core.storage.deadLetterCount({ kind }));
    if (count < MAX_DEAD_LETTERS) return;
    core.logger.warn(`${MAX_DEAD_LETTERS} dead letters of kind "${kind}" are kept, and no more: the oldest are lost now`);
  } catch (error) {
    core.logger.debug("The dead letters cannot be counted", { error });
  }
}

/**
 * How many messages that nobody could run are kept.
 * @module
 */
import type { Core } from "../core/core.ts";
import type { DeadLetterKind } from "../storage.ts";

/** So many of each kind; the oldest go. Failed tasks have bounds of their own. */
export const MOST_LETTERS = 100_000;
/** The count is asked for after so many burials of this process, the first included. */
const LOOK_EVERY = 1000;

const burials: WeakMap<Core, Map<DeadLetterKind, number>> = new WeakMap();

/** Says that old dead letters are lost. Looks now and then. */
export async function warnWhenFull(core: Core, kind: DeadLetterKind): Promise<void> {
  let counts = burials.get(core);
  if (counts === undefined) burials.set(core, counts = new Map());
  const before = counts.get(kind) ?? 0;
  counts.set(kind, before + 1);
  if (before % LOOK_EVERY !== 0) return;
  try {
    if (await core.storage.deadLetterCount({ kind }) < MOST_LETTERS) return;
    core.logger.warn(`${MOST_LETTERS} dead letters of kind "${kind}" are kept, and no more: the oldest are lost now`);
  } catch (error) {
    core.logger.debug("The dead letters cannot be counted", { error });
  }
}

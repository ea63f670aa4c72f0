/**
 * Which states of a task are ends.
 * @module
 */
import { ENDINGS, type StoredState } from "../storage.ts";

const ENDED: ReadonlySet<string> = new Set(ENDINGS);

/** Whether a task in this state has ended, so that nothing more happens to it by itself. */
export function isEnded(stored: StoredState | undefined): boolean {
  return stored !== undefined && ENDED.has(stored.state);
}

/**
 * Notices that the process that started this one is gone.
 * @module
 */
import { startInterval, systemClock } from "../../lib/primitives/clock.ts";
import process from "node:process";

/** How often the parent is looked at, for the case that the end of the channel to it goes unnoticed (seen with Deno). */
const LOOK_MS = 500;

/**
 * Calls back once, when the parent is gone.
 *
 * @param parent Process id of the parent.
 * @param orphaned What to do then.
 */
export function watchParent(parent: number, orphaned: () => void): void {
  const timer = startInterval(systemClock, LOOK_MS, () => {
    if (process.ppid !== parent) tell();
  });
  process.on("disconnect", tell);
  function tell(): void {
    timer.stop();
    process.off("disconnect", tell);
    orphaned();
  }
}

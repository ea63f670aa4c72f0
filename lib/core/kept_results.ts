/**
 * Whether values and errors of a task are stored.
 * @module
 */
import type { Core } from "./core.ts";
import type { Message } from "../message/message.ts";

/** Whether those of an invocation are: its own option comes first, then that of its task, then that of the Huey. */
export function keepsResult(core: Core, { results }: Message): boolean {
  return results ?? core.settings.results;
}

/** Whether those of a task of which only the id is known may be. */
export function mayKeepResults(core: Core): boolean {
  return core.settings.results || core.registry.known().some(({ blank }) => blank.results === true);
}

/**
 * How a revocation is stored: JSON, so that other programs can revoke too.
 * @module
 */
import type { Core } from "../core/core.ts";
import { readJson } from "../primitives/json.ts";
import { isRecord } from "../primitives/limits.ts";

/** How much of an invocation goes on under another id: with all that follows it, or alone; its place in a chord in both cases. */
export type RescheduleExtent = "whole" | "alone";

/** Under which key the revocation of an invocation is stored. */
export function revocationKey(id: string): string {
  return `r:${id}`;
}

/** Under which key the revocation of a whole task is stored. */
export function taskRevocationKey(name: string): string {
  return `rt:${name}`;
}

/** A revocation, as it stands under `r:<task id>` or `rt:<task name>`. */
export interface Revocation {
  /** The invocation that a one-shot revocation of its task has stopped; the entry goes with its settlement. */
  readonly by?: string | undefined;
  readonly rescheduled?: RescheduleExtent | undefined;
  readonly until?: number | undefined;
  readonly once?: boolean | undefined;
}

/** What stands under a key; `undefined` for nothing, and, with a line in the log, for what is no revocation. */
export function revocationOf(core: Core, key: string, data: Uint8Array | undefined): Revocation | undefined {
  const found = readJson(data);
  if (isRevocation(found)) return found;
  if (data !== undefined) tell(core, key);
  return undefined;
}

function isRevocation(found: unknown): found is Revocation {
  if (!isRecord(found)) return false;
  const { by, rescheduled, until, once } = found;
  const isNote = by === undefined || typeof by === "string";
  const isTime = until === undefined || Number.isFinite(until);
  return isNote && isTime && (once === undefined || typeof once === "boolean") &&
    (rescheduled === undefined || rescheduled === "whole" || rescheduled === "alone");
}

const told = new WeakMap<Core, Set<string>>();
const MOST_TOLD = 1000;

/** Once for each: every task asks for the revocation of its kind. */
function tell(core: Core, key: string): void {
  let keys = told.get(core);
  if (keys === undefined || keys.size >= MOST_TOLD) told.set(core, keys = new Set());
  if (keys.has(key)) return;
  keys.add(key);
  core.logger.warn(`The revocation stored under ${JSON.stringify(key)} cannot be read: it is skipped`);
}

/**
 * Ids of tasks: UUIDs of version 7 (RFC 9562), which begin with the time, so that an index over them grows at its end.
 * @module
 */
import { systemClock } from "./clock.ts";

let prefixMs = NaN;
let prefix = "";

/** A new id. */
export function newId(): string {
  const nowMs = systemClock.now();
  if (nowMs !== prefixMs) {
    const time = nowMs.toString(16).padStart(12, "0");
    prefix = `${time.slice(0, 8)}-${time.slice(8)}-7`;
    prefixMs = nowMs;
  }
  return prefix + crypto.randomUUID().slice(15);
}

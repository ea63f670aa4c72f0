/**
 * The clock of any Huey.
 * @module
 */
import { coreOf } from "../lib/core/core.ts";
import type { Huey } from "../lib/huey/huey.ts";
import type { Clock } from "../lib/primitives/clock.ts";

/** The clock that a Huey reads. @throws {TypeError} If it is no Huey. */
export function clockOf(huey: Huey): Clock {
  const core = coreOf(huey);
  if (core === undefined) throw new TypeError(`Expected a Huey: ${String(huey)}`);
  return core.clock;
}

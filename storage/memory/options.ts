/**
 * Options of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";

/** Options of `MemoryStorage`. */
export interface MemoryStorageOptions {
  /** Name of the queue. Default "huey". */
  readonly name?: string;
  /** The time. Default: the machine's. */
  readonly clock?: Clock;
}

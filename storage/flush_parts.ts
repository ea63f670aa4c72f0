/**
 * The parts of a queue.
 * @module
 */
import type { FlushPart } from "../lib/storage.ts";

/** What a flush deletes that names no parts. */
export const ALL_PARTS: readonly FlushPart[] = [
  "queue",
  "schedule",
  "results",
  "locks",
  "data",
  "revocations",
  "counters",
  "deadLetters",
  "stats",
];

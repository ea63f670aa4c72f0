/**
 * The state of a memory storage as plain data: arrays, objects, texts, numbers and bytes.
 * @module
 */
import type { Pause } from "../../lib/storage.ts";
import type { SavedEntry } from "../expiring_map.ts";
import type { SavedChord } from "./chords.ts";
import type { SavedClaims } from "./claims.ts";
import type { MemoryContent } from "./content.ts";
import type { SavedCounts } from "./counts.ts";
import type { SavedDeadLetters } from "./dead_letters.ts";
import type { SavedGates } from "./gates.ts";
import type { SavedLocks } from "./locks.ts";
import type { SavedQueue } from "./queue.ts";
import type { SavedResults } from "./results.ts";
import type { SavedSchedule } from "./schedule.ts";
import type { Stored } from "./space.ts";
import type { SavedSteps } from "./steps.ts";
import type { SavedTaskState } from "./tracker.ts";
import type { Holder } from "./unique.ts";

/** Everything a queue keeps. Two stores to which the same was done at the same times have equal ones, whatever was read between. */
export interface SavedState {
  readonly results: SavedResults;
  readonly locks: SavedLocks;
  readonly data: readonly SavedEntry<Stored>[];
  readonly revocations: readonly SavedEntry<Stored>[];
  readonly meta: readonly SavedEntry<Stored>[];
  readonly counters: readonly SavedEntry<number>[];
  readonly uniqueKeys: readonly SavedEntry<Holder>[];
  readonly queue: SavedQueue;
  readonly schedule: SavedSchedule;
  readonly gates: SavedGates;
  readonly claims: SavedClaims;
  readonly steps: readonly SavedSteps[];
  readonly chords: readonly SavedChord[];
  readonly tracker: readonly SavedTaskState[];
  readonly deadLetters: SavedDeadLetters;
  readonly stats: SavedCounts;
  readonly pause?: Pause | undefined;
}

/** What is saved of a content. It shares bytes and records with it, none of which ever changes. */
export function saveContent(content: MemoryContent): SavedState {
  const save = content.uniqueKeys.itemSaver();
  return {
    results: content.results.saved(),
    locks: content.locks.saved(),
    data: content.data.savedEntries(),
    revocations: content.revocations.savedEntries(),
    meta: content.meta.savedEntries(),
    counters: content.counters.saved(),
    uniqueKeys: content.uniqueKeys.saved(),
    queue: content.queue.saved(save),
    schedule: content.schedule.saved(save),
    gates: content.gates.saved(save),
    claims: content.claims.saved(save),
    steps: content.steps.saved(),
    chords: content.chords.saved(),
    tracker: content.tracker.saved(),
    deadLetters: content.deadLetters.saved(),
    stats: content.stats.saved(),
    pause: content.pause.saved(),
  };
}

/** Puts what was saved in place of a content. Bytes are taken as they are. */
export function restoreContent(content: MemoryContent, saved: SavedState): void {
  content.results.restore(saved.results);
  content.locks.restore(saved.locks);
  content.data.restoreEntries(saved.data);
  content.revocations.restoreEntries(saved.revocations);
  content.meta.restoreEntries(saved.meta);
  content.counters.restore(saved.counters);
  content.uniqueKeys.restore(saved.uniqueKeys);
  const load = content.uniqueKeys.itemLoader();
  content.queue.restore(saved.queue, load);
  content.schedule.restore(saved.schedule, load);
  content.gates.restore(saved.gates, load);
  content.claims.restore(saved.claims, load);
  content.steps.restore(saved.steps);
  content.chords.restore(saved.chords);
  content.tracker.restore(saved.tracker);
  content.deadLetters.restore(saved.deadLetters);
  content.stats.restore(saved.stats);
  content.pause.restore(saved.pause);
}

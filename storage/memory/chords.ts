/**
 * Chords of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { ChordRecord, ChordReport, Collected, Item } from "../../lib/storage.ts";
import { copyBytes } from "../bytes.ts";

interface Chord extends ChordRecord {
  /** What the members have reported, by place. */
  readonly values: Map<number, Uint8Array>;
  /** When the last place was filled, */
  filledMs?: number | undefined;
  /** and by which claim. */
  filledBy?: string | undefined;
}

/** A chord as it is saved. */
export interface SavedChord extends ChordRecord {
  readonly values: readonly (readonly [index: number, value: Uint8Array])[];
  readonly filledMs?: number | undefined;
  readonly filledBy?: string | undefined;
}

/** Chords by id, from the enqueueing of their members until their callback has ended. */
export class MemoryChords {
  readonly #clock: Pick<Clock, "now">;
  readonly #chords = new Map<string, Chord>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Keeps a chord. One that is there already is left as it is. */
  add({ id, size, callback }: ChordRecord): void {
    if (this.#chords.has(id)) return;
    this.#chords.set(id, { id, size, callback: { ...callback, data: copyBytes(callback.data) }, values: new Map() });
  }

  /** Fills a place. @returns the callback, if that was the last place */
  report({ id, index, value }: ChordReport, token: string | undefined): Item | undefined {
    const chord = this.#chords.get(id);
    if (chord === undefined || chord.values.has(index) || index < 0 || index >= chord.size) return undefined;
    chord.values.set(index, copyBytes(value));
    if (chord.values.size < chord.size) return undefined;
    chord.filledMs = this.#clock.now();
    chord.filledBy = token;
    return chord.callback;
  }

  /** The callback of a chord whose last place was filled with this claim. */
  filledBy(id: string, token: string): Item | undefined {
    const chord = this.#chords.get(id);
    return chord?.filledBy === token ? chord.callback : undefined;
  }

  /** What the members have reported. */
  collect(id: string): Collected {
    const chord = this.#chords.get(id);
    const values = Array.from({ length: chord?.size ?? 0 }, (_, index) => chord?.values.get(index));
    return { values, filledMs: chord?.filledMs };
  }

  /** Forgets a chord. */
  drop(id: string): void {
    this.#chords.delete(id);
  }

  /** Forgets all. */
  clear(): void {
    this.#chords.clear();
  }

  /** Everything there is. */
  saved(): SavedChord[] {
    return [...this.#chords.values()].map((chord) => ({ ...chord, values: [...chord.values] }));
  }

  /** Takes over what was saved, in place of everything. */
  restore(saved: readonly SavedChord[]): void {
    this.clear();
    for (const chord of saved) this.#chords.set(chord.id, { ...chord, values: new Map(chord.values) });
  }
}

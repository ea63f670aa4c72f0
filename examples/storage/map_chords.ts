/**
 * Chords of the storage in map_storage.ts.
 * @module
 */
import type { ChordRecord, ChordReport, Collected, Item } from "@hueyjs/huey";

type Chord = ChordRecord & { values: (Uint8Array | undefined)[]; filledMs?: number; filledBy?: string | undefined };

/** Chords by id. */
export class MapChords extends Map<string, Chord> {
  add(chord: ChordRecord): void {
    if (!this.has(chord.id)) this.set(chord.id, { ...chord, values: Array(chord.size).fill(undefined) });
  }

  /** Fills a place. @returns the callback, if that was the last place */
  report({ id, index, value }: ChordReport, token: string | undefined, nowMs: number): Item | undefined {
    const chord = this.get(id);
    if (!chord || !(index in chord.values) || chord.values[index]) return undefined;
    chord.values[index] = new Uint8Array(value);
    if (chord.values.includes(undefined)) return undefined;
    Object.assign(chord, { filledMs: nowMs, filledBy: token });
    return chord.callback;
  }

  /** The callback of a chord whose last place this claim has filled. */
  filledBy(id: string | undefined, token: string): Item | undefined {
    const chord = this.get(id ?? "");
    return chord?.filledBy === token ? chord.callback : undefined;
  }

  collect(id: string): Collected {
    const { values = [], filledMs } = this.get(id) ?? {};
    return { values, filledMs };
  }
}

// Output:

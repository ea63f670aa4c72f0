/**
 * Chords as the storage keeps them: each once, with its callback. Its members carry their place only, which the report of their end fills.
 * @module
 */
import { chordPlace, encodeItem } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { newId } from "../primitives/ids.ts";
import { withoutUnique } from "../message/keys.ts";
import type { ChordMembership, ChordMessage } from "../message/message.ts";
import { plainValue } from "../serializer/spread.ts";
import type { ChordRecord, ChordReport } from "../storage.ts";

/** The records of chords, ready for the storage; `undefined` if there are none. */
export async function chordRecords(core: Core, chords: readonly ChordMessage[]): Promise<ChordRecord[] | undefined> {
  if (chords.length === 0) return undefined;
  const records: ChordRecord[] = [];
  for (const { chord: id, members, callback } of chords) {
    // When it expires is known when the last place is filled.
    records.push({
      id,
      size: members.length,
      callback: await encodeItem(core, {
        ...withoutUnique(callback),
        ...(callback.run === undefined ? {} : { run: newId() }),
        valuesOf: id,
        places: members.length,
      }),
    });
  }
  return records;
}

/** Fills a place with a value: what the member returned, or its error. */
export async function chordReportOf(core: Core, membership: ChordMembership, value: unknown): Promise<ChordReport> {
  const { id, index } = membership;
  return {
    id,
    index,
    value: await core.serializer.serialize(plainValue(value), chordPlace(core, id, index)),
  };
}

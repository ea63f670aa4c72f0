/**
 * The report of a chord member, as the storage takes it.
 * @module
 */
import { chordPlace } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import type { ChordMembership } from "../message/message.ts";
import { plainValue } from "../serializer/spread.ts";
import type { ChordReport } from "../storage.ts";

/** Fills a place with a value: what the member returned, or its error. */
export async function chordReportOf(core: Core, membership: ChordMembership, value: unknown): Promise<ChordReport> {
  const { id, index } = membership;
  return {
    id,
    index,
    value: await core.serializer.serialize(plainValue(value), chordPlace(core, id, index)),
  };
}

/**
 * Stages everything that finishing one attempt means.
 * @module
 */
import type { Settlement } from "../../lib/storage.ts";
import { claimPath } from "./claims.ts";
import type { FileDeadLetters } from "./dead_letters.ts";
import type { Disk } from "./disk.ts";
import { decodeName, hashOf, timeOf } from "./layout.ts";
import type { Ended, Notices } from "./notices.ts";
import { encodeRecord } from "./record.ts";
import { encodeItem, stepOfItem, type Undo } from "./steps.ts";
import type { Tracks } from "./tracks.ts";
import type { Draft, Transactions } from "./transaction.ts";
import { type Entry, type FileValues, holderFolder } from "./values.ts";

/** What settlements touch. */
export interface SettlementParts {
  readonly disk: Disk;
  readonly transactions: Transactions;
  readonly notices: Notices;
  readonly deadLetters: FileDeadLetters;
  readonly data: FileValues;
  readonly revocations: FileValues;
  readonly tracks: Tracks;
}

const NOTHING = new Uint8Array();

/** Settles. @returns false, and nothing is written, if the claim is no longer held */
export async function settle(settlement: Settlement, parts: SettlementParts): Promise<boolean> {
  const { claim } = settlement;
  if (claim && !parts.disk.exists(claimPath(claim.token))) return false;
  const draft = parts.transactions.draft();
  try {
    stageMessages(draft, settlement, parts);
    stageEnding(draft, settlement, parts);
    for (const { id, result } of settlement.canceled ?? []) {
      stageEnding(draft, { id, result, ending: "canceled", noticeTtlMs: settlement.noticeTtlMs }, parts);
    }
    stageUndo(draft, settlement, parts);
  } catch (error) {
    draft.discard();
    throw error;
  }
  if (!await commit(draft, claim?.token, parts)) return false;
  await tidy(settlement, parts);
  return true;
}

/** A settlement that writes nothing needs no transaction. */
async function commit(draft: Draft, token: string | undefined, { disk, transactions }: SettlementParts): Promise<boolean> {
  if (draft.files.length > 0) return await transactions.commit(draft, token && claimPath(token));
  return token === undefined || disk.remove(claimPath(token));
}

/** Removes what has no meaning any more; nothing is wrong if that is never done. */
async function tidy({ id, claim, ending, bury, dropLocks }: Settlement, { disk, tracks }: SettlementParts): Promise<void> {
  if (ending !== undefined && bury === undefined && claim?.track !== false) tracks.forget(hashOf(id));
  if (claim && !dropLocks && disk.exists(holderFolder(claim.token))) await disk.removeTree(holderFolder(claim.token));
}

function stageMessages(draft: Draft, { id, claim, enqueue, chord, bury }: Settlement, { deadLetters }: SettlementParts): void {
  for (const item of enqueue ?? []) draft.add(stepOfItem(item), encodeItem(item));
  if (chord) {
    const hash = hashOf(chord.id);
    draft.add(["report", hash, String(chord.index)], encodeRecord({ size: chord.size }, chord.value));
    draft.add(["callback", hash, String(chord.size), ...stepOfItem(chord.callback)], encodeItem(chord.callback));
  }
  if (bury) {
    const { data, ...burial } = bury;
    const { priority, track } = claim ?? { priority: 0, track: true };
    const itemId = bury.taskId ?? id;
    const { file, bytes } = deadLetters.encode({ ...burial, priority, track, itemId }, data);
    draft.add(["dead", file, track ? hashOf(itemId) : "-"], bytes);
  }
}

/** With a result there is no need for a notice; when the result is taken, it leaves one. */
function stageEnding(draft: Draft, settlement: Settlement, { data, notices }: SettlementParts): void {
  const { id, result, noticeTtlMs } = settlement;
  const ended = endedOf(settlement);
  const hash = hashOf(id);
  if (result) {
    const entry: Entry = ended ? { key: id, ended } : { key: id };
    draft.add(["value", data.space, hash], encodeRecord(entry, result));
  } else if (ended && noticeTtlMs > 0) {
    draft.add(["notice", String(ended.untilMs), hash], notices.encode(ended));
  }
}

function stageUndo(draft: Draft, settlement: Settlement, { disk, revocations }: SettlementParts): void {
  const { claim, dropLocks, dropChord } = settlement;
  const forget = (settlement.forget ?? []).flatMap((key) => {
    const identity = disk.identity(revocations.path(key));
    return identity === undefined ? [] : [{ hash: hashOf(key), identity }];
  });
  const holder = claim && dropLocks && disk.exists(holderFolder(claim.token)) ? claim.token : undefined;
  if (forget.length === 0 && dropChord === undefined && holder === undefined) return;
  const undo: Undo = { forget, dropChord: dropChord === undefined ? undefined : hashOf(dropChord), dropLocks: holder };
  draft.add(["undo"], encodeRecord(undo, NOTHING));
}

function endedOf({ ending, claim, noticeTtlMs: ttlMs }: Settlement): Ended | undefined {
  if (ending === undefined) return undefined;
  const ended = { ending, ttlMs, untilMs: Date.now() + ttlMs };
  if (ending !== "running" || claim === undefined) return ended;
  const [, worker = "", file = ""] = claim.token.split("/");
  return { ...ended, worker: decodeName(worker), sinceMs: timeOf(file.split(".")[2]!) };
}

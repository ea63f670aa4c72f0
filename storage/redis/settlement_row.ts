/**
 * A settlement as the settle script reads it.
 * @module
 */
import type { CanceledStep, Settlement } from "../../lib/storage.ts";
import { packableBurial } from "./dead_letters.ts";
import { isSpecial, packableChord, packableItem } from "./enqueue.ts";
import { double, noticeText, resultText } from "./records/bytes.ts";
import { heirOf, holdOf, passedName, sizeOfRequest } from "./records/claim.ts";
import type { Packable } from "./records/pack.ts";

/** No notice is kept for longer: a hundred years. */
const LONGEST_NOTICE_MS = 3_155_760_000_000;

/** How many values a row has. */
export const ROW_LENGTH = 7;

const NO_HOLD = { request: undefined, number: 0 };

/**
 * Settlements by the requests of their claims: the request, whether these are all that it has claimed, and the rows, one behind the other. A row is
 * the number of the settlement, the number of its claim, the id of the task, its end, and what most settlements do not have. False for what there
 * is not.
 *
 * @param expireMs The life of results of which a settlement does not say it.
 */
export function groupsOf(batch: readonly Settlement[], expireMs: number | undefined): Packable {
  const groups = new Map<string | undefined, { size: number | undefined; numbers: Set<number>; rows: Packable[] }>();
  batch.forEach((settlement, place) => {
    const { claim, id } = settlement;
    const { request, number } = claim ? holdOf(claim) : NO_HOLD;
    let group = groups.get(request);
    if (group === undefined) groups.set(request, group = { size: claim && sizeOfRequest(claim), numbers: new Set(), rows: [] });
    group.numbers.add(number);
    group.rows.push(place, double(number), id, ...endOf(settlement, expireMs), more(settlement, expireMs));
  });
  return Array.from(groups, ([request, { size, numbers, rows }]) => {
    return [request, numbers.size === size && rows.length === size * ROW_LENGTH, rows];
  });
}

type End = readonly [kind: "results" | "notices" | false, lifeMs: number, text: string | Buffer];

/** Where the end of the task is stored, for how long, 0 for always or for a notice that is not kept, and its text. */
function endOf(settlement: Settlement, expireMs: number | undefined): End {
  const { claim, result, ending, noticeTtlMs } = settlement;
  const about = claim === undefined || claim.track ? settlement.about : undefined;
  if (result) return ["results", resultLife(settlement, expireMs), resultText(result, ending, noticeTtlMs, about)];
  return ending ? ["notices", noticeLife(settlement), noticeText(ending, about)] : [false, 0, ""];
}

/**
 * True if there is nothing but the revocation of the task to delete, as with most. Else whether the claim holds a gate or a key,
 * revocations to delete, what follows, whether older ends of the task count no more, and what is rare.
 */
function more(settlement: Settlement, expireMs: number | undefined): Packable {
  const { claim, id, result, dropRevocations, enqueue, next } = settlement;
  const holds = claim !== undefined && isSpecial(claim);
  // A result of an earlier attempt would outlive the one that is stored now.
  const overtakes = claim === undefined || (result !== undefined && claim.retry === true);
  const follows = holds || enqueue !== undefined || next !== undefined;
  const rare = isRare(settlement) && rarities(settlement, expireMs);
  if (!follows && !overtakes && !rare) {
    if (dropRevocations === undefined) return false;
    if (dropRevocations.length === 1 && dropRevocations[0] === `r:${id}`) return true;
  }
  return [holds, dropRevocations, follows && packableFollowing(settlement), overtakes, rare];
}

/** Whom the gate of the claim goes to, what follows, and the next attempt, each with its due time. */
function packableFollowing({ claim, enqueue = [], next, passLocks }: Settlement): Packable {
  const heir = claim && passLocks && [passLocks.consumer, passLocks.worker, passedName(claim)];
  return [heir, enqueue.map(packableItem), next && packableItem(next)];
}

/** Whether there is more to a settlement than the end of a task and what follows. */
function isRare({ chord, chords, dropChord, bury, dropLocks, passLocks, dropSteps, canceled }: Settlement): boolean {
  return dropLocks === true ||
    [chord, chords, dropChord, bury, passLocks, dropSteps, canceled].some((one) => one !== undefined);
}

/** By a word, in the order in which it is to happen. */
function rarities(settlement: Settlement, expireMs: number | undefined): Packable {
  const { claim, chord, chords = [], dropChord, bury, dropLocks, passLocks, dropSteps, canceled = [], about = "" } = settlement;
  const all: Packable[] = chords.map((record) => ["chord", ...packableChord(record)]);
  if (dropChord !== undefined) all.unshift(["dropChord", dropChord]);
  if (chord) all.push(["report", chord.id, String(chord.index), chord.value, claim ? String(holdOf(claim).number) : ""]);
  if (bury) all.push(["bury", ...packableBurial(bury, settlement)]);
  // The state of a failed task is told by its notice.
  if (bury && bury.kind !== "failed" && (claim?.track ?? true)) all.push(["state", bury.taskId ?? settlement.id, `d${about}`]);
  if (dropSteps !== undefined) all.push(["dropSteps", dropSteps]);
  if (claim && passLocks) all.push(["passLocks", claim.token, heirOf(claim, passLocks)]);
  else if (claim && dropLocks) all.push(["dropLocks", claim.token]);
  for (const step of canceled) all.push(["cancel", ...packableCancel(step, settlement, expireMs)]);
  return all;
}

/** Id of the step, and its end. */
function packableCancel(
  { id, result }: CanceledStep,
  settlement: Settlement,
  expireMs: number | undefined,
): readonly Packable[] {
  const { noticeTtlMs, resultTtlMs } = settlement;
  return [id, ...endOf({ id, result, ending: "canceled", noticeTtlMs, resultTtlMs }, expireMs)];
}

/** 0 for no end. */
function resultLife({ resultTtlMs }: Settlement, expireMs: number | undefined): number {
  const ttlMs = resultTtlMs ?? expireMs;
  return ttlMs === undefined || ttlMs === Infinity ? 0 : Math.max(1, Math.ceil(ttlMs));
}

/** 0 for a notice that is not kept. */
function noticeLife({ noticeTtlMs }: Settlement): number {
  return noticeTtlMs > 0 ? Math.min(Math.ceil(noticeTtlMs), LONGEST_NOTICE_MS) : 0;
}

/** Of how many bytes a settlement is, roughly. */
export function sizeOf({ result, enqueue, next, chord, bury }: Settlement): number {
  let size = 200 + (result?.length ?? 0) + (chord?.value.length ?? 0) + (bury?.data.length ?? 0) + (bury?.error?.length ?? 0);
  if (next) size += next.data.length;
  if (enqueue) { for (const { data } of enqueue) size += data.length; }
  return size;
}

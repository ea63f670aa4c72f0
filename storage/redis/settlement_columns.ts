/**
 * Settlements as the settle script reads them.
 * @module
 */
import type { CanceledStep, Ending, Settlement } from "../../lib/storage.ts";
import { double, endingTag, resultText } from "./records/bytes.ts";
import { heirOf, type Hold, holdOf, passedName } from "./records/claim.ts";
import { packableBurial } from "./dead_letters.ts";
import type { Argument } from "./connection/dial.ts";
import { Added, mustEnter, packableEntering } from "./enqueue.ts";
import { type Packable, packedArguments } from "./records/pack.ts";

/** Claims of one request that are settled. */
interface Group {
  readonly size: number;
  readonly numbers: Set<number>;
}

/** Endings of one kind. */
interface Notices {
  readonly ttlMs: number;
  readonly letter: string;
  readonly ids: string[];
  /** What each of them says of itself; true: the same as the one before. */
  readonly abouts: (string | true)[] | undefined;
  about: string;
}

/** Settlements that go as one, in the columns of the settle script. */
export class SettlementColumns {
  readonly #expireMs: number | undefined;
  readonly #added = new Added();
  /** By request. */
  readonly #claims = new Map<string, Group>();
  readonly #results: Packable[] = [];
  readonly #gone: string[] = [];
  /** By what they say and for how long. */
  readonly #notices = new Map<string, Notices>();
  readonly #ended: string[] = [];
  readonly #dropRevocations: string[] = [];
  /** Of whom something may be stored that would outlive what is stored now: of an earlier attempt, or that it runs. */
  readonly #overtaken: string[] = [];
  /** What only some settlements have: a word, the number of the settlement, and more; see the script. */
  readonly #more: Packable[] = [];

  /** @param expireMs The life of results of which the settlement does not say it. */
  constructor(expireMs: number | undefined) {
    this.#expireMs = expireMs;
  }

  /** @param number The place among those that go as one. @returns false, and nothing is added, if the same claim is settled already */
  add(settlement: Settlement, number: number): boolean {
    const { claim, id, result, ending, dropRevocations } = settlement;
    if (claim && !this.#dropClaim(holdOf(claim))) return false;
    if (claim || ending) this.#gone.push(id);
    // Also a retry overtakes the notice that an at-most-once task runs.
    if (!claim || (result && claim.retry)) this.#overtaken.push(id);
    if (result) {
      const text = resultText(result, ending, settlement.noticeTtlMs, aboutOf(settlement));
      this.#results.push(id, text, resultLife(settlement, this.#expireMs));
    }
    if (ending && (!result || outlivesResult(settlement, this.#expireMs))) this.#note(settlement, ending, aboutOf(settlement));
    if (result || ending) this.#ended.push(id);
    if (dropRevocations) { for (const key of dropRevocations) this.#dropRevocations.push(key); }
    if (hasToEnter(settlement)) this.#more.push(packableEntry(settlement, number));
    else this.#addFollowing(settlement);
    if (isRare(settlement)) this.#addRare(settlement, number);
    return true;
  }

  /** @param inFull Names each claim, also where all that a request has claimed is settled at once. */
  args(inFull: boolean): Argument[] {
    const gone = this.#gone;
    // In the usual case the same ids would go again and again.
    const idsOr = (ids: readonly string[]): Packable => sameIds(ids, gone) || ids;
    return packedArguments([
      this.#added.columns,
      [...this.#claims].map(([request, { size, numbers }]) => [
        request,
        numbers.size === size && !inFull ? String(size) : Array.from(numbers, double),
      ]),
      this.#results,
      areIdsOf(this.#results, gone) || gone,
      Array.from(this.#notices.values(), ({ ttlMs, letter, ids, abouts }) => [ttlMs, letter, idsOr(ids), abouts]),
      idsOr(this.#ended),
      areRevocationsOf(gone, this.#dropRevocations) || this.#dropRevocations,
      this.#overtaken,
      this.#more,
    ]);
  }

  #addFollowing({ enqueue, next }: Settlement): void {
    if (enqueue) { for (const item of enqueue) this.#added.add(item); }
    if (next) this.#added.add(next);
  }

  #addRare(settlement: Settlement, number: number): void {
    const { claim, chord, chords = [], dropChord, bury, dropLocks, passLocks, dropSteps, canceled = [] } = settlement;
    const more = (word: string, ...values: Packable[]): void => void this.#more.push([word, number, ...values]);
    if (dropChord !== undefined) more("dropChord", dropChord);
    for (const { id, size, callback } of chords) more("chord", id, String(size), packableEntering(callback));
    if (chord) more("report", chord.id, String(chord.index), chord.value, claim ? String(holdOf(claim).number) : "");
    if (bury) {
      more("bury", ...packableBurial(bury, settlement));
      // The state of a failed task is told by its notice.
      if (bury.kind !== "failed" && (claim?.track ?? true)) {
        this.#added.states.push(bury.taskId ?? settlement.id, deadState(settlement));
      }
    }
    if (dropSteps !== undefined) more("dropSteps", dropSteps);
    if (claim && passLocks) more("passLocks", claim.token, heirOf(claim, passLocks));
    else if (claim && dropLocks) more("dropLocks", claim.token);
    for (const step of canceled) this.#cancel(step, settlement);
  }

  #cancel({ id, result }: CanceledStep, settlement: Settlement): void {
    const { noticeTtlMs } = settlement;
    if (result) this.#results.push(id, resultText(result, "canceled", noticeTtlMs), resultLife(settlement, this.#expireMs));
    if (!result || outlivesResult(settlement, this.#expireMs)) this.#note({ id, noticeTtlMs }, "canceled");
    this.#ended.push(id);
  }

  #dropClaim({ request, size, number }: Hold): boolean {
    let group = this.#claims.get(request);
    if (group === undefined) this.#claims.set(request, group = { size, numbers: new Set() });
    if (group.numbers.has(number)) return false;
    group.numbers.add(number);
    return true;
  }

  #note({ id, noticeTtlMs }: Settlement, ending: Ending, about: string = ""): void {
    const kind = `${ending} ${noticeTtlMs} ${about !== ""}`;
    let notices = this.#notices.get(kind);
    if (notices === undefined) {
      const abouts = about === "" ? undefined : [];
      this.#notices.set(kind, notices = { ttlMs: noticeTtlMs, letter: endingTag(ending), ids: [], abouts, about: "" });
    }
    notices.ids.push(id);
    notices.abouts?.push(about === notices.about || about);
    notices.about = about;
  }
}

/** What waits for the settlement of its claim, as to gates and keys: request and number of the claim, whom its gate goes to, what follows. */
function packableEntry({ claim, enqueue = [], next, passLocks }: Settlement, number: number): Packable {
  const hold = claim && holdOf(claim);
  const heir = claim && passLocks && [passLocks.consumer, passLocks.worker, passedName(claim)];
  const following = enqueue.map(packableEntering);
  return ["item", number, hold?.request, hold && double(hold.number), heir, following, next && packableEntering(next)];
}

function deadState({ about = "" }: Settlement): string {
  return `d${about}`;
}

/** Whether a gate or a key has to do with a settlement. */
function hasToEnter({ claim, enqueue, next }: Settlement): boolean {
  return [claim, next].some((item) => item && mustEnter(item)) || (enqueue?.some(mustEnter) ?? false);
}

/** What is kept with an ending. */
function aboutOf({ claim, about }: Settlement): string | undefined {
  return claim === undefined || claim.track ? about : undefined;
}

/** Arguments of the script for one task that has ended, if nothing follows; `undefined` if there is more to it. */
export function plainEnd(settlement: Settlement, expireMs: number | undefined): Argument[] | undefined {
  const { claim, id, result, ending, noticeTtlMs, dropRevocations = [], enqueue, next } = settlement;
  if (claim === undefined || ending === undefined || mustEnter(claim)) return undefined;
  if (enqueue || next || !(noticeTtlMs > 0) || (result && claim.retry) || isRare(settlement)) return undefined;
  if (result && outlivesResult(settlement, expireMs)) return undefined;
  if (dropRevocations.length > 0 && !areRevocationsOf([id], dropRevocations)) return undefined;
  const { request, number, size } = holdOf(claim);
  const head = [request, double(number), size === 1 ? "1" : "", id, dropRevocations.length > 0 ? "1" : ""];
  const about = aboutOf(settlement);
  if (!result) return [...head, String(noticeTtlMs), endingTag(ending), about ?? ""];
  return [...head, String(resultLife(settlement, expireMs)), "", resultText(result, ending, noticeTtlMs, about)];
}

/** Whether there is more to a settlement than the end of a task and what follows. */
function isRare({ chord, chords, dropChord, bury, dropLocks, passLocks, dropSteps, canceled }: Settlement): boolean {
  return dropLocks === true ||
    [chord, chords, dropChord, bury, passLocks, dropSteps, canceled].some((one) => one !== undefined);
}

/** Of how many bytes a settlement is, roughly. */
export function sizeOf({ result, enqueue, next, chord, bury }: Settlement): number {
  let size = 200 + (result?.length ?? 0) + (chord?.value.length ?? 0) + (bury?.data.length ?? 0) + (bury?.error?.length ?? 0);
  if (next) size += next.data.length;
  if (enqueue) { for (const { data } of enqueue) size += data.length; }
  return size;
}

/** 0 for no end. */
function resultLife({ resultTtlMs }: Settlement, expireMs: number | undefined): number {
  const ttlMs = resultTtlMs ?? expireMs;
  return ttlMs === undefined || ttlMs === Infinity ? 0 : Math.max(1, Math.ceil(ttlMs));
}

/** Whether the notice has to stand beside the result, as a read would leave it, because nobody may read the result in its life. */
function outlivesResult(settlement: Settlement, expireMs: number | undefined): boolean {
  const lifeMs = resultLife(settlement, expireMs);
  return lifeMs > 0 && settlement.noticeTtlMs > lifeMs;
}

/** Whether results, by threes, are those of these tasks. */
function areIdsOf(results: readonly Packable[], ids: readonly string[]): boolean {
  return results.length === 3 * ids.length && ids.every((id, index) => results[3 * index] === id);
}

function sameIds(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

function areRevocationsOf(ids: readonly string[], keys: readonly string[]): boolean {
  return keys.length === ids.length && keys.every((key, index) => isRevocationOf(ids[index]!, key));
}

/** Not made and compared, which would cost a text for each task. */
function isRevocationOf(id: string, key: string): boolean {
  return key.length === id.length + 2 && key.startsWith("r:") && key.endsWith(id);
}

/**
 * Settlements as the settle script reads them.
 * @module
 */
import type { CanceledStep, ChordRecord, ChordReport, Claim, Ending, Item, Settlement } from "../../lib/storage.ts";
import { double, endingTag, resultText } from "./bytes.ts";
import { heirOf, type Hold, holdOf, passedName } from "./claim.ts";
import { packableBurial } from "./dead_letters.ts";
import type { Argument } from "./dial.ts";
import { entering, mustEnter } from "./entering.ts";
import { type Packable, packedArguments, PackedItem } from "./pack.ts";
import { itemOf, readTail, tail } from "./record.ts";

/** What is added to queue and schedule, as the scripts read it: tails, scheduled ones, and the states of tracked ones. */
export class Added {
  readonly queued: Item[] = [];
  readonly scheduled: PackedItem[] = [];
  readonly states: string[] = [];

  add(items: readonly Item[]): this {
    for (const item of items) this.addOne(item);
    return this;
  }

  addOne(item: Item): void {
    const { dueMs } = item;
    if (dueMs === undefined) this.queued.push(item);
    else this.scheduled.push(new PackedItem(item, dueMs));
    if (item.track) this.states.push(item.id, stateText(item));
  }

  get columns(): Packable {
    return [this.queued.map((item) => new PackedItem(item)), this.scheduled, this.states];
  }
}

/** The state of a new item as it is stored: a letter, and what it says of itself. */
export function stateText({ retry, dueMs, about = "" }: Item): string {
  return (retry ? "t" : dueMs === undefined ? "w" : "s") + about;
}

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
  /** What each of them says of itself. */
  readonly abouts: string[] | undefined;
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
  readonly #forget: string[] = [];
  readonly #reports: Packable[] = [];
  readonly #chords: Packable[] = [];
  readonly #dropped: string[] = [];
  readonly #burials: Packable[] = [];
  readonly #tokens: string[] = [];
  readonly #passes: Packable[] = [];
  /** Of whom something may be stored that would outlive what is stored now: of an earlier attempt, or that it runs. */
  readonly #overtaken: string[] = [];
  readonly #entering: Packable[] = [];
  readonly #steps: string[] = [];
  /** The settlement of each report, and of each that has a gate or a key. */
  readonly #reporters: Settlement[] = [];
  readonly #enterers: Settlement[] = [];

  /** @param expireMs The life of results of which the settlement does not say it. */
  constructor(expireMs: number | undefined) {
    this.#expireMs = expireMs;
  }

  /** @returns false, and nothing is added, if the same claim is settled already */
  add(settlement: Settlement): boolean {
    const { claim, id, result, ending, forget } = settlement;
    if (claim && !this.#dropClaim(holdOf(claim))) return false;
    if (claim || ending) this.#gone.push(id);
    // Also a retry overtakes the notice that an at-most-once task runs.
    if (!claim || (result && claim.retry)) this.#overtaken.push(id);
    if (result) {
      const text = resultText(result, ending, settlement.noticeTtlMs, aboutOf(settlement));
      this.#results.push(id, text, resultLife(settlement, this.#expireMs));
    } else if (ending) this.#note(settlement, ending, aboutOf(settlement));
    if (result || ending) this.#ended.push(id);
    if (forget) { for (const key of forget) this.#forget.push(key); }
    this.#addFollowing(settlement);
    this.#addRare(settlement);
    return true;
  }

  /** The settlement whose report has set a callback free. @param number Counted from 1. */
  reporter(number: number): Settlement {
    return this.#reporters[number - 1]!;
  }

  /** The settlement that has to do with a gate or a key. @param number Counted from 1. */
  enterer(number: number): Settlement {
    return this.#enterers[number - 1]!;
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
      areRevocationsOf(gone, this.#forget) || this.#forget,
      this.#reports,
      this.#dropped,
      this.#burials,
      this.#tokens,
      this.#overtaken,
      this.#chords,
      this.#passes,
      this.#entering,
      this.#steps,
    ]);
  }

  /** In the usual case nothing has a gate or a key. */
  #addFollowing(settlement: Settlement): void {
    const { claim, enqueue = NO_ITEMS, next, passLocks } = settlement;
    if (!hasToEnter(settlement)) {
      if (enqueue.length > 0) this.#added.add(enqueue);
      if (next) this.#added.addOne(next);
      return;
    }
    const hold = claim && holdOf(claim);
    const heir = claim && passLocks && [passLocks.consumer, passLocks.worker, passedName(claim)];
    const held = hold ? [hold.request, double(hold.number)] : [undefined, undefined];
    this.#entering.push([...held, heir, enqueue.map(entering), next && entering(next)]);
    this.#enterers.push(settlement);
  }

  #addRare(settlement: Settlement): void {
    const { claim, chord, chords, dropChord, bury, dropLocks, passLocks, dropSteps } = settlement;
    if (claim && passLocks) this.#passes.push([claim.token, heirOf(claim, passLocks)]);
    else if (claim && dropLocks) this.#tokens.push(claim.token);
    if (chord) {
      this.#reports.push(packableReport(chord, claim));
      this.#reporters.push(settlement);
    }
    if (chords) { for (const stored of chords) this.#chords.push(packableChord(stored)); }
    if (dropChord !== undefined) this.#dropped.push(dropChord);
    if (dropSteps !== undefined) this.#steps.push(dropSteps);
    if (bury) this.#bury(settlement);
    for (const step of settlement.canceled ?? []) this.#cancel(step, settlement);
  }

  #cancel({ id, result }: CanceledStep, settlement: Settlement): void {
    const { noticeTtlMs } = settlement;
    if (result) this.#results.push(id, resultText(result, "canceled", noticeTtlMs), resultLife(settlement, this.#expireMs));
    else this.#note({ id, noticeTtlMs }, "canceled");
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
      this.#notices.set(kind, notices = { ttlMs: noticeTtlMs, letter: endingTag(ending), ids: [], abouts });
    }
    notices.ids.push(id);
    notices.abouts?.push(about);
  }

  #bury(settlement: Settlement): void {
    const { id, claim, bury, about = "" } = settlement;
    this.#burials.push(packableBurial(bury!, settlement));
    // The state of a failed task is told by its notice.
    if (bury!.kind !== "failed" && (claim?.track ?? true)) this.#added.states.push(bury!.taskId ?? id, `d${about}`);
  }
}

const NO_ITEMS: readonly Item[] = [];

/** Whether a gate or a key has to do with a settlement. */
function hasToEnter({ claim, enqueue = NO_ITEMS, next }: Settlement): boolean {
  return (claim !== undefined && mustEnter(claim)) || (next !== undefined && mustEnter(next)) || enqueue.some(mustEnter);
}

/** What is kept with an ending. */
function aboutOf({ claim, about }: Settlement): string | undefined {
  return claim === undefined || claim.track ? about : undefined;
}

/** Arguments of the script for one task that has ended, if nothing follows; `undefined` if there is more to it. */
export function plainEnd(settlement: Settlement, expireMs: number | undefined): Argument[] | undefined {
  const { claim, id, result, ending, noticeTtlMs, forget = [], enqueue, next, chord, bury } = settlement;
  if (claim === undefined || ending === undefined || mustEnter(claim)) return undefined;
  if (enqueue || next || chord || bury || !(noticeTtlMs > 0) || (result && claim.retry) || hasRare(settlement)) {
    return undefined;
  }
  if (forget.length > 0 && !areRevocationsOf([id], forget)) return undefined;
  const { request, number, size } = holdOf(claim);
  const head = [request, double(number), size === 1 ? "1" : "", id, forget.length > 0 ? "1" : ""];
  const about = aboutOf(settlement);
  if (!result) return [...head, String(noticeTtlMs), endingTag(ending), about ?? ""];
  return [...head, String(resultLife(settlement, expireMs)), "", resultText(result, ending, noticeTtlMs, about)];
}

function hasRare({ dropChord, chords, canceled, dropLocks, passLocks, dropSteps }: Settlement): boolean {
  return dropChord !== undefined || dropSteps !== undefined || chords !== undefined || canceled !== undefined ||
    dropLocks === true ||
    passLocks !== undefined;
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

/** A chord with its callback, which has its due time in front. */
export function packableChord({ id, size, callback }: ChordRecord): Packable {
  return [id, String(size), Buffer.concat([double(callback.dueMs ?? NaN), tail(callback)])];
}

/** The callback of a chord, as `packableChord` has written it. */
export function callbackOf(text: Buffer): Item | undefined {
  const read = readTail(text, 8);
  const dueMs = read && text.readDoubleBE(0);
  return read && itemOf(read, Number.isNaN(dueMs) ? undefined : dueMs);
}

function packableReport({ id, index, value }: ChordReport, claim: Claim | undefined): Packable {
  return [id, String(index), value, claim ? String(holdOf(claim).number) : ""];
}

/** Whether results, by threes, are those of these tasks. */
function areIdsOf(results: readonly Packable[], ids: readonly string[]): boolean {
  return results.length === 3 * ids.length && ids.every((id, index) => results[3 * index] === id);
}

function sameIds(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

function areRevocationsOf(ids: readonly string[], keys: readonly string[]): boolean {
  return keys.length === ids.length && keys.every((key, index) => key === `r:${ids[index]}`);
}

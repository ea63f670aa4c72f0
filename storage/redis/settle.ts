/**
 * Settlements as the settle script reads them.
 * @module
 */
import type { Burial, CanceledStep, ChordReport, Claim, Ending, Item, Settlement } from "../../lib/storage.ts";
import { double, endingTag, record, resultEntry } from "./bytes.ts";
import { type Hold, holdOf, runningMark, workerOf } from "./claim.ts";
import type { Argument } from "./dial.ts";
import { type Packable, packed, PackedRecord } from "./pack.ts";

/** What is added to queue and schedule, as the scripts read it: records, scheduled records, and the states of tracked ones. */
export class Added {
  readonly queued: PackedRecord[] = [];
  readonly scheduled: PackedRecord[] = [];
  readonly states: string[] = [];

  add(items: readonly Item[]): this {
    for (const item of items) {
      const { dueMs } = item;
      (dueMs === undefined ? this.queued : this.scheduled).push(new PackedRecord(item, dueMs));
      if (item.track) this.states.push(item.id, item.retry ? "t" : dueMs === undefined ? "w" : "s");
    }
    return this;
  }

  get columns(): Packable {
    return [this.queued, this.scheduled, this.states];
  }
}

/** Claims of one request that are settled. */
interface Group {
  readonly size: number;
  readonly numbers: Set<number>;
}

/** Endings of one kind. */
interface Notices {
  readonly ttlMs: number;
  readonly text: Buffer;
  readonly ids: string[];
}

/** Settlements that go as one, in the columns of the settle script. */
export class SettlementColumns {
  readonly #expiresMs: number | undefined;
  readonly #nowMs: number = Date.now();
  readonly #added = new Added();
  /** By request. */
  readonly #claims = new Map<string, Group>();
  readonly #results: Packable[] = [];
  readonly #gone: string[] = [];
  /** By what they say and for how long. */
  readonly #notices = new Map<string, Notices>();
  readonly #ended: string[] = [];
  readonly #forget: string[] = [];
  readonly #chords: Packable[] = [];
  readonly #dropped: string[] = [];
  readonly #burials: Packable[] = [];
  readonly #tokens: string[] = [];
  /** Ended without a claim, which was given up before the run: the notice of that would outlive the one of the end. */
  readonly #overtaken: string[] = [];

  /** @param expiresMs When results end; `undefined`: never. */
  constructor(expiresMs: number | undefined) {
    this.#expiresMs = expiresMs;
  }

  /** @returns false, and nothing is added, if the same claim is settled already */
  add(settlement: Settlement): boolean {
    const { claim, id, result, ending, enqueue, chord, dropChord, bury, forget } = settlement;
    if (claim && !this.#dropClaim(holdOf(claim))) return false;
    if (claim && settlement.dropLocks) this.#tokens.push(claim.token);
    if (claim || ending) this.#gone.push(id);
    // Also a retry overtakes the notice that an at-most-once task runs.
    if (!claim) this.#overtaken.push(id);
    if (result) this.#results.push(id, resultEntry(result, ending, settlement.noticeTtlMs, this.#expiresMs));
    else if (ending) this.#note(settlement, ending);
    if (result || (ending && ending !== "running")) this.#ended.push(id);
    if (forget) { for (const key of forget) this.#forget.push(key); }
    if (enqueue) this.#added.add(enqueue);
    if (chord) this.#chords.push(packableReport(chord));
    if (dropChord !== undefined) this.#dropped.push(dropChord);
    if (bury) this.#bury(bury, id, claim);
    for (const step of settlement.canceled ?? []) this.#cancel(step, settlement);
    return true;
  }

  /** @param inFull Names each claim, also where all that a request has claimed is settled at once. */
  packed(inFull: boolean): Buffer {
    const gone = this.#gone;
    // In the usual case the same ids would go again and again.
    const idsOr = (ids: readonly string[]): Packable => sameIds(ids, gone) || ids;
    return packed([
      this.#added.columns,
      [...this.#claims].map(([request, { size, numbers }]) => [
        request,
        numbers.size === size && !inFull ? String(size) : Array.from(numbers, String),
      ]),
      this.#results,
      gone,
      Array.from(this.#notices.values(), ({ ttlMs, text, ids }) => [ttlMs, text, idsOr(ids)]),
      idsOr(this.#ended),
      areRevocationsOf(gone, this.#forget) || this.#forget,
      this.#chords,
      this.#dropped,
      this.#burials,
      this.#tokens,
      this.#overtaken,
    ]);
  }

  #dropClaim({ request, size, number }: Hold): boolean {
    let group = this.#claims.get(request);
    if (group === undefined) this.#claims.set(request, group = { size, numbers: new Set() });
    if (group.numbers.has(number)) return false;
    group.numbers.add(number);
    return true;
  }

  #cancel({ id, result }: CanceledStep, { noticeTtlMs }: Settlement): void {
    if (result) this.#results.push(id, resultEntry(result, "canceled", noticeTtlMs, this.#expiresMs));
    else this.#note({ id, noticeTtlMs }, "canceled");
    this.#ended.push(id);
  }

  #note({ id, claim, noticeTtlMs }: Settlement, ending: Ending): void {
    const worker = ending === "running" && claim ? workerOf(claim) : "";
    const kind = `${ending} ${noticeTtlMs} ${worker}`;
    let notices = this.#notices.get(kind);
    if (notices === undefined) {
      const text = noticeText(ending, this.#nowMs + noticeTtlMs, worker);
      this.#notices.set(kind, notices = { ttlMs: noticeTtlMs, text, ids: [] });
    }
    notices.ids.push(id);
  }

  #bury(burial: Burial, taskId: string, claim: Claim | undefined): void {
    const { id, reason, atMs, taskName } = burial;
    const { priority = 0, track = false } = claim ?? {};
    const item = { id: burial.taskId ?? taskId, data: burial.data, priority, track };
    const text = Buffer.from(JSON.stringify({ id, reason, atMs, taskId: burial.taskId, taskName }));
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(text.length);
    this.#burials.push([id, atMs, Buffer.concat([length, text, record(item)])]);
    if (track) this.#added.states.push(item.id, "d");
  }
}

/** Arguments of the script for one task that has ended, if nothing follows and its result stays; `undefined` if there is more to it. */
export function plainEnd(settlement: Settlement): Argument[] | undefined {
  const { claim, id, result, ending, noticeTtlMs, forget = [], enqueue, chord, dropChord, bury, canceled, dropLocks } =
    settlement;
  if (claim === undefined || ending === undefined || ending === "running") return undefined;
  if (enqueue || chord || dropChord !== undefined || bury || canceled || dropLocks || !(noticeTtlMs > 0)) return undefined;
  if (forget.length > 0 && !areRevocationsOf([id], forget)) return undefined;
  const { request, number, size } = holdOf(claim);
  const last = result ? ["", resultEntry(result, ending, noticeTtlMs, undefined)] : [
    String(noticeTtlMs),
    noticeText(ending, Date.now() + noticeTtlMs, ""),
  ];
  return [request, String(number), size === 1 ? "1" : "", id, forget.length > 0 ? "1" : "", ...last];
}

/** The letter of the ending, until when the notice is kept, and who runs it. */
function noticeText(ending: Ending, expiresMs: number, worker: string): Buffer {
  const head = [Buffer.from(endingTag(ending)), double(expiresMs)];
  return Buffer.concat(ending === "running" ? [...head, runningMark(worker)] : head);
}

function packableReport({ id, index, size, value, callback }: ChordReport): Packable {
  return [id, String(index), size, value, new Added().add([callback]).columns];
}

function sameIds(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

function areRevocationsOf(ids: readonly string[], keys: readonly string[]): boolean {
  return keys.length === ids.length && keys.every((key, index) => key === `r:${ids[index]}`);
}

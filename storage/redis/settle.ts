/**
 * Settlements as the settle script reads them.
 * @module
 */
import type { Burial, ChordReport, Claim, Ending, Item, Owner, Settlement } from "../../lib/storage.ts";
import { double, endingTag, record, resultEntry } from "./bytes.ts";
import { type Packable, packed, PackedRecord } from "./pack.ts";

/** What a token is made of. */
export interface TokenParts {
  readonly number: string;
  readonly consumer: string;
  readonly worker: string;
}

/** The part of a token that all claims of an owner share; lengths keep names with any characters apart. */
export function ownerText({ consumer, worker }: Owner): string {
  return `:${consumer.length}:${Buffer.byteLength(consumer)}:${consumer}${worker}`;
}

/** What a token was made of. */
export function tokenParts(token: string): TokenParts {
  const first = token.indexOf(":");
  const second = token.indexOf(":", first + 1);
  const start = token.indexOf(":", second + 1) + 1;
  const end = start + Number(token.slice(first + 1, second));
  return { number: token.slice(0, first), consumer: token.slice(start, end), worker: token.slice(end) };
}

/** Since when a task runs, and on which worker; what `state` shows. */
export function runningMark(worker: string): Buffer {
  const name = Buffer.from(worker);
  const length = Buffer.allocUnsafe(2);
  length.writeUInt16BE(name.length);
  return Buffer.concat([double(Date.now()), length, name]);
}

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

/** Settlements that go as one, in the columns of the settle script. */
export class SettlementColumns {
  readonly #expiresMs: number | undefined;
  readonly #added = new Added();
  readonly #claims = new Map<string, string[]>();
  readonly #results: Packable[] = [];
  readonly #gone: string[] = [];
  /** Ids and texts by life. */
  readonly #notices = new Map<number, Packable[]>();
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

  add(settlement: Settlement): void {
    const { claim, id, result, ending, enqueue, chord, dropChord, bury } = settlement;
    if (claim) this.#dropClaim(claim, settlement.dropLocks ?? false);
    if (claim || ending) this.#gone.push(id);
    // Also a retry overtakes the notice that an at-most-once task runs.
    if (!claim) this.#overtaken.push(id);
    if (result) this.#results.push(id, resultEntry(result, ending, settlement.noticeTtlMs, this.#expiresMs));
    else if (ending) this.#note(settlement, ending);
    if (result || (ending && ending !== "running")) this.#ended.push(id);
    if (settlement.forget) this.#forget.push(...settlement.forget);
    if (enqueue) this.#added.add(enqueue);
    if (chord) this.#chords.push(packableReport(chord));
    if (dropChord !== undefined) this.#dropped.push(dropChord);
    if (bury) this.#bury(bury, id, claim);
  }

  get packed(): Buffer {
    return packed([
      this.#added.columns,
      [...this.#claims],
      this.#results,
      this.#gone,
      [...this.#notices],
      // The usual case, in which the ids need not go twice.
      sameIds(this.#ended, this.#gone) ? true : this.#ended,
      this.#forget,
      this.#chords,
      this.#dropped,
      this.#burials,
      this.#tokens,
      this.#overtaken,
    ]);
  }

  #dropClaim(claim: Claim, dropLocks: boolean): void {
    const { number, consumer } = tokenParts(claim.token);
    const numbers = this.#claims.get(consumer);
    if (numbers) numbers.push(number);
    else this.#claims.set(consumer, [number]);
    if (dropLocks) this.#tokens.push(claim.token);
  }

  #note(settlement: Settlement, ending: Ending): void {
    const notices = this.#notices.get(settlement.noticeTtlMs) ?? [];
    this.#notices.set(settlement.noticeTtlMs, notices);
    notices.push(settlement.id, noticeText(settlement, ending));
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

/** The letter of the ending, until when the notice is kept, and who runs it. */
function noticeText({ claim, noticeTtlMs }: Settlement, ending: Ending): Buffer {
  const head = [Buffer.from(endingTag(ending)), double(Date.now() + noticeTtlMs)];
  return Buffer.concat(ending === "running" ? [...head, runningMark(claim ? tokenParts(claim.token).worker : "")] : head);
}

function packableReport({ id, index, size, value, callback }: ChordReport): Packable {
  return [id, String(index), size, value, new Added().add([callback]).columns];
}

function sameIds(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

/**
 * What is known of each task that has ended or is waited for, in one record: how it ended, and its result. Where the message of a task
 * is that has not ended, is said in places.ts.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Ending, StoredState } from "../../lib/storage.ts";
import type { News } from "./news.ts";
import type { Records } from "./records.ts";
import type { FileRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

/** What the record of a task says. Its data are the result. */
export interface Status {
  /** It was set aside, and is known to be so until its dead letter goes. */
  readonly dead?: boolean | undefined;
  readonly ending?: Ending | undefined;
  /** How long the end is known, from the moment on which the result is taken. */
  readonly noticeTtlMs?: number | undefined;
  readonly noticeUntilMs?: number | undefined;
  /** There is a result, until this time; 0: for ever. */
  readonly resultUntilMs?: number | undefined;
  /** What the settlement has said. */
  readonly about?: string | undefined;
  /** Somebody waits for its end. */
  readonly awaited?: boolean | undefined;
}

/** How a task ended. */
export interface End {
  readonly id: string;
  readonly ending?: Ending | undefined;
  readonly noticeTtlMs: number;
  readonly result?: Uint8Array | undefined;
  readonly resultTtlMs?: number | undefined;
  readonly about?: string | undefined;
}

const NOTHING = new Uint8Array();
/** An unknown task is waited for so long; who waits longer looks now and then all the same. */
const AWAITED_MS = 3_600_000;

/** All tasks. */
export class Tasks {
  readonly #records: Records;
  readonly #news: News;
  readonly #clock: Clock;

  constructor(records: Records, news: News, clock: Clock) {
    this.#records = records;
    this.#news = news;
    this.#clock = clock;
  }

  /** A message of the task was put somewhere. What was known of an earlier end is no longer true; a result stays. */
  reopened(transaction: Transaction, id: string): void {
    const found = this.#read(transaction, id);
    if (found === undefined) return;
    const { resultUntilMs, awaited } = found.status;
    this.#write(transaction, id, { resultUntilMs, awaited }, found.result);
  }

  /** An attempt has ended. Rings if somebody waits for it. */
  ended(transaction: Transaction, { id, ending, noticeTtlMs, result, resultTtlMs, about }: End): void {
    if (ending === undefined && result === undefined) return;
    const found = this.#read(transaction, id);
    const nowMs = this.#clock.now();
    if (found?.status.awaited) {
      this.#news.note(transaction, id);
      transaction.rings.add("results");
    }
    const status: Status = {
      ...ending === undefined
        ? { ...found?.status, awaited: undefined }
        : { ending, noticeTtlMs, noticeUntilMs: nowMs + noticeTtlMs, about },
      resultUntilMs: result === undefined ? found?.status.resultUntilMs : resultTtlMs === undefined ? 0 : nowMs + resultTtlMs,
    };
    this.#write(transaction, id, status, result ?? found?.result);
  }

  /** Its message was set aside. */
  buried(transaction: Transaction, id: string, about: string | undefined): void {
    const found = this.#read(transaction, id);
    this.#write(transaction, id, { ...found?.status, dead: true, about: about ?? found?.status.about }, found?.result);
  }

  /** Its dead letter has gone. */
  unburied(transaction: Transaction, id: string): void {
    const found = this.#read(transaction, id);
    if (found?.status.dead) this.#write(transaction, id, { ...found.status, dead: false }, found.result);
  }

  /** Nothing is known of it any more. */
  forget(transaction: Transaction, id: string): void {
    this.#records.delete(transaction, id);
  }

  /** What the record says. */
  status(transaction: Transaction, id: string): Status | undefined {
    return this.#read(transaction, id)?.status;
  }

  /** How it ended, as far as that is known still. */
  endingOf(status: Status): StoredState["state"] | undefined {
    if (status.dead) return "dead";
    if (status.ending === undefined) return undefined;
    const isKnown = status.resultUntilMs !== undefined || (status.noticeUntilMs ?? 0) > this.#clock.now();
    return isKnown ? status.ending : undefined;
  }

  /** Whether it has ended, or has left a result. */
  hasEnded(transaction: Transaction, id: string): boolean {
    const status = this.status(transaction, id);
    return status !== undefined && this.#isEnded(status);
  }

  #isEnded({ resultUntilMs, ending, noticeUntilMs = 0 }: Status): boolean {
    return resultUntilMs !== undefined || (ending !== undefined && noticeUntilMs > this.#clock.now());
  }

  /** Those of the tasks that have ended, for whoever does not hold the lock. @returns `undefined` if that takes the lock */
  glanceEnded(ids: readonly string[]): string[] | undefined {
    const ended: string[] = [];
    for (const id of this.#news.unknown(ids)) {
      const record = this.#records.glance(id)?.record;
      if (record === undefined || !this.#isEnded(this.#valid(record).status)) return undefined;
      ended.push(id);
    }
    return ended;
  }

  /** Those of the tasks that have ended. The ends of the others will ring. */
  endedOf(transaction: Transaction, ids: readonly string[]): string[] {
    const ended: string[] = [];
    for (const id of this.#news.unknown(ids)) {
      if (this.hasEnded(transaction, id)) ended.push(id);
      else {
        this.await(transaction, id);
        this.#news.remember(id);
      }
    }
    return ended;
  }

  /** Its end will ring. */
  await(transaction: Transaction, id: string): void {
    const found = this.#read(transaction, id);
    if (!found?.status.awaited) this.#write(transaction, id, { ...found?.status, awaited: true }, found?.result);
  }

  // ---- results ------------------------------------------------------------------------------------------------------

  /** The result. */
  result(transaction: Transaction, id: string): Uint8Array | undefined {
    return this.#read(transaction, id)?.result;
  }

  /** The result in this moment, for whoever does not hold the lock. */
  glance(id: string): { readonly value: Uint8Array | undefined } | undefined {
    const found = this.#records.glance(id);
    return found && { value: found.record && this.#valid(found.record).result };
  }

  /** Stores a result, in place of one that is there. */
  putResult(transaction: Transaction, id: string, result: Uint8Array, ttlMs?: number): void {
    this.ended(transaction, { id, noticeTtlMs: 0, result, resultTtlMs: ttlMs });
  }

  /** Takes the result away. How the task ended is known from now on for as long as from its end on. */
  takeResult(transaction: Transaction, id: string): Uint8Array | undefined {
    const found = this.#read(transaction, id);
    if (found?.result === undefined) return undefined;
    const { noticeTtlMs } = found.status;
    const notice = noticeTtlMs === undefined ? {} : { noticeUntilMs: this.#clock.now() + noticeTtlMs };
    this.#write(transaction, id, { ...found.status, ...notice, resultUntilMs: undefined }, undefined);
    return found.result;
  }

  /** All results. Looks into folders. */
  *results(): Generator<{ readonly key: string; readonly value: Uint8Array }> {
    for (const { key, record } of this.#records.all()) {
      const { result } = this.#valid(record);
      if (result !== undefined) yield { key, value: result };
    }
  }

  /** Forgets how tasks ended, and their results. Looks into folders. */
  forgetEnds(transaction: Transaction): void {
    for (const { key, record } of this.#records.all()) {
      const { dead, awaited } = record.about as Status;
      this.#write(transaction, key, { dead, awaited }, undefined);
    }
  }

  /** Forgets that messages were set aside. Looks into folders. */
  forgetDead(transaction: Transaction): void {
    for (const { key, record } of this.#records.all()) {
      if ((record.about as Status).dead) this.unburied(transaction, key);
    }
  }

  #read(transaction: Transaction, id: string): { status: Status; result: Uint8Array | undefined } | undefined {
    const record = this.#records.get(transaction, id);
    return record && this.#valid(record);
  }

  /** A result whose time is over is not there, although the record may be. */
  #valid({ about, data }: FileRecord): { status: Status; result: Uint8Array | undefined } {
    const { key: _, ...status } = about as Status & { key?: string };
    const untilMs = status.resultUntilMs;
    const isThere = untilMs !== undefined && (untilMs === 0 || untilMs > this.#clock.now());
    return isThere ? { status, result: data } : { status: { ...status, resultUntilMs: undefined }, result: undefined };
  }

  /** A record that says nothing goes. */
  #write(transaction: Transaction, id: string, status: Status, result: Uint8Array | undefined): void {
    const { dead, awaited, resultUntilMs, noticeUntilMs = 0 } = status;
    const isLasting = dead || resultUntilMs === 0;
    const awaitedUntilMs = awaited ? this.#clock.now() + AWAITED_MS : 0;
    const endMs = Math.max(noticeUntilMs, resultUntilMs ?? 0, awaitedUntilMs);
    if (!isLasting && endMs <= this.#clock.now()) this.forget(transaction, id);
    else this.#records.set(transaction, id, result ?? NOTHING, { ...status }, isLasting ? 0 : endMs);
  }
}

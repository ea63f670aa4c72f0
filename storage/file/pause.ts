/**
 * The pause of a queue: a file. That there is one is counted, so that a claim need not look for it.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Pause } from "../../lib/storage.ts";
import { decodeWhole, encodeRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

/** Where it is. */
export const PAUSE = "pause";

/** Whether and until when nothing is handed out. */
export class QueuePause {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Begins, in place of one before. */
  begin(transaction: Transaction, { untilMs }: Pause): void {
    transaction.put(PAUSE, encodeRecord(untilMs === undefined ? {} : { untilMs }, new Uint8Array()));
    transaction.counts.paused = 1;
    // Whoever waits for what is due looks anew, since the end of the pause may be sooner.
    transaction.rings.add("schedule");
  }

  /** Ends it, and rings. @returns whether there was one */
  end(transaction: Transaction): boolean {
    const isPaused = this.now(transaction) !== undefined;
    if (transaction.exists(PAUSE)) transaction.remove(PAUSE);
    transaction.counts.paused = 0;
    if (isPaused) transaction.rings.add("queue");
    return isPaused;
  }

  /** The pause, unless its time is over. */
  now(transaction: Transaction): Pause | undefined {
    const pause = this.#read(transaction);
    return pause !== undefined && (pause.untilMs ?? Infinity) > this.#clock.now() ? pause : undefined;
  }

  /** When one that is there ends by itself; also if that time has come and nobody has looked yet. */
  endMs(transaction: Transaction): number | undefined {
    return this.#read(transaction)?.untilMs;
  }

  /** Rings if its time is over. */
  expire(transaction: Transaction): void {
    if (transaction.total("paused") === 0 || this.now(transaction) !== undefined) return;
    this.end(transaction);
    transaction.rings.add("queue");
  }

  #read(transaction: Transaction): Pause | undefined {
    if (transaction.total("paused") === 0) return undefined;
    const record = decodeWhole(transaction.read(PAUSE));
    const untilMs = record?.about["untilMs"];
    return record && (typeof untilMs === "number" ? { untilMs } : {});
  }
}

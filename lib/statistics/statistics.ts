/**
 * Counts what happens in one process, and writes it to the storage every two seconds, so that all processes together tell what
 * has happened to a queue.
 * @module
 */
import { type Counted, Tally } from "./tally.ts";
import { OperationTimes, type OperationTotals } from "./operations.ts";
import type { NotedEnd } from "./recent.ts";
import { type TaskTotals, type TotalEvent, type TotalOutcome, Totals } from "./totals.ts";
import { type Clock, type Timer, within } from "../primitives/clock.ts";
import { DAY_MS } from "../primitives/time.ts";
import type { CountBounds, Storage } from "../storage.ts";
import type { Logger } from "../types/options.ts";

/** So often counts are written. What a killed process had not written is lost. */
const WRITE_MS = 2000;

/** So long a closing Huey waits for its last counts to be written: a storage that is away must not keep a program from ending. */
const LAST_WRITE_MS = 1000;

/** How long counts stay, and how many ends. */
const BOUNDS: CountBounds = { minuteAgeMs: DAY_MS, hourAgeMs: 30 * DAY_MS, recent: 1000 };

/** What statistics need of a Huey. */
export interface StatisticsHost {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The end of an attempt. */
export interface CountedEnd extends Omit<NotedEnd, "outcome"> {
  /** How it ended; `undefined` if it was only put off. */
  readonly outcome: NotedEnd["outcome"] | "retried" | undefined;
  /** Of one that failed: in which way, if it was a special one. */
  readonly failure?: TotalOutcome | undefined;
  /** How long its function ran. */
  readonly ranMs: number | undefined;
  /** How long it had waited before. */
  readonly waitedMs: number | undefined;
}

/** What one process counts. */
export class Statistics {
  readonly #host: StatisticsHost;
  readonly #store: Storage["count"];
  readonly #tally = new Tally();
  #totals: Totals | undefined;
  #operations: OperationTimes | undefined;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #isClosing = false;

  /** @param store Adds counts to the storage, also of a Huey that is closing. */
  constructor(host: StatisticsHost, store: Storage["count"]) {
    this.#host = host;
    this.#store = store;
  }

  /** Sums of everything since the first call of this; before it they are not made, for most processes never ask. */
  get totals(): Totals {
    return this.#totals ??= new Totals();
  }

  /** Whether somebody has asked for the sums. */
  get hasTotals(): boolean {
    return this.#totals !== undefined;
  }

  /** How long the storage takes, see measured_storage.ts. */
  get operations(): OperationTimes {
    return this.#operations ??= new OperationTimes();
  }

  /** Adds what another isolate of this process, or a process of its own, has counted. */
  addTotals(tasks: readonly TaskTotals[], operations: readonly OperationTotals[]): void {
    this.totals.add(tasks);
    this.operations.add(operations);
  }

  /** Counts something that happened to a task. */
  count(taskName: string, what: Counted & TotalEvent, by: number = 1): void {
    this.#totals?.count(taskName, what, by);
    this.#tally.count(taskName, what, this.#host.clock.now(), by);
    this.#schedule();
  }

  /** Counts the end of an attempt, and notes it if it was that of its task. */
  countEnd(end: CountedEnd): void {
    const { name, outcome, endedMs, ranMs, waitedMs } = end;
    if (this.#totals !== undefined) addEnd(this.#totals, end);
    if (ranMs !== undefined) this.#tally.measure(name, "run", ranMs, endedMs);
    if (waitedMs !== undefined) this.#tally.measure(name, "wait", waitedMs, endedMs);
    if (outcome !== undefined) this.#tally.count(name, outcome === "complete" ? "completed" : outcome, endedMs);
    // Noted as it is: a copy would cost more than all that is counted.
    if (outcome !== undefined && outcome !== "retried") this.#tally.note(end as NotedEnd);
    this.#schedule();
  }

  /** Writes what was counted so far. Never rejects: what could not be written is written later, or is lost. */
  write(): Promise<void> {
    this.#timer?.stop();
    this.#timer = undefined;
    return this.#writing = this.#writing.then(() => this.#write());
  }

  /** Writes the rest. What is counted afterwards is lost. */
  async close(): Promise<void> {
    this.#isClosing = true;
    await within(this.#host.clock, { ms: LAST_WRITE_MS }, this.write(), () => {});
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosing) return;
    this.#timer = this.#host.clock.startTimer(WRITE_MS, () => void this.write(), { background: true });
  }

  async #write(): Promise<void> {
    if (this.#tally.isEmpty) return;
    const taken = this.#tally.take();
    try {
      await this.#store(taken.rows, taken.ends, BOUNDS);
    } catch (error) {
      this.#tally.putBack(taken);
      this.#host.logger.debug("What was counted could not be written, and is kept for the next time", { error });
      this.#schedule();
    }
  }
}

function addEnd(totals: Totals, { name, outcome, failure, ranMs, waitedMs }: CountedEnd): void {
  if (ranMs !== undefined) totals.measure(name, "run", ranMs);
  if (waitedMs !== undefined) totals.measure(name, "wait", waitedMs);
  if (outcome !== undefined) totals.count(name, outcome === "failed" ? failure ?? outcome : outcome);
}

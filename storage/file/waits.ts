/**
 * Bells of a queue, and waiting by looking and listening.
 * @module
 */
import type { Clock, Timer } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { Bell } from "../bell.ts";
import { Listeners } from "../listeners.ts";
import type { Disk } from "./disk.ts";
import { Deadline } from "../waiters.ts";

/** What the waits of one storage need. */
export interface WaitsOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  /** Another value when somebody has held the lock meanwhile. */
  readonly changeCount: () => string | undefined;
}

/** How long a change may go unnoticed when no bell is heard, as on some network file systems. */
const RESCAN_MS = 1000;
const TOPICS: readonly Topic[] = ["queue", "schedule", "results", "revocations"];

/** All waits of one storage. */
export class Waits {
  readonly #options: WaitsOptions;
  readonly #bells: Partial<Record<Topic, Bell>> = {};
  readonly #listeners = new Listeners();
  #rescan: Timer | undefined;
  #lastCount: string | undefined;
  #isClosed = false;
  readonly #closing = new AbortController();

  constructor(options: WaitsOptions) {
    this.#options = options;
  }

  /** Wakes those who listen, here and elsewhere. Called after the change can be seen. */
  ring(topics: ReadonlySet<Topic>): void {
    for (const topic of topics) {
      this.#listeners.ringSoon(topic);
      this.#bell(topic).ring();
    }
  }

  /** See `Storage.listen`. */
  listen(topic: Topic, wake: () => void): () => void {
    const stop = this.#listeners.add(topic, wake);
    const stopBell = this.#bell(topic).listen(wake);
    this.#rescanLater();
    return () => (stop(), stopBell());
  }

  /**
   * Looks, and looks again after each ring, until there is something to see.
   *
   * @param look What to look for; a number says when to look again at the latest, in milliseconds from then on.
   * @returns what was seen; `undefined` after the time limit, an abort, or the close.
   */
  async until<T>(
    topic: Topic,
    look: () => Promise<T | number>,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<T | undefined> {
    const deadline = new Deadline(timeoutMs, this.#options.clock);
    const ear = new Ear(this.#options.clock, [this.#closing.signal, ...signal ? [signal] : []]);
    const stop = timeoutMs > 0 ? this.listen(topic, ear.ring) : () => {};
    try {
      while (true) {
        ear.forget();
        const seen = await look();
        if (typeof seen !== "number") return seen;
        if (deadline.passed || ear.isOver) return undefined;
        await ear.hear(Math.min(seen, deadline.remainingMs ?? Infinity));
        if (ear.isOver) return undefined;
      }
    } finally {
      stop();
      ear.close();
    }
  }

  /** Ends all waits. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#closing.abort();
    this.#listeners.clear();
    this.#rescan?.stop();
    for (const bell of Object.values(this.#bells)) bell.close();
  }

  /** The file gets the mode that all files of the queue have. */
  #bell(topic: Topic): Bell {
    const { disk, clock } = this.#options;
    let bell = this.#bells[topic];
    if (bell !== undefined) return bell;
    const file = `${topic}.bell`;
    try {
      if (!disk.isFile(file) && !this.#isClosed) disk.write(file, new Uint8Array(1));
    } catch {
      // On a full disk, whoever waits looks now and then.
    }
    return this.#bells[topic] = bell = new Bell(`${disk.root}/${file}`, { clock, like: disk.root });
  }

  /** While somebody listens: looks now and then whether anything has changed that did not ring. */
  #rescanLater(): void {
    if (this.#rescan !== undefined || this.#isClosed) return;
    this.#lastCount = this.#options.changeCount();
    this.#rescan = this.#options.clock.startTimer(RESCAN_MS, () => {
      this.#rescan = undefined;
      const isHeard = TOPICS.some((topic) => this.#listeners.count(topic) > 0);
      if (!isHeard) return;
      const before = this.#lastCount;
      this.#rescanLater();
      if (this.#lastCount !== before) { for (const topic of TOPICS) this.#listeners.ring(topic); }
    }, { background: true });
  }
}

/** One who listens. A ring between two calls of `hear` is not lost. */
class Ear {
  readonly #clock: Clock;
  readonly #signals: readonly AbortSignal[];
  #hasRung = false;
  #wake: (() => void) | undefined;

  constructor(clock: Clock, signals: readonly AbortSignal[]) {
    this.#clock = clock;
    this.#signals = signals;
    for (const signal of signals) signal.addEventListener("abort", this.ring);
  }

  get isOver(): boolean {
    return this.#signals.some((signal) => signal.aborted);
  }

  readonly ring = (): void => {
    this.#hasRung = true;
    this.#wake?.();
  };

  forget(): void {
    this.#hasRung = false;
  }

  async hear(timeoutMs: number): Promise<void> {
    if (this.#hasRung || this.isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = this.#clock.startTimer(timeoutMs, resolve);
    await promise;
    timer.stop();
    this.#wake = undefined;
  }

  close(): void {
    for (const signal of this.#signals) signal.removeEventListener("abort", this.ring);
  }
}

/**
 * The two bells of a queue: one for work, and one for the ends of tasks, of which those who wait for work need not hear. In case that
 * a ring is lost, whoever listens also looks now and then.
 * @module
 */
import type { Clock, Timer } from "../lib/primitives/clock.ts";
import type { Topic } from "../lib/storage.ts";
import type { Bell } from "./bell.ts";

/** What the bells of a queue need. */
export interface QueueBellsOptions {
  readonly clock: Clock;
  /** Makes a bell; `undefined` while that is not possible. */
  open(name: BellName): Bell | undefined;
  /** Somebody has rung, here or elsewhere. Must not throw. */
  rung(name: BellName): void;
  /** Finds out whether something has changed without a ring. Must not throw. */
  look(): void;
}

/** What a bell tells of. */
export type BellName = "work" | "ends";

/** Bounds of the pause between two looks. The first come soon, since a watch of a bell that has just begun may miss a ring. */
const FIRST_LOOK_MS = 10;
const LONGEST_LOOK_MS = 1000;

/** The bells of one queue. */
export class QueueBells {
  readonly #options: QueueBellsOptions;
  readonly #bells: Partial<Record<BellName, Bell>> = {};
  #listening = 0;
  #lookTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: QueueBellsOptions) {
    this.#options = options;
  }

  /** Wakes those who listen elsewhere. Call it when the change can be seen. */
  ring(name: BellName): void {
    this.#bell(name)?.ring();
  }

  /** Somebody listens for a topic. @returns what ends it */
  listen(topic: Topic): () => void {
    if (this.#isClosed) return () => {};
    const name = topic === "results" ? "ends" : "work";
    const stop = this.#bell(name)?.listen(() => this.#options.rung(name));
    if (++this.#listening === 1) this.#lookLater(FIRST_LOOK_MS);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      stop?.();
      if (--this.#listening === 0) this.#lookTimer?.stop();
    };
  }

  /** Gives the bells up. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#lookTimer?.stop();
    for (const bell of Object.values(this.#bells)) bell.close();
  }

  #bell(name: BellName): Bell | undefined {
    if (this.#isClosed) return undefined;
    const bell = this.#bells[name] ?? this.#options.open(name);
    if (bell !== undefined) this.#bells[name] = bell;
    return bell;
  }

  #lookLater(pauseMs: number): void {
    this.#lookTimer?.stop();
    this.#lookTimer = this.#options.clock.startTimer(pauseMs, () => {
      this.#options.look();
      if (this.#listening > 0 && !this.#isClosed) this.#lookLater(Math.min(pauseMs * 2, LONGEST_LOOK_MS));
    }, { background: true });
  }
}

/**
 * Looking, and waiting to look again: for a ring of the storage, or for a time, because a ring may be lost with a connection or a
 * process, and because a storage may have no bell.
 * @module
 */
import { type Clock, type Timer, within } from "../primitives/clock.ts";
import type { Storage, Topic } from "../storage.ts";

/** So long the bell is kept when nobody waits: beginning to listen costs more than going on. */
const KEPT_MS = 1000;

/** Hears the rings of one topic, for one who looks, waits, and looks again. */
export class BellListener {
  readonly #storage: Storage;
  readonly #topic: Topic;
  readonly #clock: Clock;
  #bell: Promise<() => void> | undefined;
  #keeping: Timer | undefined;
  #rings = 0;
  #cleared = 0;
  #wake: (() => void) | undefined;

  constructor(storage: Storage, topic: Topic, clock: Clock) {
    this.#storage = storage;
    this.#topic = topic;
    this.#clock = clock;
  }

  /**
   * Begins to listen.
   *
   * @returns whether it listened already. If not, something may have changed unheard since the last look: look again.
   * @throws {StorageError} If the storage fails.
   */
  async listen(): Promise<boolean> {
    this.#keeping?.stop();
    this.#keeping = undefined;
    if (this.#bell !== undefined) return true;
    const bell = this.#bell = this.#storage.listen(this.#topic, () => this.wake());
    bell.catch(() => this.stop());
    await bell;
    return false;
  }

  /** How often it has rung. */
  get rings(): number {
    return this.#rings;
  }

  /** What has rung so far is done with. Called before a look, so that what rings while it is under way ends the wait after it. */
  clearRings(): void {
    this.#cleared = this.#rings;
  }

  /**
   * Waits until it rings, or has rung since `clearRings`, for a time at most.
   *
   * @returns whether it has rung
   */
  async wait(ms: number): Promise<boolean> {
    if (this.#rings === this.#cleared) {
      await within(this.#clock, { ms }, new Promise<void>((resolve) => this.#wake = resolve), () => {});
      this.#wake = undefined;
    }
    return this.#rings !== this.#cleared;
  }

  /** Ends the wait, or the next one, as a ring does. */
  wake(): void {
    this.#rings++;
    this.#wake?.();
  }

  /** Ends the wait, if there is one. */
  stir(): void {
    this.#wake?.();
  }

  /** Nobody waits for now: the listening ends after a while. */
  stopLater(): void {
    if (this.#bell === undefined || this.#keeping !== undefined) return;
    this.#keeping = this.#clock.startTimer(KEPT_MS, () => this.stop(), { background: true });
  }

  /** Ends the listening. */
  stop(): void {
    this.#keeping?.stop();
    this.#keeping = undefined;
    const bell = this.#bell;
    this.#bell = undefined;
    // A bell that cannot be hung up is none that rings.
    bell?.then((stop) => stop()).catch(() => {});
  }
}

/**
 * The sign of life of a loop that should go round for as long as the consumer runs.
 * @module
 */
import { systemClock } from "../../lib/primitives/clock.ts";

/** Tells whether a loop still goes round. */
export class Pulse {
  readonly #limitMs: number;
  #atMs = 0;
  #beats = 0;
  #end: { readonly error: unknown } | undefined;

  /** @param limitMs Longest time from one beat to the next. */
  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Runs the loop. Never rejects. */
  async run(loop: () => Promise<void>): Promise<void> {
    this.#atMs = systemClock.elapsed();
    try {
      await loop();
      this.#end = { error: undefined };
    } catch (error) {
      this.#end = { error };
    }
  }

  /** The loop goes round. */
  beat(): void {
    this.#atMs = systemClock.elapsed();
    this.#beats++;
  }

  /** Whether it goes round in time. */
  get isTurning(): boolean {
    return this.#end === undefined && this.silentMs < this.#limitMs;
  }

  /** Whether it has come round at least once. */
  get hasTurned(): boolean {
    return this.#beats > 1;
  }

  /** Time since the last beat. */
  get silentMs(): number {
    return systemClock.elapsed() - this.#atMs;
  }

  /** That it has ended, and because of which error, if it was one. */
  get end(): { readonly error: unknown } | undefined {
    return this.#end;
  }
}

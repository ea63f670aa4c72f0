/**
 * Keeps a loop going: one that has ended, or hangs in a call that is never answered, is given up for another.
 * @module
 */
import { type Clock, sleep, systemClock } from "../../lib/primitives/clock.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Pulse } from "./pulse.ts";

/** A part of the consumer that goes round. */
export interface Loop {
  readonly pulse: Pulse;
  start(): void;
  /** Makes it end as soon as what is under way has ended; resolves then. */
  stop(): Promise<void>;
}

/** How long a loop gets to end what is under way at a stop. */
const STOP_MS = 5000;

/**
 * One loop at a time. What was given up may still end the call in which it hangs, and nothing after it; each such call is atomic, so
 * two loops do no more than one.
 */
export class KeptLoop<L extends Loop> {
  readonly #name: string;
  readonly #make: () => L;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #loop: L;
  #replaced = false;
  #suspected = false;

  /** @param name What it is, as the start of a sentence: `The scheduler`. */
  constructor(name: string, make: () => L, logger: Logger, clock: Clock = systemClock) {
    this.#clock = clock;
    this.#name = name;
    this.#make = make;
    this.#logger = logger;
    this.#loop = make();
  }

  /** Starts it. */
  start(): void {
    this.#loop.start();
  }

  /** Whether it goes round in time. One that took the place of another has to show it first. */
  get isTurning(): boolean {
    const { pulse } = this.#loop;
    return pulse.isTurning && (!this.#replaced || pulse.hasTurned);
  }

  /** Replaces it, if it has ended, or is found silent twice: after a sleep of the machine it gets the time to come round. */
  check(): void {
    const { pulse } = this.#loop;
    const suspected = this.#suspected;
    this.#suspected = !pulse.isTurning;
    if (pulse.isTurning || pulse.end === undefined && !suspected) return;
    this.#replace(pulse);
  }

  /** Ends it; waits for what is under way, for a few seconds at most. */
  async stop(): Promise<void> {
    const limit = new AbortController();
    await Promise.race([this.#loop.stop(), sleep(this.#clock, STOP_MS, limit.signal)]);
    limit.abort();
  }

  #replace({ end, silentMs }: Pulse): void {
    const what = end === undefined ? `has hung for ${(silentMs / 1000).toFixed(1)} s` : "has ended";
    const details = end?.error === undefined ? undefined : { error: end.error };
    this.#logger.error(`${this.#name} ${what}: another takes its place`, details);
    void this.#loop.stop();
    this.#loop = this.#make();
    this.#replaced = true;
    this.#suspected = false;
    this.#loop.start();
  }
}

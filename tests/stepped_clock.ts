/**
 * A clock that stands still until a test moves it.
 * @module
 */
import type { Clock, Timer } from "../lib/primitives/clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly strike: () => void;
}

/** Its timers strike when it is moved to them. */
export class SteppedClock implements Clock {
  #nowMs: number;
  #alarms: Alarm[] = [];

  /** @param startMs Where it starts, in milliseconds since the epoch. */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#nowMs;
  }

  startTimer(ms: number, strike: () => void): Timer {
    const alarm = { atMs: this.#nowMs + Math.max(ms, 0), strike };
    this.#alarms.push(alarm);
    return { stop: () => void (this.#alarms = this.#alarms.filter((other) => other !== alarm)) };
  }

  /** Moves it forward; the timers up to that time strike, soonest first. */
  moveTo(ms: number): void {
    while (true) {
      const [next] = this.#alarms.filter(({ atMs }) => atMs <= ms).toSorted((left, right) => left.atMs - right.atMs);
      if (next === undefined) break;
      this.#alarms = this.#alarms.filter((other) => other !== next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.strike();
    }
    this.#nowMs = Math.max(this.#nowMs, ms);
  }
}

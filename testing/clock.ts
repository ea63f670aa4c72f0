/**
 * A clock that stands still until a test moves it.
 * @module
 */
import { type Clock, systemClock, type Timer } from "../lib/primitives/clock.ts";
import { Heap } from "../storage/heap.ts";

interface Alarm {
  readonly atMs: number;
  /** Of several at the same time, the one that was set first strikes first. */
  readonly order: number;
  readonly strike: () => void;
  stopped: boolean;
}

/** The time of one `TestHuey`. Its timers strike when it is moved to them. */
export class TestClock implements Clock {
  #nowMs: number;
  #order = 0;
  readonly #alarms = new Heap<Alarm>((left, right) => left.atMs - right.atMs || left.order - right.order);

  /** @param startMs Where it starts, in milliseconds since the epoch. */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** The same as `now`: this clock never jumps. */
  elapsed(): number {
    return this.#nowMs;
  }

  startTimer(ms: number, strike: () => void): Timer {
    if (!(ms > 0)) return systemClock.startTimer(0, strike);
    const alarm: Alarm = { atMs: this.#nowMs + ms, order: this.#order++, strike, stopped: false };
    if (alarm.atMs < Infinity) this.#alarms.push(alarm);
    return { stop: () => void (alarm.stopped = true) };
  }

  /** When the next timer strikes; `undefined` if none is set. */
  get nextMs(): number | undefined {
    for (let next = this.#alarms.peek(); next !== undefined; next = this.#alarms.peek()) {
      if (!next.stopped) return next.atMs;
      this.#alarms.pop();
    }
    return undefined;
  }

  /** Moves it forward; the timers up to that time strike, in their order. What they start is not waited for. */
  moveTo(ms: number): void {
    for (let nextMs = this.nextMs; nextMs !== undefined && nextMs <= ms; nextMs = this.nextMs) {
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      this.#alarms.pop()!.strike();
    }
    this.#nowMs = Math.max(this.#nowMs, ms);
  }
}

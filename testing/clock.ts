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

/** The time of one or several `TestHuey`s. Its timers strike when it is moved to them. */
export class TestClock implements Clock {
  #nowMs: number;
  /** Since it was made. Timers go by it. */
  #elapsedMs = 0;
  #order = 0;
  readonly #alarms = new Heap<Alarm>((left, right) => left.atMs - right.atMs || left.order - right.order);

  /** @param startMs Where it starts, in milliseconds since the epoch. */
  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  elapsed(): number {
    return this.#elapsedMs;
  }

  startTimer(ms: number, strike: () => void): Timer {
    if (!(ms > 0)) return systemClock.startTimer(0, strike);
    const alarm: Alarm = { atMs: this.#elapsedMs + ms, order: this.#order++, strike, stopped: false };
    if (alarm.atMs < Infinity) this.#alarms.push(alarm);
    return { stop: () => void (alarm.stopped = true) };
  }

  /** The time of day when the next timer strikes; `undefined` if none is set. */
  get nextMs(): number | undefined {
    for (let next = this.#alarms.peek(); next !== undefined; next = this.#alarms.peek()) {
      if (!next.stopped) return this.#nowMs + (next.atMs - this.#elapsedMs);
      this.#alarms.pop();
    }
    return undefined;
  }

  /** Moves it forward; the timers up to that time strike, in their order. What they start is not waited for. */
  moveTo(ms: number): void {
    for (let nextMs = this.nextMs; nextMs !== undefined && nextMs <= ms; nextMs = this.nextMs) {
      const { atMs, strike } = this.#alarms.pop()!;
      this.#reach(nextMs);
      this.#elapsedMs = Math.max(this.#elapsedMs, atMs); // fractions may have been rounded
      strike();
    }
    this.#reach(ms);
  }

  /** Sets the time of day, forward or back, as somebody sets that of a machine: for timers no time has passed. */
  jumpTo(ms: number): void {
    this.#nowMs = ms;
  }

  #reach(ms: number): void {
    if (ms <= this.#nowMs) return;
    this.#elapsedMs += ms - this.#nowMs;
    this.#nowMs = ms;
  }
}

/**
 * A clock that goes on by itself, and can be put forward.
 * @module
 */
import { type Clock, systemClock, type Timer, type TimerOptions } from "../../lib/primitives/clock.ts";

interface Alarm {
  readonly atMs: number;
  readonly strike: () => void;
  readonly options: TimerOptions | undefined;
  timer: Timer;
}

/** The clock of the machine, and what it was put forward by. */
export class ForwardClock implements Clock {
  #aheadMs = 0;
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return systemClock.now() + this.#aheadMs;
  }

  elapsed(): number {
    return systemClock.elapsed() + this.#aheadMs;
  }

  startTimer(ms: number, strike: () => void, options?: TimerOptions): Timer {
    const alarm: Alarm = { atMs: this.elapsed() + ms, strike, options, timer: { stop: () => {} } };
    this.#alarms.add(alarm);
    this.#set(alarm, ms);
    return { stop: () => this.#stop(alarm) };
  }

  /** Puts it forward. Timers up to that time strike soon, in their order. */
  putForward(ms: number): void {
    this.#aheadMs += ms;
    for (const alarm of [...this.#alarms].sort((left, right) => left.atMs - right.atMs)) {
      alarm.timer.stop();
      this.#set(alarm, alarm.atMs - this.elapsed());
    }
  }

  #set(alarm: Alarm, ms: number): void {
    const strike = (): void => {
      this.#alarms.delete(alarm);
      alarm.strike();
    };
    alarm.timer = systemClock.startTimer(Math.max(0, ms), strike, alarm.options);
  }

  #stop(alarm: Alarm): void {
    alarm.timer.stop();
    this.#alarms.delete(alarm);
  }
}

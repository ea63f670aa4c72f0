/**
 * Waiting inside one process: lists of waiters that are woken, run into their time limit, or are aborted.
 * @module
 */
import { setImmediate } from "node:timers";

/** How a wait ended. */
export type WaitEnd = "woken" | "timeout" | "aborted";

/** Longest delay that a timer takes; a longer wait ends early as `"timeout"`, and the caller looks at its clock anyway. */
const MAX_TIMER_MS = 2_147_483_647;

/** Those who wait for one thing. Waking wakes all of them: each looks for itself, so that nobody can take a wake-up along. */
export class WaitList {
  readonly #wakers = new Set<(end: WaitEnd) => void>();

  /** How many are waiting. */
  get size(): number {
    return this.#wakers.size;
  }

  /**
   * Waits. Whoever calls this must have looked before in the same tick, or a wake-up in between is missed.
   *
   * @param timeoutMs Longest wait in milliseconds; `undefined`: no limit. 0 or less ends at once.
   * @param signal An abort ends the wait.
   * @returns How it ended; never rejects.
   */
  wait(timeoutMs?: number, signal?: AbortSignal): Promise<WaitEnd> {
    if (signal?.aborted) return Promise.resolve("aborted");
    if (timeoutMs !== undefined && timeoutMs <= 0) return Promise.resolve("timeout");
    const { promise, resolve } = Promise.withResolvers<WaitEnd>();
    const limited = timeoutMs !== undefined && timeoutMs !== Infinity;
    const timer = limited ? setTimeout(() => end("timeout"), Math.min(Math.ceil(timeoutMs), MAX_TIMER_MS)) : undefined;
    const aborted = (): void => end("aborted");
    const end = (how: WaitEnd): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
      this.#wakers.delete(end);
      resolve(how);
    };
    signal?.addEventListener("abort", aborted);
    this.#wakers.add(end);
    return promise;
  }

  /** Wakes all that are waiting now. */
  wakeAll(): void {
    for (const end of [...this.#wakers]) end("woken");
  }

  /** `wakeAll` when what runs now, and what follows from it at once, has had its turn. */
  wakeAllSoon(): void {
    setImmediate(() => this.wakeAll());
  }
}

/** Those who wait for one of many things, by key. */
export class KeyedWaitLists {
  readonly #lists = new Map<string, WaitList>();

  /** As `WaitList.wait`, for one key. */
  async wait(key: string, timeoutMs?: number, signal?: AbortSignal): Promise<WaitEnd> {
    let list = this.#lists.get(key);
    if (list === undefined) this.#lists.set(key, list = new WaitList());
    const end = await list.wait(timeoutMs, signal);
    if (list.size === 0 && this.#lists.get(key) === list) this.#lists.delete(key);
    return end;
  }

  /** Wakes those who wait for a key. */
  wake(key: string): void {
    this.#lists.get(key)?.wakeAll();
  }

  /** Wakes everybody. */
  wakeAll(): void {
    for (const list of [...this.#lists.values()]) list.wakeAll();
  }
}

/** A time limit that is counted down across several waits, on the clock that nobody sets. */
export class Deadline {
  readonly #endMs: number;

  /** @param limitMs Milliseconds from now; `undefined`: never. */
  constructor(limitMs: number | undefined) {
    this.#endMs = limitMs === undefined ? Infinity : performance.now() + limitMs;
  }

  /** Milliseconds that are left, at least 0; `undefined` without a limit. */
  get remainingMs(): number | undefined {
    return this.#endMs === Infinity ? undefined : Math.max(0, this.#endMs - performance.now());
  }

  /** Whether no time is left. */
  get passed(): boolean {
    return this.remainingMs === 0;
  }
}

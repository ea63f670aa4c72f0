/** Locks and rate limits.
 * @module */
import type { Duration } from "../time.ts";

export interface LockOptions {
  /** Ends the lock by itself. Default: none. */ ttl?: Duration;
  /** Holders at once. Default 1. */ slots?: number;
}
/** Never waits, and is not re-entrant. */
export interface TaskLock {
  readonly name: string;
  /** @throws TaskLockedException */ acquire(): Promise<HeldLock>;
  /** Acquires, runs, releases. @throws TaskLockedException */ run<R>(fn: () => R): Promise<Awaited<R>>;
  /** The function, under the lock in whichever process it runs. */
  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>>;
  /** Whether no slot is free. */ isLocked(): Promise<boolean>;
  /** Takes it from whoever holds it. @returns whether it was held */ clear(): Promise<boolean>;
}
export interface HeldLock extends AsyncDisposable {
  readonly name: string;
  /** @returns whether it was still held by this holder */ release(): Promise<boolean>;
}
export interface RateLimitOptions {
  /** Calls in `per`; 0 lets none through. */
  limit: number;
  per: Duration;
  /** Retry the task in the next window without using up its retries. Default true. */ retry?: boolean;
  /** Choice: names. Default `"fixed"` windows aligned to the Unix epoch. */ algorithm?: "fixed" | "sliding" | "token-bucket";
}
export interface RateLimit {
  readonly name: string;
  /** @throws RateLimitExceeded */ acquire(): Promise<void>;
  run<R>(fn: () => R): Promise<Awaited<R>>;
  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>>;
  reset(): Promise<void>;
  currentUsage(): Promise<number>;
}

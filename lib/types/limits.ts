/**
 * Locks and rate limits.
 * @module
 */
import type { Duration } from "../primitives/time.ts";

/** Options of a lock. */
export interface LockOptions {
  /**
   * Ends the lock by itself after this time; more than 0. Default: it has no end. A number is seconds. While the task that took it runs
   * it is renewed; then it may outlive the task, unless that has released it.
   */
  ttl?: Duration;

  /** Holders at once, at least 1. Default 1. */
  slots?: number;
}

/** A lock of a Huey, over all processes. It never waits, and is not re-entrant. */
export interface TaskLock {
  /** Name of the lock. */
  readonly name: string;

  /**
   * Takes the lock. Taken inside a task, it is also freed when the task's worker dies.
   *
   * @returns What releases it, by `release()` or at the end of an `await using` block.
   * @throws {TaskLockedException} If no slot is free.
   *
   * @example
   * ```ts
   * import { MemoryHuey, TaskLockedException } from "@hueyjs/huey";
   *
   * const lock = new MemoryHuey().lockTask("backup", { ttl: { hours: 1 } });
   * await using held = await lock.acquire();
   * await lock.acquire().catch((error) => console.log(held.name, error instanceof TaskLockedException)); // backup true
   * ```
   */
  acquire(): Promise<HeldLock>;

  /**
   * Takes the lock, runs a function, releases the lock.
   *
   * @param fn The function; may be async.
   * @returns What the function returns.
   * @throws {TaskLockedException} If no slot is free. What the function throws is passed on.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const lock = new MemoryHuey().lockTask("backup");
   * console.log(await lock.run(async () => await lock.isLocked())); // true
   * console.log(await lock.isLocked()); // false
   * ```
   */
  run<R>(fn: () => R): Promise<Awaited<R>>;

  /**
   * A function that runs under the lock, in whichever process it is called.
   *
   * @param fn The function; may be async.
   * @returns The function with the lock around it; rejects with `TaskLockedException` if no slot is free.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const copy = new MemoryHuey().lockTask("copy").wrap((from: string, to: string) => `${from} to ${to}`);
   * console.log(await copy("a", "b")); // a to b
   * ```
   */
  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>>;

  /**
   * Whether the lock is taken.
   *
   * @returns true if no slot is free.
   */
  isLocked(): Promise<boolean>;

  /**
   * Takes the lock away from whoever holds it. Those who hold it are not told.
   *
   * @returns Whether it was held.
   */
  clear(): Promise<boolean>;
}

/** A lock in the hands of its holder. `await using` releases it at the end of the block. */
export interface HeldLock extends AsyncDisposable {
  /** Name of the lock. */
  readonly name: string;

  /**
   * Releases the lock, unless it has ended or was cleared and taken by somebody else meanwhile.
   *
   * @returns Whether it was still held by this holder.
   */
  release(): Promise<boolean>;
}

/** Options of a rate limit: `limit` calls in each `per`. */
export interface RateLimitOptions {
  /** Calls in `per`, a whole number; 0 lets none through. */
  limit: number;

  /** Length of the window, more than 0; a number is seconds. */
  per: Duration;

  /**
   * Run a task that exceeds the limit again when there is room, which is no attempt and uses up no retry. `false`: it uses up a retry,
   * and fails if none is left. Default true.
   */
  retry?: boolean;

  /**
   * `"fixed"` (default): windows aligned to the Unix epoch, the cheapest, but up to twice the limit may pass around an edge.
   * `"sliding"`: never more than `limit` in any stretch of `per`. `"token-bucket"`: a burst of `limit`, then an even stream.
   */
  algorithm?: "fixed" | "sliding" | "token-bucket";
}

/** A rate limit of a Huey; it counts over all processes. */
export interface RateLimit {
  /** Name of the limit. */
  readonly name: string;

  /**
   * Counts a call. A call that is refused does not count.
   *
   * @throws {RateLimitExceeded} If there were `limit` calls already; its `delay` says when to try again.
   *
   * @example
   * ```ts
   * import { MemoryHuey, RateLimitExceeded } from "@hueyjs/huey";
   *
   * const limit = new MemoryHuey().rateLimit("mail", { limit: 1, per: { minutes: 1 } });
   * await limit.acquire();
   * await limit.acquire().catch((error) => console.log(error instanceof RateLimitExceeded)); // true
   * ```
   */
  acquire(): Promise<void>;

  /**
   * Counts a call and runs a function.
   *
   * @param fn The function; may be async.
   * @returns What the function returns.
   * @throws {RateLimitExceeded} If the limit is reached; then the function does not run.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const limit = new MemoryHuey().rateLimit("api", { limit: 100, per: 60 });
   * console.log(await limit.run(() => "called")); // called
   * ```
   */
  run<R>(fn: () => R): Promise<Awaited<R>>;

  /**
   * A function each of whose calls is counted.
   *
   * @param fn The function; may be async.
   * @returns The function with the limit before it; rejects with `RateLimitExceeded` if the limit is reached.
   */
  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>>;

  /** Forgets all calls so far. */
  reset(): Promise<void>;

  /**
   * How many calls count at the moment.
   *
   * @returns A number from 0 to `limit`.
   */
  currentUsage(): Promise<number>;
}

/**
 * The attempt that the running code belongs to, across awaits.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** What code inside a task can find out about the attempt it runs in. */
export interface CurrentAttempt {
  readonly taskId: string;
  readonly taskName: string;
  /** Token of the claim; locks taken meanwhile belong to it. `undefined` where there is no claim. */
  readonly claimToken: string | undefined;
  /** Locks to drop with the settlement: taken, without a ttl, and not released. */
  locksHeld: number;
  /** Told, without a claim, of each lock that it is about to take; waited for. */
  takesLock(lock: LooseLock): Promise<void>;
}

/** A lock that belongs to no claim: nobody could free it without knowing this. */
export interface LooseLock {
  /** Keys of its slots, of which one is held, or none. */
  readonly keys: readonly string[];
  /** What is stored there. */
  readonly token: string;
  /** Whether it has a ttl, so that it may outlive the task. */
  readonly ends: boolean;
}

/** Carries the attempt; also usable as LogTape's `contextLocalStorage`. */
export const currentAttempt: AsyncLocalStorage<CurrentAttempt> = new AsyncLocalStorage();

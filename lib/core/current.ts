/**
 * The attempt that the running code belongs to, across awaits.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { AboutTask } from "../observe/tracing.ts";
import type { StorageCall } from "./patience.ts";

/** What code inside a task can find out about the attempt it runs in. */
export interface CurrentAttempt {
  readonly taskId: string;
  readonly taskName: string;
  /** What lines of the log say of it. */
  readonly about: AboutTask;
  /** Token of the claim; locks taken meanwhile belong to it. `undefined` where there is no claim. */
  readonly claimToken: string | undefined;
  /** Locks that it has taken and not released. */
  readonly held: Set<AttemptLock>;
  /** Keeps a line that it has logged. @param error What it tells of, beside its text */
  keepLine(level: "info" | "warn" | "error", text: string, error?: unknown): void;
  /** @throws Why it was ended, if it was: what still runs of it takes nothing any more. */
  throwIfOver(): void;
  /** Calls the storage on behalf of the attempt, until that works. @param what As of the function `callStorage`. */
  callStorage<T>(what: string, call: StorageCall<T>): Promise<T>;
}

/** A lock that an attempt holds. */
export interface AttemptLock {
  /** Whether it has a ttl, so that it may outlive the task. */
  readonly ends: boolean;
  /** Gives it back, until that works. @returns whether it was still held */
  release(): Promise<boolean>;
  /** The function has ended: one with a ttl is no longer renewed. */
  leave(): void;
}

/** What is known to the code that runs inside, across awaits. Spelled out, since programs without types of the runtime check it too. */
export interface Scope<T> {
  /** @returns what `run` was given around the running code */
  getStore(): T | undefined;
  /** Runs a function inside, with arguments. */
  run<R, A extends unknown[]>(store: T, work: (...args: A) => R, ...args: A): R;
}

/** Carries the attempt; also usable as LogTape's `contextLocalStorage`. */
export const currentAttempt: Scope<CurrentAttempt> = new AsyncLocalStorage();

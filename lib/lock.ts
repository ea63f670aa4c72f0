/**
 * Locks: at most so many holders at once, in whichever process they run.
 * @module
 */
import { checkFunction, checkName } from "./arguments.ts";
import type { Core } from "./core.ts";
import { type CurrentAttempt, currentAttempt, type LooseLock } from "./current.ts";
import { TaskLockedException } from "./errors.ts";
import { newId } from "./ids.ts";
import { checkLockOptions } from "./task_options.ts";
import { optionalDurationMs } from "./time.ts";
import type { HeldLock, LockOptions, TaskLock } from "./types/limits.ts";

/** A lock of a Huey; taking it is another step. */
export function taskLock(core: Core, name: string, options: LockOptions = {}): TaskLock {
  checkName(name, "The name of a lock");
  checkLockOptions(options);
  core.locks.set(name, Math.max(options.slots ?? 1, core.locks.get(name) ?? 1));
  return new Lock(core, name, options);
}

/** Whether no slot of a lock is free. */
export async function isLocked(core: Core, name: string, slots?: number): Promise<boolean> {
  checkName(name, "The name of a lock");
  // Whoever asks about a lock knows of it, also when all known locks are flushed.
  if (!core.locks.has(name)) core.locks.set(name, 1);
  const keys = slotKeys(core, name, slots ?? core.locks.get(name) ?? 1);
  return (await core.storage.locks.peekMany(keys)).every((holder) => holder !== undefined);
}

/** Takes a lock from whoever holds it. @returns whether it was held */
export async function clearLock(core: Core, name: string): Promise<boolean> {
  const deleted = [];
  for (const key of slotKeys(core, name, core.locks.get(name) ?? 1)) deleted.push(await core.storage.locks.delete(key));
  return deleted.includes(true);
}

/** Clears the locks that this process knows, and those named. @returns the names of those that were held */
export async function flushLocks(core: Core, names: readonly string[]): Promise<Set<string>> {
  const cleared = new Set<string>();
  for (const name of names) checkName(name, "The name of a lock");
  for (const name of new Set([...core.locks.keys(), ...names])) {
    if (await clearLock(core, name)) cleared.add(name);
  }
  return cleared;
}

/** Frees what a task held without a claim. What others have taken since is left alone. */
export async function freeLocks(core: Core, locks: readonly LooseLock[]): Promise<void> {
  for (const { keys, token } of locks) {
    for (const key of keys) await core.storage.locks.deleteIfEqual(key, encoder.encode(token));
  }
}

const encoder = new TextEncoder();

class Lock implements TaskLock {
  readonly name: string;
  readonly #core: Core;
  readonly #slots: number;
  readonly #ttlMs: number | undefined;

  constructor(core: Core, name: string, options: LockOptions) {
    this.name = name;
    this.#core = core;
    this.#slots = options.slots ?? 1;
    this.#ttlMs = optionalDurationMs(options.ttl, "ttl");
  }

  async acquire(): Promise<HeldLock> {
    const attempt = currentAttempt.getStore();
    const id = newId();
    const token = encoder.encode(id);
    const keys = slotKeys(this.#core, this.name, this.#slots);
    // Before it is taken, so that none is held of which nobody knows.
    if (attempt?.claimToken === undefined) await attempt?.takesLock({ keys, token: id, ends: this.#ttlMs !== undefined });
    for (const key of keys) {
      const options = { ttlMs: this.#ttlMs, holder: attempt?.claimToken };
      if (!await this.#core.storage.locks.putIfEmpty(key, token, options)) continue;
      // A lock that ends by itself may outlive the task, as a debounce; any other is dropped with the settlement.
      const dropper = this.#ttlMs === undefined ? attempt : undefined;
      if (dropper !== undefined) dropper.locksHeld++;
      return new Held(this.#core, this.name, key, token, dropper);
    }
    throw new TaskLockedException(this.name);
  }

  async run<R>(fn: () => R): Promise<Awaited<R>> {
    checkFunction(fn, "fn");
    await using _held = await this.acquire();
    return await fn();
  }

  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>> {
    checkFunction(fn, "fn");
    return (...args) => this.run(() => fn(...args));
  }

  async isLocked(): Promise<boolean> {
    return await isLocked(this.#core, this.name, this.#slots);
  }

  async clear(): Promise<boolean> {
    return await clearLock(this.#core, this.name);
  }
}

class Held implements HeldLock {
  readonly name: string;
  readonly #core: Core;
  readonly #key: string;
  readonly #token: Uint8Array;
  #dropper: CurrentAttempt | undefined;

  /** @param dropper The attempt whose settlement drops the lock if it is not released before. */
  constructor(core: Core, name: string, key: string, token: Uint8Array, dropper: CurrentAttempt | undefined) {
    this.#core = core;
    this.name = name;
    this.#key = key;
    this.#token = token;
    this.#dropper = dropper;
  }

  async release(): Promise<boolean> {
    const held = await this.#core.storage.locks.deleteIfEqual(this.#key, this.#token);
    if (this.#dropper !== undefined) this.#dropper.locksHeld--;
    this.#dropper = undefined;
    return held;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }
}

/**
 * The first slot has the lock's own key, so that locks without slots and with one are the same. The others have their number in
 * front of the name, which may end in anything.
 */
function slotKeys(core: Core, name: string, slots: number): string[] {
  const prefix = core.settings.name;
  return Array.from({ length: slots }, (_, slot) => slot === 0 ? `${prefix}.lock.${name}` : `${prefix}.lock-${slot}.${name}`);
}

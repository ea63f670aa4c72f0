/**
 * Locks: at most so many holders at once, in whichever process they run.
 * @module
 */
import { checkFunction, checkName } from "../primitives/arguments.ts";
import type { Core } from "../core/core.ts";
import { type AttemptLock, type CurrentAttempt, currentAttempt } from "../core/current.ts";
import { TaskLockedException } from "../errors.ts";
import { toError } from "../primitives/error_record.ts";
import { newId } from "../primitives/ids.ts";
import { startInterval, type Timer } from "../primitives/clock.ts";
import { checkLockOptions } from "../task/options.ts";
import { optionalDurationMs } from "../primitives/time.ts";
import type { HeldLock, LockOptions, TaskLock } from "../types/limits.ts";

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
async function clearLock(core: Core, name: string): Promise<boolean> {
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

  async run<R>(fn: () => R): Promise<Awaited<R>> {
    checkFunction(fn, "fn");
    const held = await this.acquire();
    try {
      return await fn();
    } finally {
      await held.giveBack();
    }
  }

  wrap<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => Promise<Awaited<R>> {
    checkFunction(fn, "fn");
    return (...args) => this.run(() => fn(...args));
  }

  async acquire(): Promise<Held> {
    const attempt = currentAttempt.getStore();
    attempt?.throwIfOver();
    const token = encoder.encode(newId());
    const take = (again: boolean): Promise<string | undefined> => this.#take(token, attempt?.claimToken, again);
    const key = attempt === undefined ? await take(false) : await attempt.callStorage(`take lock "${this.name}"`, take);
    if (key === undefined) throw new TaskLockedException(this.name);
    const held = new Held(this.#core, this.name, { key, token, ttlMs: this.#ttlMs }, attempt);
    try {
      attempt?.throwIfOver();
    } catch (error) {
      // It was ended while it waited for the lock.
      await held.giveBack();
      throw error;
    }
    return held;
  }

  /** @param again Whether it may have been taken by a call before. @returns the key of the slot that was taken */
  async #take(token: Uint8Array, holder: string | undefined, again: boolean): Promise<string | undefined> {
    const { locks } = this.#core.storage;
    const keys = slotKeys(this.#core, this.name, this.#slots);
    const found = again ? await locks.peekMany(keys) : [];
    const mine = found.findIndex((value) => value !== undefined && isSame(value, token));
    if (mine >= 0) return keys[mine];
    for (const key of keys) {
      if (await locks.putIfEmpty(key, token, { ttlMs: this.#ttlMs, holder })) return key;
    }
    return undefined;
  }

  async isLocked(): Promise<boolean> {
    return await isLocked(this.#core, this.name, this.#slots);
  }

  async clear(): Promise<boolean> {
    return await clearLock(this.#core, this.name);
  }
}

/** A slot that was taken. */
interface TakenSlot {
  readonly key: string;
  readonly token: Uint8Array;
  readonly ttlMs: number | undefined;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

class Held implements HeldLock, AttemptLock {
  readonly name: string;
  readonly ends: boolean;
  readonly #core: Core;
  readonly #key: string;
  readonly #token: Uint8Array;
  readonly #attempt: CurrentAttempt | undefined;
  #renewal: Timer | undefined;

  /** @param attempt The attempt whose end frees the lock if it is not released before. */
  constructor(core: Core, name: string, { key, token, ttlMs }: TakenSlot, attempt: CurrentAttempt | undefined) {
    this.name = name;
    this.ends = ttlMs !== undefined;
    this.#core = core;
    this.#key = key;
    this.#token = token;
    this.#attempt = attempt;
    if (attempt === undefined) return;
    attempt.held.add(this);
    if (ttlMs !== undefined) this.#renewal = this.#renew(ttlMs);
  }

  async release(): Promise<boolean> {
    this.leave();
    const { locks } = this.#core.storage;
    const attempt = this.#attempt;
    if (attempt === undefined) return await locks.deleteIfEqual(this.#key, this.#token);
    // What was sent again may have been deleted by the first call.
    const held = await attempt.callStorage(
      `give back lock "${this.name}"`,
      async (again) => await locks.deleteIfEqual(this.#key, this.#token) || again,
    );
    attempt.held.delete(this);
    return held;
  }

  /** After a function: what the function did counts, whatever becomes of the lock. */
  async giveBack(): Promise<void> {
    try {
      await this.release();
    } catch (error) {
      this.#core.logger.error(`Lock "${this.name}" could not be given back: ${toError(error).message}`, { error });
    }
  }

  leave(): void {
    this.#renewal?.stop();
    this.#renewal = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (this.#attempt === undefined ? this.release() : this.giveBack());
  }

  /** Renews it three times within its life for as long as the function runs. */
  #renew(ttlMs: number): Timer {
    return startInterval(this.#core.clock, Math.max(ttlMs / 3, SHORTEST_RENEWAL_MS), () => void this.#renewOnce(ttlMs), {
      background: true,
    });
  }

  async #renewOnce(ttlMs: number): Promise<void> {
    try {
      const held = await this.#core.storage.locks.replaceIfEqual(this.#key, this.#token, this.#token, ttlMs);
      if (held || this.#renewal === undefined) return;
      this.leave();
      this.#core.logger.warn(`Lock "${this.name}" was taken from task ${this.#attempt!.taskName}: ${this.#attempt!.taskId}`);
    } catch (error) {
      this.#core.logger.debug(`Lock "${this.name}" could not be renewed: ${toError(error).message}`, { error });
    }
  }
}

const SHORTEST_RENEWAL_MS = 10;

/**
 * The first slot has the lock's own key, so that locks without slots and with one are the same. The others have their number in
 * front of the name, which may end in anything.
 */
function slotKeys(core: Core, name: string, slots: number): string[] {
  const prefix = core.settings.name;
  return Array.from({ length: slots }, (_, slot) => slot === 0 ? `${prefix}.lock.${name}` : `${prefix}.lock-${slot}.${name}`);
}

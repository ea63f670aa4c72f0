/**
 * Locks of the memory storage: entries that end with the claim, or the worker, that holds them.
 * @module
 */
import type { Owner } from "../../lib/storage.ts";
import { MemoryKeyValue, type Stored } from "./key_value.ts";

/** The name space of locks. */
export class MemoryLocks extends MemoryKeyValue {
  /** Keys by the claim that holds them, or by the worker to which they were passed. */
  readonly #held = new Map<string, Set<string>>();
  /** The workers to which locks were passed. */
  readonly #owners = new Map<string, Owner>();

  /** Deletes the locks of a claim. */
  dropHeld(token: string): void {
    for (const key of this.#take(token)) this.map.delete(key);
  }

  /** Forgets which locks a claim holds; they stay. */
  forgetHeld(token: string): void {
    this.#held.delete(token);
  }

  /** The locks of a claim belong to a worker from now on. */
  pass(token: string, owner: Owner): void {
    const holder = JSON.stringify([owner.consumer, owner.worker]);
    for (const key of this.#take(token)) {
      this.map.update(key, { value: this.map.get(key)!.value, holder });
      this.#keysOf(holder).add(key);
      this.#owners.set(holder, owner);
    }
  }

  /** Deletes the locks that were passed to these workers. */
  dropPassed(isLost: (owner: Owner) => boolean): void {
    for (const [holder, owner] of [...this.#owners]) {
      if (!isLost(owner)) continue;
      this.dropHeld(holder);
      this.#owners.delete(holder);
    }
  }

  override remove(key: string): void {
    this.#forgetHolder(key);
    super.remove(key);
  }

  override clear(): void {
    super.clear();
    this.#held.clear();
    this.#owners.clear();
  }

  protected override set(key: string, stored: Stored, ttlMs?: number): void {
    this.#forgetHolder(key);
    super.set(key, stored, ttlMs);
    if (stored.holder !== undefined) this.#keysOf(stored.holder).add(key);
  }

  /** The keys that a holder still holds, which it does no longer. */
  #take(holder: string): string[] {
    const keys = [...this.#held.get(holder) ?? []].filter((key) => this.map.get(key)?.holder === holder);
    this.#held.delete(holder);
    return keys;
  }

  #keysOf(holder: string): Set<string> {
    let keys = this.#held.get(holder);
    if (keys === undefined) this.#held.set(holder, keys = new Set());
    return keys;
  }

  #forgetHolder(key: string): void {
    const holder = this.#held.size > 0 ? this.map.get(key)?.holder : undefined;
    if (holder === undefined) return;
    const keys = this.#held.get(holder);
    keys?.delete(key);
    if (keys?.size === 0) this.#held.delete(holder);
  }
}

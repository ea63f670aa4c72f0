/**
 * Locks of the memory storage: entries that end with the claim, or the worker, that holds them.
 * @module
 */
import type { Owner } from "../../lib/storage.ts";
import type { SavedEntry } from "../expiring_map.ts";
import { MemorySpace, type Stored } from "./space.ts";

/** Locks as they are saved. */
export interface SavedLocks {
  readonly entries: readonly SavedEntry<Stored>[];
  readonly held: readonly (readonly [holder: string, keys: readonly string[]])[];
  readonly owners: readonly (readonly [holder: string, owner: Owner])[];
}

/** The name space of locks. */
export class MemoryLocks extends MemorySpace {
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

  override flush(): void {
    super.flush();
    this.#held.clear();
    this.#owners.clear();
  }

  /** Everything there is. */
  saved(): SavedLocks {
    const held = [...this.#held].map(([holder, keys]) => [holder, [...keys]] as const);
    return { entries: this.savedEntries(), held, owners: [...this.#owners] };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ entries, held, owners }: SavedLocks): void {
    this.flush();
    this.restoreEntries(entries);
    for (const [holder, keys] of held) this.#held.set(holder, new Set(keys));
    for (const [holder, owner] of owners) this.#owners.set(holder, owner);
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

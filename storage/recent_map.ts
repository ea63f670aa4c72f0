/**
 * A map that keeps the newest entries only.
 * @module
 */

/** The entries of both generations, in their order. */
export interface SavedRecent<V> {
  readonly young: readonly (readonly [string, V])[];
  readonly old: readonly (readonly [string, V])[];
}

/** Keys and values in two generations: when the younger one is full, the older one goes. What is in both counts as it is in the younger. */
export class RecentMap<V> {
  readonly #most: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();

  /** @param most So many entries are kept at least; at most twice as many. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Sets an entry, which is the newest then. */
  set(key: string, value: V): void {
    this.#young.set(key, value);
    if (this.#young.size < this.#most) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  /** @returns The value, `undefined` if there is none */
  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  /** Removes an entry. */
  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  /** Removes all entries. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  /** Everything there is. */
  saved(): SavedRecent<V> {
    return { young: [...this.#young], old: [...this.#old] };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ young, old }: SavedRecent<V>): void {
    this.#young = new Map(young);
    this.#old = new Map(old);
  }
}

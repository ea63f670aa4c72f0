/**
 * What the steps of tasks have left in the memory storage.
 * @module
 */
import { copyBytes } from "../bytes.ts";

/** The steps of one key as they are saved. */
export type SavedSteps = readonly [key: string, values: readonly (readonly [name: string, value: Uint8Array])[]];

/** Values of steps, by the key of the steps and the name of the step. */
export class MemorySteps {
  readonly #values = new Map<string, Map<string, Uint8Array>>();

  /** Keeps a value. */
  keep(key: string, name: string, value: Uint8Array): void {
    let values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, values = new Map());
    values.set(name, copyBytes(value));
  }

  /** What was kept, by name. */
  kept(key: string): Map<string, Uint8Array> {
    return new Map(this.#values.get(key));
  }

  /** Forgets what was kept under a key. */
  drop(key: string): void {
    this.#values.delete(key);
  }

  /** Forgets all but what was kept under these keys. */
  dropAllBut(keys: readonly string[]): void {
    if (this.#values.size === 0) return;
    const kept = new Set(keys);
    for (const key of [...this.#values.keys()]) if (!kept.has(key)) this.drop(key);
  }

  /** Everything there is. */
  saved(): SavedSteps[] {
    return [...this.#values].map(([key, values]) => [key, [...values]]);
  }

  /** Takes over what was saved, in place of everything. */
  restore(saved: readonly SavedSteps[]): void {
    this.#values.clear();
    for (const [key, values] of saved) this.#values.set(key, new Map(values));
  }
}

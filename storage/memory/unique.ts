/**
 * Unique keys of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Item, UniqueKey } from "../../lib/storage.ts";
import { ExpiringMap, type SavedEntry } from "../expiring_map.ts";
import type { LoadItem, SaveItem } from "./item.ts";

/** Who holds a key. */
export interface Holder {
  /** Id of the task. */
  readonly id: string;
  /** The key as this very item carries it: several items may have one id, and this object goes with one of them wherever it is moved. */
  readonly unique: UniqueKey;
}

/** Who holds which unique key. */
export class MemoryUniqueKeys {
  readonly #holders: ExpiringMap<Holder>;

  constructor(clock: Pick<Clock, "now">) {
    this.#holders = new ExpiringMap(clock);
  }

  /** Who stands in the way of an item. @returns the id of the task, `undefined` if nobody does */
  holderFor(id: string, { key, from }: UniqueKey): string | undefined {
    const holder = this.#holders.get(key);
    return holder === undefined || holder.id === id || holder.id === from ? undefined : holder.id;
  }

  /** The item holds its key from now on. */
  take(id: string, unique: UniqueKey): void {
    this.#holders.set(unique.key, { id, unique }, typeof unique.until === "number" ? unique.until : undefined);
  }

  /** Whether the item holds its key. */
  isHeldBy(unique: UniqueKey): boolean {
    return this.#holders.get(unique.key)?.unique === unique;
  }

  /** An item was claimed (`start`) or settled (`end`). */
  free(unique: UniqueKey, event: "start" | "end"): void {
    if (unique.until === event && this.isHeldBy(unique)) this.#holders.delete(unique.key);
  }

  /** The next attempt takes the key over, if it has one, for the rest of its time. */
  passOn(unique: UniqueKey, next: Item): void {
    if (next.unique?.key !== unique.key) return this.free(unique, "end");
    if (this.isHeldBy(unique)) this.#holders.update(unique.key, { id: next.id, unique: next.unique });
  }

  /** Frees the keys of items that were deleted. */
  freeDeleted(items: readonly Item[]): void {
    for (const { unique } of items) {
      if (unique !== undefined && this.isHeldBy(unique)) this.#holders.delete(unique.key);
    }
  }

  /** Everything there is, and also such keys as are over. */
  saved(): SavedEntry<Holder>[] {
    return this.#holders.saved();
  }

  /** Takes over what was saved, in place of everything. */
  restore(saved: readonly SavedEntry<Holder>[]): void {
    this.#holders.restore(saved);
  }

  /** How items are saved: plain data cannot say which of several items of one id is the one that holds the key, so it is marked. */
  itemSaver(): SaveItem {
    const held = new Set(this.saved().map(([, { unique }]) => unique));
    return (item) => item.unique !== undefined && held.has(item.unique) ? { ...item, holdsKey: true } : item;
  }

  /** How items are restored, once the holders are: the one that is marked holds the key again. */
  itemLoader(): LoadItem {
    const held = new Map(this.saved().map(([key, { unique }]) => [key, unique]));
    return ({ holdsKey, ...item }) => holdsKey ? { ...item, unique: held.get(item.unique!.key) } : item;
  }

  /** Frees all keys but those of these items. */
  freeAllBut(items: readonly Item[]): void {
    const kept = new Set(items.map(({ unique }) => unique));
    for (const [key, { unique }] of this.#holders.toMap()) if (!kept.has(unique)) this.#holders.delete(key);
  }
}

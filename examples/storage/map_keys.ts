/**
 * Unique keys of the storage in map_storage.ts.
 * @module
 */
import type { Item, UniqueKey } from "@hueyjs/huey";

/** Who holds which key. Items are told apart by the object that says which key they have, since several may have one id. */
export class MapKeys {
  readonly #holders: Map<string, { id: string; unique: UniqueKey; endsMs: number }> = new Map();

  /** The id of the task that stands in the way of an item. */
  holderFor({ id, unique }: Item, nowMs: number): string | undefined {
    const holder = unique && this.#holders.get(unique.key);
    if (!holder || holder.endsMs <= nowMs || holder.id === id || holder.id === unique.from) return undefined;
    return holder.id;
  }

  take(item: Item, nowMs: number): Item {
    const { id, unique } = item;
    const endsMs = nowMs + (typeof unique?.until === "number" ? unique.until : Infinity);
    if (unique) this.#holders.set(unique.key, { id, unique, endsMs });
    return item;
  }

  /** Frees the key that an item holds, when it is claimed, settled or deleted, or hands it on to the next attempt. */
  free({ unique }: Item, event: "start" | "end" | "deletion", next?: Item): void {
    const holder = unique && this.#holders.get(unique.key);
    if (holder === undefined || holder.unique !== unique) return;
    if (next?.unique?.key === unique.key) holder.unique = next.unique;
    else if (event === unique.until || event === "deletion") this.#holders.delete(unique.key);
  }

  /** Frees all keys but those of these items. */
  freeAllBut(items: readonly Item[]): void {
    const kept = items.map(({ unique }) => unique);
    for (const [key, { unique }] of this.#holders) if (!kept.includes(unique)) this.#holders.delete(key);
  }
}

// Output:

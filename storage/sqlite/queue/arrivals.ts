/**
 * What becomes of items that are enqueued or become due: each goes to the queue, to the schedule or to the line of its gate, or is refused
 * since its unique key is held.
 * @module
 */
import type { Enqueued, Item, Moved } from "../../../lib/storage.ts";
import type { Connection } from "../connection/connection.ts";
import type { KeyedItem } from "../records/item.ts";
import { arrive } from "./gates.ts";
import { addScheduled } from "./schedule.ts";
import { addTasks } from "./tasks.ts";
import { holderOf, takeKey } from "./unique.ts";

/** The answer for items of which there is nothing to say. */
const NOTHING_TO_SAY: Enqueued = {};

/** What is known of the items of a batch. */
interface PlaceOptions {
  /** One that stands behind its gate already. */
  readonly passed?: Item | undefined;
  /** Positions of those that are not written. */
  readonly refused?: ReadonlyMap<number, string>;
  /** Their time has come, so that none goes to the schedule. */
  readonly areDue?: boolean;
}

/** Enqueues items, but for those whose unique key is held. */
export function enqueueItems(connection: Connection, items: readonly Item[]): Enqueued {
  if (items.every(({ unique }) => unique === undefined)) return placeItems(connection, items);
  const refused = new Map<number, string>();
  const held = items.map((item, index) => {
    const holder = holderOf(connection, item);
    if (holder === undefined) return takeKey(connection, item);
    refused.set(index, holder);
    return item;
  });
  const placed = placeItems(connection, held, { refused });
  return refused.size === 0 ? placed : { ...placed, duplicates: refused };
}

/** Puts items on the queue, the schedule or the line of their gate, whoever holds their keys. */
export function placeItems(connection: Connection, items: readonly KeyedItem[], options: PlaceOptions = {}): Enqueued {
  const { passed, refused, areDue = false } = options;
  if (refused === undefined && items.every(({ gate }) => gate === undefined)) {
    add(connection, items, areDue);
    return NOTHING_TO_SAY;
  }
  const blocked = new Set<number>();
  const admitted: Item[] = [];
  const passing: KeyedItem[] = [];
  for (const [index, item] of items.entries()) {
    if (refused?.has(index)) continue;
    if (item.gate === undefined || item === passed || item.dueMs !== undefined && !areDue) {
      passing.push(item);
      continue;
    }
    const arrival = arrive(connection, item);
    admitted.push(...arrival.admitted);
    passing.push(...arrival.admitted);
    if (arrival.isAdmitted) passing.push(item);
    else blocked.add(index);
  }
  add(connection, passing, areDue);
  return { ...blocked.size > 0 && { blocked }, ...admitted.length > 0 && { admitted } };
}

/** Puts items that are due on the queue or the line of their gate. */
export function placeDue(connection: Connection, items: readonly KeyedItem[]): Moved[] {
  const { blocked } = placeItems(connection, items, { areDue: true });
  return items.map((item, index) => blocked?.has(index) ? { ...item, blocked: true } : item);
}

function add(connection: Connection, items: readonly KeyedItem[], areDue: boolean): void {
  const isQueued = (item: Item): boolean => areDue || item.dueMs === undefined;
  addTasks(connection, items.filter(isQueued));
  for (const item of items) if (!isQueued(item)) addScheduled(connection, item);
}

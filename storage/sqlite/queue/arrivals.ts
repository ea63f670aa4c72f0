/**
 * What becomes of items that are enqueued or become due: each goes to the queue, to the schedule or to the line of its gate, or is refused
 * since its unique key is held.
 * @module
 */
import type { Enqueued, Item, Moved } from "../../../lib/storage.ts";
import { arrive } from "./gates.ts";
import type { Holds } from "../records/more.ts";
import { addScheduled, type Due } from "./schedule.ts";
import type { Session } from "../connection/session.ts";
import { addTasks } from "./tasks.ts";
import { holderOf, takeKey } from "./unique.ts";

/** The answer for items of which there is nothing to say. */
const NOTHING_TO_SAY: Enqueued = {};

/** What is known of the items of a batch. */
interface Way {
  /** Of those that hold a unique key. */
  readonly holds?: Holds | undefined;
  /** One that stands behind its gate already. */
  readonly passed?: Item | undefined;
  /** Positions of those that are not written. */
  readonly refused?: ReadonlyMap<number, string>;
  /** Their time has come, so that none goes to the schedule. */
  readonly areDue?: boolean;
}

/** Enqueues items, but for those whose unique key is held. */
export function enqueueItems(session: Session, items: readonly Item[]): Enqueued {
  if (items.every(({ unique }) => unique === undefined)) return placeItems(session, items);
  const holds = new Map<Item, number>();
  const refused = new Map<number, string>();
  for (const [index, item] of items.entries()) {
    const holder = holderOf(session, item);
    const hold = holder === undefined ? takeKey(session, item) : undefined;
    if (holder !== undefined) refused.set(index, holder);
    else if (hold !== undefined) holds.set(item, hold);
  }
  const placed = placeItems(session, items, { holds, refused });
  return refused.size === 0 ? placed : { ...placed, duplicates: refused };
}

/** Puts items on the queue, the schedule or the line of their gate, whoever holds their keys. */
export function placeItems(session: Session, items: readonly Item[], way: Way = {}): Enqueued {
  const { holds, passed, refused, areDue = false } = way;
  if (refused === undefined && items.every(({ gate }) => gate === undefined)) {
    add(session, items, holds, areDue);
    return NOTHING_TO_SAY;
  }
  const blocked = new Set<number>();
  const admitted: Item[] = [];
  const passing: Item[] = [];
  const allHolds = new Map<Item, number>(holds);
  for (const [index, item] of items.entries()) {
    if (refused?.has(index)) continue;
    if (item.gate === undefined || item === passed || item.dueMs !== undefined && !areDue) {
      passing.push(item);
      continue;
    }
    const arrival = arrive(session, item, holds?.get(item));
    for (const [waited, hold] of arrival.admitted.holds) allHolds.set(waited, hold);
    admitted.push(...arrival.admitted.items);
    passing.push(...arrival.admitted.items);
    if (arrival.isAdmitted) passing.push(item);
    else blocked.add(index);
  }
  add(session, passing, allHolds, areDue);
  return { ...blocked.size > 0 && { blocked }, ...admitted.length > 0 && { admitted } };
}

/** Puts items that are due on the queue or the line of their gate. */
export function placeDue(session: Session, { items, holds }: Due): Moved[] {
  const { blocked } = placeItems(session, items, { holds, areDue: true });
  return items.map((item, index) => blocked?.has(index) ? { ...item, blocked: true } : item);
}

function add(session: Session, items: readonly Item[], holds: Holds | undefined, areDue: boolean): void {
  const isQueued = (item: Item): boolean => areDue || item.dueMs === undefined;
  addTasks(session, items.every(isQueued) ? items : items.filter(isQueued), holds);
  for (const item of items) if (!isQueued(item)) addScheduled(session, item, holds?.get(item));
}

/**
 * What becomes of items that are enqueued or become due: each goes to the queue, to the schedule or to the line of its gate, or is refused
 * since its unique key is held.
 * @module
 */
import type { Enqueued, Item, Moved } from "../../../lib/storage.ts";
import type { Session } from "../connection/session.ts";
import type { Held } from "../records/item.ts";
import { arrive } from "./gates.ts";
import { addScheduled } from "./schedule.ts";
import { addTasks } from "./tasks.ts";
import { holderOf, takeKey } from "./unique.ts";

/** The answer for items of which there is nothing to say. */
const NOTHING_TO_SAY: Enqueued = {};

/** What is known of the items of a batch. */
interface Way {
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
  const refused = new Map<number, string>();
  const held = items.map((item, index) => {
    const holder = holderOf(session, item);
    if (holder === undefined) return takeKey(session, item);
    refused.set(index, holder);
    return item;
  });
  const placed = placeItems(session, held, { refused });
  return refused.size === 0 ? placed : { ...placed, duplicates: refused };
}

/** Puts items on the queue, the schedule or the line of their gate, whoever holds their keys. */
export function placeItems(session: Session, items: readonly Held[], way: Way = {}): Enqueued {
  const { passed, refused, areDue = false } = way;
  if (refused === undefined && items.every(({ gate }) => gate === undefined)) {
    add(session, items, areDue);
    return NOTHING_TO_SAY;
  }
  const blocked = new Set<number>();
  const admitted: Item[] = [];
  const passing: Held[] = [];
  for (const [index, item] of items.entries()) {
    if (refused?.has(index)) continue;
    if (item.gate === undefined || item === passed || item.dueMs !== undefined && !areDue) {
      passing.push(item);
      continue;
    }
    const arrival = arrive(session, item);
    admitted.push(...arrival.admitted);
    passing.push(...arrival.admitted);
    if (arrival.isAdmitted) passing.push(item);
    else blocked.add(index);
  }
  add(session, passing, areDue);
  return { ...blocked.size > 0 && { blocked }, ...admitted.length > 0 && { admitted } };
}

/** Puts items that are due on the queue or the line of their gate. */
export function placeDue(session: Session, items: readonly Held[]): Moved[] {
  const { blocked } = placeItems(session, items, { areDue: true });
  return items.map((item, index) => blocked?.has(index) ? { ...item, blocked: true } : item);
}

function add(session: Session, items: readonly Held[], areDue: boolean): void {
  const isQueued = (item: Item): boolean => areDue || item.dueMs === undefined;
  addTasks(session, items.filter(isQueued));
  for (const item of items) if (!isQueued(item)) addScheduled(session, item);
}

/**
 * Messages of the storage in map_storage.ts, and the gates that hold them up.
 * @module
 */
import type { Claim, Enqueued, Item, Owner, Settlement, StoredState } from "@hueyjs/huey";

/** A message, from its enqueueing to its end. */
export interface Row {
  item: Item;
  /** `line`: it waits at its gate. `passed`: it is settled, but its function still runs, and has its gate and its locks. */
  where: "queue" | "schedule" | "line" | "claimed" | "passed";
  /** Order of arrival there. It is kept when a claim is put back, */
  place: number;
  /** as is the time of the arrival. */
  enteredMs: number;
  deliveries: number;
  begun?: boolean;
  /** While it is claimed or passed. */
  held?: { token: string; owner: Owner; sinceMs: number };
}

/** All messages, wherever they are. */
export class MapRows {
  all: Row[] = [];
  #nextPlace = 0;
  readonly #limits: Map<string, number> = new Map();

  /** In the order in which they are claimed, become due, or came. */
  in(where: Row["where"]): Row[] {
    const rank = ({ item }: Row): number => where === "queue" ? -item.priority : where === "schedule" ? item.dueMs! : 0;
    const rows = this.all.filter((row) => row.where === where);
    return rows.sort((one, other) => rank(one) - rank(other) || one.place - other.place);
  }

  oldestMs(): number | undefined {
    return this.in("queue").map(({ enteredMs }) => enteredMs).sort((one, other) => one - other)[0];
  }

  add(item: Item): Row {
    const row: Row = { item, where: "queue", place: 0, enteredMs: 0, deliveries: 0 };
    this.all.push(row);
    return row;
  }

  remove(gone: (row: Row) => boolean): void {
    this.all = this.all.filter((row) => !gone(row));
  }

  enter(row: Row, where: Row["where"], nowMs: number): void {
    Object.assign(row, { where, place: this.#nextPlace++, enteredMs: nowMs });
  }

  /** To the schedule, to the line of its gate, or to the queue. @returns the items that are admitted, this one among them or not */
  arrive(row: Row, nowMs: number): Item[] {
    const { dueMs, gate } = row.item;
    if (gate && dueMs === undefined) this.#limits.set(gate.key, gate.limit);
    this.enter(row, dueMs !== undefined ? "schedule" : gate ? "line" : "queue", nowMs);
    return this.admit(nowMs);
  }

  /** Lets in who may pass, the first of each line first. Whatever frees a gate calls this in the same step. */
  admit(nowMs: number): Item[] {
    const at = (key: string): Row[] => this.all.filter(({ item, where }) => item.gate?.key === key && where !== "schedule");
    const admitted = this.in("line").filter((row) => {
      const { key } = row.item.gate!;
      const isOpen = at(key).filter(({ where }) => where !== "line").length < this.#limits.get(key)!;
      if (isOpen) this.enter(row, "queue", nowMs);
      return isOpen;
    });
    for (const key of this.#limits.keys()) if (at(key).length === 0) this.#limits.delete(key);
    return admitted.map(({ item }) => item);
  }
}

/** What became of a batch. */
export type Admitted = { duplicates: Map<number, string>; blocked: Set<number>; admitted: Item[] };

export function noneYet(): Admitted {
  return { duplicates: new Map(), blocked: new Set(), admitted: [] };
}

export function copyOf(item: Item): Item {
  return { ...item, data: new Uint8Array(item.data), unique: item.unique && { ...item.unique } };
}

export function claimOf({ item, held, deliveries, begun }: Row): Claim {
  return { ...item, token: held!.token, deliveries, ...(begun && { begun }) };
}

export function stepsOf({ id, steps }: Item): string {
  return steps ?? id;
}

/** Whether the next attempt takes the gate over. */
export function keepsGate({ gate }: Item, { next, passLocks }: Settlement): boolean {
  return gate !== undefined && next?.gate?.key === gate.key && next.dueMs === undefined && passLocks === undefined;
}

/** Without what is empty. */
export function told({ duplicates, blocked, admitted }: Admitted): Enqueued {
  return {
    ...(duplicates.size > 0 && { duplicates }),
    ...(blocked.size > 0 && { blocked }),
    ...(admitted.length > 0 && { admitted }),
  };
}

export function stateOf({ item: { about, retry }, where, held }: Row): StoredState {
  if (held) return { state: "running", worker: held.owner.worker, sinceMs: held.sinceMs, about };
  if (where === "line") return { state: "blocked", about };
  return { state: retry ? "retrying" : where === "schedule" ? "scheduled" : "waiting", about };
}

export function isOf(target: { consumer: string; worker?: string }, owner: Owner): boolean {
  return target.consumer === owner.consumer && (target.worker === undefined || target.worker === owner.worker);
}

// Output:

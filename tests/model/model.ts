/**
 * The queue as the contract describes it, in plain data: the other side of the model tests.
 * @module
 */
import { Ledger } from "./ledger.ts";
import { handled, type Next, type Place, type Plan, readable, starters, withExpiry } from "./plan.ts";

/** How the Hueys of a run are made, and what the storage can do. */
export interface Setup {
  readonly storeNone: boolean;
  readonly storeIntermediateErrors: boolean;
  readonly compression: boolean;
  /** Whether times to live follow the stepped clock. */
  readonly steppedTtl: boolean;
  /** Whether reading a result leaves it in the store. */
  readonly keepsResults: boolean;
}

/** Something on the queue: an invocation, or bytes that are none. */
export interface Entry {
  readonly plan: Plan | undefined;
  readonly id: { text: string | undefined };
  /** Order among equals. */
  readonly place: number;
  readonly deliveries: number;
  readonly priority: number;
  readonly retry: boolean;
  /** It began, and may run at most once. */
  readonly begun?: boolean;
}

/** Something on the schedule. */
export interface Appointment {
  readonly entry: Entry;
  readonly dueMs: number;
}

/** An entry that somebody has claimed. */
export interface Held {
  entry: Entry;
  readonly consumer: string;
  readonly worker: string;
}

/** A message that was set aside. */
export interface Grave {
  readonly kind: "failed" | "dead";
  readonly entry: Entry;
  readonly taskName: string | undefined;
  readonly atMs: number;
}

/** Longest chain of hand-outs before a task is given up. */
export const MAX_DELIVERIES = 3;
const UNKNOWN_TRIES = 5;
const UNKNOWN_PAUSE_MS = 1000;

/** The model. */
export class Model extends Ledger {
  queue: Entry[] = [];
  schedule: Appointment[] = [];
  readonly claims: Set<Held> = new Set();
  graves: Grave[] = [];
  /** Invocations that a handle was given for, by id, as they were enqueued. */
  readonly handles: Map<string, Plan> = new Map();
  /** Ids that were rescheduled. */
  readonly moved: Set<string> = new Set();
  /** Ids that were enqueued when their handle was made. */
  readonly heads: Set<string> = new Set();
  #places = 0;

  /** Enqueues what starts these steps, and remembers the handles. */
  enqueue(steps: readonly Next[]): void {
    for (const step of steps) {
      for (const plan of handled(step)) this.handles.set(plan.id.text!, plan);
    }
    for (const plan of steps.flatMap(starters)) {
      this.handles.set(plan.id.text!, plan);
      this.heads.add(plan.id.text!);
      this.add(plan, false);
    }
  }

  /** Puts an invocation on the queue or the schedule. */
  add(given: Plan, retry: boolean): void {
    const plan = withExpiry(given, this.nowMs);
    this.append({ plan, id: plan.id, priority: plan.priority, retry }, plan.etaMs);
  }

  /** Puts a new entry at the end. */
  append(fresh: Omit<Entry, "place" | "deliveries">, dueMs?: number): void {
    const entry = { ...fresh, place: this.#places++, deliveries: 0 };
    const later = dueMs !== undefined && dueMs > this.nowMs;
    if (later) this.schedule.push({ entry, dueMs });
    else this.queue.push(entry);
    this.#sort();
    this.waits(entry.id, fresh.retry ? "retrying" : later ? "scheduled" : "waiting");
  }

  /** Moves what is due. */
  promote(limit: number): void {
    const due = this.schedule.filter(({ dueMs }) => dueMs <= this.nowMs).slice(0, limit);
    this.schedule = this.schedule.filter((appointment) => !due.includes(appointment));
    for (const { entry } of due) this.append(entry);
  }

  /** Hands out the first entry. */
  claim(consumer: string, worker: string): Held | undefined {
    const first = this.queue.shift();
    if (first === undefined) return undefined;
    const held = { entry: { ...first, deliveries: first.deliveries + 1 }, consumer, worker };
    this.claims.add(held);
    this.runs(first.id, worker);
    return held;
  }

  /** Puts a claim back where it came from. @returns whether it was held */
  putBack(held: Held, counted: boolean): boolean {
    if (!this.claims.delete(held)) return false;
    this.dropLocksOf(held);
    const { entry } = held;
    this.queue.push({ ...entry, deliveries: counted ? entry.deliveries : entry.deliveries - 1 });
    this.#sort();
    this.waits(entry.id, entry.retry ? "retrying" : "waiting");
    return true;
  }

  /** Drops a claim. @returns whether it was held */
  drop(held: Held): boolean {
    if (!this.claims.delete(held)) return false;
    this.dropLocksOf(held);
    this.forgets(held.entry.id);
    return true;
  }

  /** Sets the message of a claim aside. @param closed It was not decoded, so nobody knows its task. */
  bury(held: Held, plan?: Plan, closed?: "closed"): void {
    this.drop(held);
    const { entry } = held;
    this.fails(entry.id, { error: "", retries: 0, outcome: "dead" });
    this.revocations.delete(`r:${entry.id.text}`);
    this.graves.push({
      kind: "dead",
      entry: { ...entry, plan, retry: false },
      taskName: closed ? undefined : plan?.name,
      atMs: this.nowMs,
    });
    this.dies(entry.id);
  }

  /** Keeps the message of a task that failed for good. */
  keep({ entry }: Held, plan: Plan): void {
    this.graves.push({ kind: "failed", entry: { ...entry, plan, retry: false }, taskName: plan.name, atMs: this.nowMs });
  }

  /** A message whose task nobody knows: left to others five times, then set aside. */
  leaveToOthers(held: Held, plan: Plan): void {
    const tries = plan.unknownTries ?? 0;
    if (tries >= UNKNOWN_TRIES) {
      this.bury(held, { ...plan, unknownTries: 0 });
      return;
    }
    this.drop(held);
    const { id, priority } = held.entry;
    this.append({ id, priority, retry: false, plan: { ...plan, unknownTries: tries + 1 } }, this.nowMs + UNKNOWN_PAUSE_MS);
  }

  /** Takes a dead letter out; tries its task again, as new. */
  exhume(id: string, kind: Grave["kind"], atMs: number, requeue: boolean): void {
    const at = this.graves.findIndex(({ entry, ...grave }) =>
      entry.id.text === id && grave.kind === kind && grave.atMs === atMs
    );
    const [grave] = this.graves.splice(at, 1);
    const { id: taskId, plan } = grave!.entry;
    if (!requeue) return kind === "dead" ? this.forgets(taskId) : undefined;
    this.results.delete(taskId);
    if (plan?.next !== undefined) this.#follows(plan.next);
    const fresh = plan && asNew(plan);
    this.append({ ...grave!.entry, begun: false, plan: fresh && withExpiry(fresh, this.nowMs) });
  }

  /** The steps that were canceled may follow after all. */
  #follows(next: Next): void {
    for (const { id } of handled(next)) {
      if (this.endings.get(id)?.state !== "canceled" || this.live.has(id)) continue;
      this.results.delete(id);
      this.endings.delete(id);
    }
  }

  /** Fills a place of a chord; the last one enqueues the callback. */
  report({ tally, index, callback }: Place, value: unknown): void {
    if (tally.values.has(index)) return;
    this.tallies.add(tally);
    tally.values.set(index, readable(value));
    if (tally.values.size === tally.size) this.add({ ...callback, valuesOf: tally }, false);
  }

  /** Forgets everything. */
  flush(): void {
    this.clear();
    this.queue = [];
    this.schedule = [];
    this.graves = [];
    this.claims.clear();
  }

  /** Whether a task with this id has begun, or was claimed by somebody. */
  isUntouched(id: string): boolean {
    const waiting = [...this.queue, ...this.schedule.map(({ entry }) => entry)].find((entry) => entry.id.text === id);
    return waiting !== undefined && waiting.plan?.attempt === 1 && waiting.deliveries === 0;
  }

  #sort(): void {
    this.queue.sort((a, b) => b.priority - a.priority || a.place - b.place);
    this.schedule.sort((a, b) => a.dueMs - b.dueMs || a.entry.place - b.entry.place);
  }
}

/** The plan of a first attempt. Tasks have no retries of their own here; those of nobody keep theirs. */
function asNew(plan: Plan): Plan {
  const { firstDelayMs = plan.retryDelayMs } = plan;
  const retries = plan.name === "nobody" ? plan.retries : 0;
  return {
    ...plan,
    retries,
    retryDelayMs: firstDelayMs,
    attempt: 1,
    etaMs: undefined,
    expiresAtMs: undefined,
    unknownTries: 0,
  };
}

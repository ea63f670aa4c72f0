/**
 * What the model remembers of ids and keys: results, states, revocations, locks, limits, values.
 * @module
 */
import type { Tally } from "./plan.ts";
import type { Held, Setup } from "./model.ts";
import { TASK_LIMIT } from "./tasks.ts";

/** How long the ending of a task is remembered. */
export const NOTICE_MS = 60_000;
/** Noon of an ordinary day. */
export const START_MS: number = Date.UTC(2030, 4, 14, 12, 0, 0);

/** What is stored under the id of a task. */
export type StoredOutcome = { readonly value: unknown } | { readonly failure: Failure };

/** What a reader is told of a failed task. */
export interface Failure {
  readonly error: string;
  readonly retries: number;
  readonly outcome: string;
}

/** How a task ended. */
export interface Ending {
  readonly state: string;
  /** While it is surely known. */
  untilMs: number;
  /** When it is surely forgotten. */
  goneMs: number;
}

/** A revocation. */
export interface Revoked {
  readonly once: boolean;
  readonly untilMs?: number | undefined;
  /** It goes on under another id: with what follows it, or alone. */
  readonly rescheduled?: "whole" | "alone";
}

/** Somebody who holds a slot of a lock. */
export interface Holder {
  readonly by: Held | undefined;
  readonly untilMs: number;
}

/** Slots of the locks that the tests use. */
export const LOCKS: Readonly<Record<string, number>> = { one: 1, two: 2, task: 1 };
/** The rate limits that the tests use, beside the one of the task. */
export const LIMITS = {
  fixed: { limit: 3, per: 30, algorithm: "fixed" },
  sliding: { limit: 3, per: 30, algorithm: "sliding" },
  bucket: { limit: 3, per: 30, algorithm: "token-bucket" },
} as const;

/** Name of a rate limit. */
export type LimitName = keyof typeof LIMITS;

/** Ids are objects, because some are learnt later. */
type Id = { text: string | undefined };

/** The part of the model that is about ids and keys. */
export class Ledger {
  readonly setup: Setup;
  nowMs: number;
  /** Where tasks that have not ended are. */
  readonly live: Map<Id, { state: string; worker?: string }> = new Map();
  readonly endings: Map<Id, Ending> = new Map();
  readonly results: Map<Id, StoredOutcome> = new Map();
  /** Whose result a reader took. */
  readonly taken: Set<Id> = new Set();
  readonly values: Map<string, unknown> = new Map();
  /** By `r:<id>` and `rt:<name>`. */
  readonly revocations: Map<string, Revoked> = new Map();
  readonly locks: Map<string, Holder[]> = new Map();
  readonly tallies: Set<Tally> = new Set();
  /** When calls were let through, by limit. */
  admitted: Record<string, number[]> = {};
  tokens: { left: number; atMs: number };

  constructor(setup: Setup, nowMs: number) {
    this.setup = setup;
    this.nowMs = nowMs;
    this.tokens = { left: LIMITS.bucket.limit, atMs: nowMs };
  }

  // ---- states -------------------------------------------------------------------------------------------------------

  waits(id: Id, state: string): void {
    this.live.set(id, { state });
    this.endings.delete(id);
  }

  runs(id: Id, worker: string): void {
    this.live.set(id, { state: "running", worker });
  }

  forgets(id: Id): void {
    this.live.delete(id);
  }

  dies(id: Id): void {
    this.live.set(id, { state: "dead" });
  }

  /** It has ended with an error that is stored. */
  fails(id: Id, failure: Failure): void {
    this.results.set(id, { failure });
    this.final.add(id);
    this.ends(id, failure.outcome);
  }

  ends(id: Id, state: string, ttlMs: number = NOTICE_MS): void {
    this.live.delete(id);
    const untilMs = this.setup.steppedTtl ? this.nowMs + ttlMs : Infinity;
    this.endings.set(id, { state, untilMs, goneMs: untilMs });
  }

  /** States that the queue may tell of a task. */
  statesOf(id: Id): string[] {
    const live = this.live.get(id);
    if (live !== undefined) return [live.state];
    const ending = this.endings.get(id);
    if (ending === undefined) return ["unknown"];
    if (this.results.has(id)) {
      return ending.untilMs > this.nowMs || this.isFinal(id) ? [ending.state] : [ending.state, "unknown"];
    }
    if (ending.untilMs > this.nowMs) return [ending.state];
    return ending.goneMs > this.nowMs ? [ending.state, "unknown"] : ["unknown"];
  }

  /** Results that were stored with the ending, not by an attempt before. */
  readonly final: Set<Id> = new Set();

  isFinal(id: Id): boolean {
    return this.final.has(id);
  }

  /** Takes, or looks at, what is stored under an id. */
  read(id: Id, preserve: boolean): StoredOutcome | undefined {
    const found = this.results.get(id);
    if (found === undefined || preserve || this.setup.keepsResults) return found;
    this.results.delete(id);
    this.taken.add(id);
    const ending = this.endings.get(id);
    // From the reading on the note is kept as long again.
    if (ending !== undefined && this.isFinal(id)) ending.goneMs = Math.max(ending.goneMs, this.nowMs + NOTICE_MS);
    return found;
  }

  // ---- revocations --------------------------------------------------------------------------------------------------

  /** Keeps a revocation; one whose time has passed is none. */
  revoke(key: string, revoked: Revoked): void {
    if (this.applies(revoked)) this.revocations.set(key, revoked);
    else this.revocations.delete(key);
  }

  /** Those that are stored; one that ends by itself is gone then. */
  storedRevocations(): Map<string, Revoked> {
    for (const [key, revoked] of this.revocations) {
      if (this.setup.steppedTtl && !this.applies(revoked)) this.revocations.delete(key);
    }
    return this.revocations;
  }

  /** Whether a revocation is in force. */
  applies(revoked: Revoked | undefined): boolean {
    if (revoked === undefined) return false;
    return revoked.once || revoked.untilMs === undefined || revoked.untilMs > this.nowMs;
  }

  // ---- locks --------------------------------------------------------------------------------------------------------

  /** Holders of a lock whose time has not passed. */
  holders(name: string): Holder[] {
    const held = (this.locks.get(name) ?? []).filter(({ untilMs }) => untilMs > this.nowMs);
    this.locks.set(name, held);
    return held;
  }

  /** @returns the holder, `undefined` if no slot is free */
  acquire(name: string, by: Held | undefined, ttlMs: number = Infinity): Holder | undefined {
    const held = this.holders(name);
    if (held.length >= LOCKS[name]!) return undefined;
    const holder = { by, untilMs: this.setup.steppedTtl ? this.nowMs + ttlMs : Infinity };
    held.push(holder);
    return holder;
  }

  /** @returns whether it was held */
  release(name: string, holder: Holder): boolean {
    const held = this.holders(name);
    this.locks.set(name, held.filter((other) => other !== holder));
    return held.includes(holder);
  }

  dropLocksOf(claim: Held): void {
    for (const name of Object.keys(LOCKS)) this.locks.set(name, this.holders(name).filter(({ by }) => by !== claim));
  }

  // ---- rate limits --------------------------------------------------------------------------------------------------

  /** @returns 0, or the milliseconds until the next window, for the limit of the task */
  admitTask(): number {
    const perMs = TASK_LIMIT.per * 1000;
    const used = this.#inWindow("task", perMs);
    if (used.length >= TASK_LIMIT.limit) return perMs - this.nowMs % perMs;
    used.push(this.nowMs);
    return 0;
  }

  /** @returns whether a call is let through */
  admit(name: LimitName): boolean {
    const { limit } = LIMITS[name];
    if (this.usage(name) >= limit) return false;
    if (name === "bucket") this.tokens = { left: this.#tokensLeft() - 1, atMs: this.nowMs };
    else (this.admitted[name] ??= []).push(this.nowMs);
    return true;
  }

  usage(name: LimitName): number {
    const { limit, per } = LIMITS[name];
    if (name === "fixed") return this.#inWindow(name, per * 1000).length;
    if (name === "sliding") return (this.admitted[name] ?? []).filter((atMs) => atMs > this.nowMs - per * 1000).length;
    return limit - Math.floor(this.#tokensLeft() + 1e-9);
  }

  resetLimit(name: LimitName): void {
    this.admitted[name] = [];
    if (name === "bucket") this.tokens = { left: LIMITS.bucket.limit, atMs: this.nowMs };
  }

  // ---- all ----------------------------------------------------------------------------------------------------------

  clear(): void {
    for (const map of [this.live, this.endings, this.results, this.values, this.revocations, this.locks]) map.clear();
    for (const tally of this.tallies) tally.values.clear();
    this.admitted = {};
    this.resetLimit("bucket");
  }

  #inWindow(name: string, perMs: number): number[] {
    const window = Math.floor(this.nowMs / perMs);
    return this.admitted[name] = (this.admitted[name] ?? []).filter((atMs) => Math.floor(atMs / perMs) === window);
  }

  #tokensLeft(): number {
    const { limit, per } = LIMITS.bucket;
    return Math.min(limit, this.tokens.left + (this.nowMs - this.tokens.atMs) * limit / (per * 1000));
  }
}

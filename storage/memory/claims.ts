/**
 * Claims and leases of the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Claim, Item, Lease, Owner, OwnerFilter, StoredLease, StoredRunning } from "../../lib/storage.ts";
import { MOST_EXAMINED } from "../../lib/storage.ts";
import { RecentMap, type SavedRecent } from "../recent_map.ts";
import type { LoadItem, SaveItem } from "./item.ts";
import { type Entry, loadEntry, type SavedQueueEntry, saveEntry } from "./queue.ts";

/** A claim and what is needed to put it back. */
export interface HeldClaim {
  readonly claim: Claim;
  readonly owner: Owner;
  readonly entry: Entry;
  /** When it was handed out. */
  readonly sinceMs: number;
}

/** Claims and leases as they are saved. */
export interface SavedClaims {
  readonly lastToken: number;
  /** In the order in which they were handed out. */
  readonly held: readonly (readonly [token: string, owner: Owner, sinceMs: number, entry: SavedQueueEntry])[];
  readonly leases: readonly StoredLease[];
  readonly lost: SavedRecent<true>;
}

/** So many lost claims are remembered at least, for settlements of them that are sent again. */
const MOST_LOST = 10_000;

/** Claims by token, and the leases that cover them. */
export class MemoryClaims {
  readonly #clock: Pick<Clock, "now">;
  readonly #held = new Map<string, HeldClaim>();
  readonly #leases = new Map<string, StoredLease>();
  /** Tokens of claims that were taken from their holder: a settlement of one of them was never written. */
  readonly #lost = new RecentMap<true>(MOST_LOST);
  #lastToken = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Hands out an entry of the queue. */
  add(entry: Entry, owner: Owner, sinceMs: number): Claim {
    entry.deliveries++;
    return this.#hold(String(++this.#lastToken), owner, sinceMs, entry);
  }

  /** Marks a claim as begun. @returns whether it is held */
  begin({ token }: Claim): boolean {
    const held = this.#held.get(token);
    if (held === undefined) return false;
    held.entry.begun = true;
    this.#hold(token, held.owner, held.sinceMs, held.entry);
    return true;
  }

  /** The item of a claim as it is stored. @returns `undefined` if the claim is not held */
  itemOf({ token }: Claim): Item | undefined {
    return this.#held.get(token)?.entry.item;
  }

  /** Ends a claim with its settlement. */
  settle({ token }: Claim): void {
    this.#held.delete(token);
  }

  /** Takes a claim from its holder. @returns `undefined` if nobody holds it */
  take(token: string): HeldClaim | undefined {
    const held = this.#held.get(token);
    if (held === undefined) return undefined;
    this.#held.delete(token);
    this.#lost.set(token, true);
    return held;
  }

  /** Whether a claim was taken from its holder. */
  wasTaken({ token }: Claim): boolean {
    return this.#lost.get(token) === true;
  }

  /** The claims of a consumer or of one of its workers. */
  of(filter: OwnerFilter): HeldClaim[] {
    return [...this.#held.values()].filter(({ owner }) => isOf(filter, owner));
  }

  /** The claims that no lease covers. @param own A consumer whose claims are not wanted. */
  orphaned(own: string | undefined): HeldClaim[] {
    return [...this.#held.values()].filter(({ owner }) => owner.consumer !== own && !this.#leases.has(owner.consumer));
  }

  /** All claims, longest held first. */
  all(): HeldClaim[] {
    return [...this.#held.values()];
  }

  /** See `Storage.running`. */
  running(limit: number): StoredRunning[] {
    const held = [...this.#held.values().take(Math.min(limit, MOST_EXAMINED))];
    return held.map(({ claim, owner, sinceMs }) => ({ claim, owner, sinceMs }));
  }

  /** Grants or renews a lease. */
  renew(lease: Lease): void {
    const about = lease.about ?? this.#leases.get(lease.consumer)?.about;
    this.#leases.set(lease.consumer, { ...lease, about, expiresMs: this.#clock.now() + lease.ttlMs });
  }

  /** Ends a lease. */
  endLease(consumer: string): void {
    this.#leases.delete(consumer);
  }

  /** Ends the leases whose time is over. */
  expireLeases(): void {
    const nowMs = this.#clock.now();
    for (const lease of [...this.#leases.values()]) if (lease.expiresMs <= nowMs) this.#leases.delete(lease.consumer);
  }

  /** Whether a lease covers a consumer. */
  isAlive(consumer: string): boolean {
    return this.#leases.has(consumer);
  }

  /** All leases. */
  leases(): StoredLease[] {
    return [...this.#leases.values()];
  }

  /** Everything there is. */
  saved(save: SaveItem): SavedClaims {
    const held = [...this.#held].map(([token, { owner, sinceMs, entry }]) =>
      [token, owner, sinceMs, saveEntry(entry, save)] as const
    );
    return { lastToken: this.#lastToken, held, leases: this.leases(), lost: this.#lost.saved() };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ lastToken, held, leases, lost }: SavedClaims, load: LoadItem): void {
    this.#held.clear();
    this.#leases.clear();
    for (const [token, owner, sinceMs, entry] of held) this.#hold(token, owner, sinceMs, loadEntry(entry, load));
    for (const lease of leases) this.#leases.set(lease.consumer, lease);
    this.#lost.restore(lost);
    this.#lastToken = lastToken;
  }

  #hold(token: string, owner: Owner, sinceMs: number, entry: Entry): Claim {
    const { item, deliveries, begun } = entry;
    const claim = begun ? { ...item, token, deliveries, begun } : { ...item, token, deliveries };
    this.#held.set(token, { claim, owner, entry, sinceMs });
    return claim;
  }
}

/** Whether a claim, or a lock that was passed on, belongs to a consumer or to one of its workers. */
export function isOf({ consumer, worker }: OwnerFilter, owner: Owner): boolean {
  return owner.consumer === consumer && (worker === undefined || owner.worker === worker);
}

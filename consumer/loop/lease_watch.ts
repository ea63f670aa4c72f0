/**
 * Who renews his lease, as it is seen from here. The clocks of consumers may differ by more than a lease: by one that is ahead, all
 * others would have fallen silent; and what a consumer with such a clock leaves behind would be his until the others have caught up.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { StoredLease } from "../../lib/storage.ts";

/** A lease as it has been since it was seen to be renewed. */
interface Seen {
  readonly lease: StoredLease;
  /** Since when, by the time that passes here. */
  readonly sinceMs: number;
  /** Whether the clock here can tell when it is over: it had half of its length left then, as one has that is renewed three times in it. */
  readonly fits: boolean;
}

/** Watches the leases of other consumers. */
export class LeaseWatch {
  readonly #clock: Clock;
  #seen: ReadonlyMap<string, Seen> = new Map();
  readonly #told = new Set<string>();

  /** @param clock Tells the time that passes here, and by which leases are over. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks at the leases as they are now. @returns those that were over by the clock here when they had just been renewed; each consumer once */
  look(leases: readonly StoredLease[]): readonly StoredLease[] {
    const before = this.#seen;
    const seen = leases.map((lease) => this.#isSame(lease, before) ? before.get(lease.consumer)! : this.#see(lease));
    this.#seen = new Map(seen.map((one) => [one.lease.consumer, one]));
    const late = leases.filter((lease) => this.isOver(lease) && before.has(lease.consumer) && !this.#isSame(lease, before));
    const news = late.filter(({ consumer }) => !this.#told.has(consumer));
    for (const { consumer } of news) this.#told.add(consumer);
    return news;
  }

  /** Leases that were not renewed for as long as they last. */
  get silent(): readonly StoredLease[] {
    return [...this.#seen.values()].filter((seen) => this.#isSilent(seen)).map(({ lease }) => lease);
  }

  /** Whether there is a lease that is over by the clock here, and may be renewed by another clock. */
  get isInDoubt(): boolean {
    return [...this.#seen.values()].some((seen) => !seen.fits && this.isOver(seen.lease) && !this.#isSilent(seen));
  }

  /** Whether a lease is over by the clock here. */
  isOver({ expiresMs }: StoredLease): boolean {
    return expiresMs <= this.#clock.now();
  }

  /** Begins to watch anew: in a time in which nobody could renew, nobody was silent. */
  restart(): void {
    this.#seen = new Map();
  }

  #see(lease: StoredLease): Seen {
    const fits = lease.expiresMs - this.#clock.now() >= lease.ttlMs / 2;
    return { lease, sinceMs: this.#clock.elapsed(), fits };
  }

  #isSame({ consumer, expiresMs }: StoredLease, before: ReadonlyMap<string, Seen>): boolean {
    return before.get(consumer)?.lease.expiresMs === expiresMs;
  }

  #isSilent({ lease, sinceMs }: Seen): boolean {
    return this.#clock.elapsed() - sinceMs >= lease.ttlMs;
  }
}

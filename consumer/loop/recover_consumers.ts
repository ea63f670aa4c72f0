/**
 * Takes over the claims of consumers that are gone.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { announceRecovered } from "../../lib/execution/end_claims.ts";
import type { Claim, Lease, StoredLease } from "../../lib/storage.ts";
import { isGone } from "../platform/identity.ts";
import type { Identity } from "../platform/identity.ts";
import { LeaseWatch } from "./lease_watch.ts";
import { Loop } from "./loop.ts";
import type { LoopPatience, LoopWork } from "./loop.ts";

/** What recovery needs to know. */
export interface RecoveryOptions extends LoopPatience {
  readonly identity: Identity;
  readonly leaseMs: number;
}

/** How often the processes of consumers on this host are looked at, if there are any. */
const LOOK_MS = 1000;
/** How often the storage is asked who else there is and who fell silent; three times in the life of a lease that is shorter. */
const ASK_MS = 5000;

/** Longest time that others get to renew their leases after a sleep or an outage. */
const LONGEST_RESPITE_MS = 10_000;

/**
 * The loop that recovers at the start, about each second what died on this host, and every five seconds what fell silent. Each recovery
 * renews the lease of this consumer first: who cannot renew, or slept for longer than its lease, does not take from others.
 */
export function recoveryLoop(core: Core, options: RecoveryOptions): Loop {
  return new Loop({
    ...options,
    name: "The recovery",
    work: "Recovering tasks",
    make: () => new Recovery(core, options),
    longestPauseMs: options.leaseMs,
    clock: core.clock,
  });
}

class Recovery implements LoopWork {
  readonly #core: Core;
  readonly #options: RecoveryOptions;
  readonly #watch: LeaseWatch;
  /** Other consumers on this host. */
  #neighbours: readonly StoredLease[] = [];
  #askAgainMs = 0;
  /** When it came round last, and how long it meant to pause since. */
  #seen: { readonly nowMs: number; readonly elapsedMs: number } | undefined;
  #pausedMs = 0;
  #failed = false;

  constructor(core: Core, options: RecoveryOptions) {
    this.#core = core;
    this.#options = options;
    this.#watch = new LeaseWatch(core.clock);
  }

  async turn(): Promise<number> {
    if (this.#failed) {
      await this.#renew();
      // Others could not renew their leases either, and may come to it later than we.
      this.#giveRespite();
    }
    this.#failed = true;
    this.#noticeSleep();
    const asks = this.#core.clock.elapsed() >= this.#askAgainMs;
    // Asked again because of who seems to be gone: those who said that they end are no longer in the storage.
    if (asks || this.#gone.length > 0) await this.#meetNeighbours();
    await this.#recoverGone();
    if (asks) await this.#recoverSilent();
    this.#failed = false;
    return this.#pausedMs = this.#pauseMs();
  }

  /**
   * Was this process stopped, or the whole machine asleep? Then the leases of others may have run out meanwhile as well, and they get
   * the time to renew them. One of the two clocks tells: the one goes on while the machine sleeps, the other is never set.
   */
  #noticeSleep(): void {
    const { clock } = this.#core;
    const { leaseMs } = this.#options;
    const seen = { nowMs: clock.now(), elapsedMs: clock.elapsed() };
    const before = this.#seen ?? seen;
    const awayMs = Math.max(seen.nowMs - before.nowMs, seen.elapsedMs - before.elapsedMs) - this.#pausedMs;
    this.#seen = seen;
    if (awayMs >= leaseMs / 3) this.#giveRespite();
  }

  /** Whether the storage works again is told by something that is written: a full disk can be read. */
  async #renew(): Promise<void> {
    for (const line of await this.#core.storage.renewLease(this.#own) ?? []) this.#options.logger.warn(line);
  }

  /** Others get the time to renew their leases. */
  #giveRespite(): void {
    const respiteMs = Math.min(this.#options.leaseMs, LONGEST_RESPITE_MS);
    this.#askAgainMs = Math.max(this.#askAgainMs, this.#core.clock.elapsed() + respiteMs);
    this.#watch.restart();
  }

  async #meetNeighbours(): Promise<void> {
    const { consumer, host } = this.#options.identity;
    const leases = (await this.#core.storage.leases()).filter((lease) => lease.consumer !== consumer);
    this.#neighbours = leases.filter((lease) => lease.host === host);
    for (const late of this.#watch.look(leases)) {
      const seconds = Math.round((this.#core.clock.now() - late.expiresMs + late.ttlMs) / 1000);
      this.#options.logger.warn(`The clock of consumer ${late.consumer} is about ${seconds} s behind the clock of this one`);
    }
  }

  async #recoverGone(): Promise<void> {
    for (const lease of this.#gone) {
      this.#options.logger.warn(`Consumer ${lease.consumer} on this host is gone`);
      await this.#takeFrom(lease);
      this.#neighbours = this.#neighbours.filter(({ consumer }) => consumer !== lease.consumer);
    }
  }

  async #takeFrom({ consumer }: StoredLease): Promise<void> {
    await this.#announce(await this.#core.storage.recover({ consumer }, this.#own));
    await this.#core.storage.endLease(consumer);
  }

  async #recoverSilent(): Promise<void> {
    const { storage } = this.#core;
    const { silent, isInDoubt } = this.#watch;
    // Those that are over by the clock here as well the storage finds by itself, in one step.
    for (const lease of silent) if (isInDoubt || !this.#watch.isOver(lease)) await this.#takeFrom(lease);
    if (!isInDoubt) await this.#announce(await storage.recover(undefined, this.#own));
    else for (const consumer of await this.#leaseless()) await this.#announce(await storage.recover({ consumer }, this.#own));
    this.#askAgainMs = this.#core.clock.elapsed() + Math.min(ASK_MS, this.#options.leaseMs / 3) * jitter();
  }

  /** Who holds claims and has no lease. Those of who is new would be missing among leases that are read before his claims. */
  async #leaseless(): Promise<ReadonlySet<string>> {
    const running = await this.#core.storage.running();
    const leased = new Set((await this.#core.storage.leases()).map(({ consumer }) => consumer));
    leased.add(this.#options.identity.consumer);
    return new Set(running.map(({ owner }) => owner.consumer).filter((consumer) => !leased.has(consumer)));
  }

  /** Its own lease, to be renewed with each recovery. */
  get #own(): Lease {
    return { ...this.#options.identity, ttlMs: this.#options.leaseMs };
  }

  get #gone(): readonly StoredLease[] {
    return this.#neighbours.filter((lease) => isGone(lease, this.#options.identity.host));
  }

  #pauseMs(): number {
    const untilAskedMs = Math.max(0, this.#askAgainMs - this.#core.clock.elapsed());
    return this.#neighbours.length === 0 ? untilAskedMs : Math.min(untilAskedMs, LOOK_MS * jitter());
  }

  async #announce(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    this.#options.logger.warn(`Put back on the queue what a consumer that is gone had claimed: ${claims.length}`);
    await announceRecovered(this.#core, claims);
  }
}

/** Consumers that start together spread out. */
function jitter(): number {
  return 0.8 + Math.random() * 0.4;
}

/**
 * Takes over the claims of consumers that are gone.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { announceRecovered } from "../../lib/execution/end_claims.ts";
import type { Claim, Lease, StoredLease } from "../../lib/storage.ts";
import { isGone } from "../platform/identity.ts";
import type { Identity } from "../platform/identity.ts";
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
  }

  async turn(): Promise<number> {
    // Others could not renew their leases either, and may come to it later than we.
    if (this.#failed) this.#giveRespite();
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

  /** Others get the time to renew their leases. */
  #giveRespite(): void {
    const respiteMs = Math.min(this.#options.leaseMs, LONGEST_RESPITE_MS);
    this.#askAgainMs = Math.max(this.#askAgainMs, this.#core.clock.elapsed() + respiteMs);
  }

  async #meetNeighbours(): Promise<void> {
    const { consumer, host } = this.#options.identity;
    const leases = await this.#core.storage.leases();
    this.#neighbours = leases.filter((lease) => lease.consumer !== consumer && lease.host === host);
  }

  async #recoverGone(): Promise<void> {
    for (const { consumer } of this.#gone) {
      this.#options.logger.warn(`Consumer ${consumer} on this host is gone`);
      await this.#announce(await this.#core.storage.recover({ consumer }, this.#own));
      await this.#core.storage.endLease(consumer);
      this.#neighbours = this.#neighbours.filter((lease) => lease.consumer !== consumer);
    }
  }

  async #recoverSilent(): Promise<void> {
    await this.#announce(await this.#core.storage.recover(undefined, this.#own));
    this.#askAgainMs = this.#core.clock.elapsed() + Math.min(ASK_MS, this.#options.leaseMs / 3) * jitter();
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

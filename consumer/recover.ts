/**
 * Takes over the claims of consumers that are gone.
 * @module
 */
import type { Core } from "../lib/core.ts";
import { announceRecovered } from "../lib/execute.ts";
import type { Claim, PollOptions } from "../lib/storage.ts";
import type { Logger } from "../lib/types/options.ts";
import { isGone } from "./identity.ts";
import type { Identity } from "./identity.ts";
import { Outage, sleep } from "./outage.ts";

/** What recovery needs to know. */
export interface RecoveryOptions {
  readonly identity: Identity;
  readonly leaseMs: number;
  readonly poll: PollOptions;
  readonly logger: Logger;
}

/** How often the processes of consumers on this host are looked at. */
const LOOK_MS = 1000;

/** Recovers at the start, about each second what died on this host, and twice in the life of a lease what fell silent. */
export class Recovery {
  readonly #core: Core;
  readonly #options: RecoveryOptions;
  readonly #outage: Outage;
  readonly #stop: AbortController = new AbortController();
  #loop: Promise<void> | undefined;
  #nextMs = 0;

  constructor(core: Core, options: RecoveryOptions) {
    this.#core = core;
    this.#options = options;
    this.#outage = new Outage("Recovering tasks", options.poll, options.logger);
  }

  /** Starts it. A second call does nothing. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Ends it, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        await this.#recoverGone();
        await this.#recoverSilent();
        this.#outage.over();
        await sleep(Math.min(LOOK_MS, this.#options.leaseMs / 2) * jitter(), signal);
      } catch (error) {
        await this.#outage.wait(error, signal);
      }
    }
  }

  async #recoverGone(): Promise<void> {
    const { identity, logger } = this.#options;
    for (const lease of await this.#core.storage.leases()) {
      if (lease.consumer === identity.consumer || !isGone(lease, identity.host)) continue;
      logger.warn(`Consumer ${lease.consumer} on this host is gone`);
      await this.#announce(await this.#core.storage.recover({ consumer: lease.consumer }));
      await this.#core.storage.resign(lease.consumer);
    }
  }

  async #recoverSilent(): Promise<void> {
    if (performance.now() < this.#nextMs) return;
    this.#nextMs = performance.now() + (this.#options.leaseMs / 2) * jitter();
    await this.#announce(await this.#core.storage.recover());
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

/**
 * Notices, in a worker process, that the consumer renews its lease no more: it is frozen, or cut off from the storage.
 * @module
 */

import { systemClock } from "../../lib/primitives/clock.ts";
import type { Timer } from "../../lib/primitives/clock.ts";

/** Share of a lease that may pass without a renewal. At its end others are given the claims, so the worker must know before. */
const SHARE = 0.8;

/** The lease of the consumer, as its worker process knows it. */
export class ParentLease {
  readonly #limitMs: number;
  readonly #tell: (silent: boolean) => void;
  #timer: Timer | undefined;
  #silent = false;

  /**
   * @param leaseMs How long a renewal lasts.
   * @param tell Told when most of a lease has passed without a renewal, and when there is one again.
   */
  constructor(leaseMs: number, tell: (silent: boolean) => void) {
    this.#limitMs = leaseMs * SHARE;
    this.#tell = tell;
  }

  /** It was renewed. @param atMs When; both processes have the same clock, and the news may have been long on its way */
  renewed(atMs: number): void {
    this.#timer?.stop();
    const leftMs = this.#limitMs - Math.max(0, systemClock.now() - atMs);
    if (leftMs > 0) this.#timer = systemClock.startTimer(leftMs, () => this.#become(true));
    this.#become(leftMs <= 0);
  }

  #become(silent: boolean): void {
    if (silent === this.#silent) return;
    this.#silent = silent;
    this.#tell(silent);
  }
}

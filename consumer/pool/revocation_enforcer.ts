/**
 * Ends workers whose task was revoked while it ran, and goes on in spite of its aborted signal.
 * @module
 */
import { systemClock } from "../../lib/primitives/clock.ts";
import type { Core } from "../../lib/core/core.ts";
import { revokedNow } from "../../lib/control/revocation.ts";
import type { Claim, PollOptions } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { Outage, sleep } from "../loop/outage.ts";
import { Pulse } from "../loop/pulse.ts";
import { runningOf } from "./recover_worker.ts";

/** What an enforcer needs to know. */
export interface EnforcerOptions {
  /** Id of the consumer. */
  readonly consumer: string;
  /** How long a revoked task may go on. */
  readonly graceMs: number;
  readonly poll: PollOptions;
  /** How long the calls of the storage may take before the loop counts as stuck. */
  readonly patienceMs: number;
  readonly logger: Logger;
  /** The workers that live. */
  readonly workers: () => readonly { readonly name: string }[];
  /** Ends a worker that has exceeded the grace time with these claims. */
  readonly end: (worker: string, claims: readonly Claim[]) => void;
}

/** It looks four times in the grace time, within these bounds. */
const SHORTEST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 2500;

/**
 * Looks from outside, since a worker in a loop that never yields hears nothing. Costs one call of the storage a look while
 * nothing is revoked.
 */
export class Enforcer {
  readonly pulse: Pulse;
  readonly #core: Core;
  readonly #options: EnforcerOptions;
  readonly #outage: Outage;
  readonly #stop: AbortController = new AbortController();
  /** When a running task was first seen revoked, by the token of its claim. */
  #sinceMs: Map<string, number> = new Map();
  #loop: Promise<void> | undefined;

  constructor(core: Core, options: EnforcerOptions) {
    this.#core = core;
    this.#options = options;
    this.pulse = new Pulse(LONGEST_LOOK_MS + options.poll.maxMs + options.patienceMs);
    this.#outage = new Outage("Looking for revoked tasks", options.poll, options.logger);
  }

  /** Starts it. A second call does nothing. */
  start(): void {
    this.#loop ??= this.pulse.run(() => this.#run());
  }

  /** Ends it. Does not wait for a look that is under way: a storage that hangs must not hold up a stop. */
  stop(): Promise<void> {
    this.#stop.abort();
    return Promise.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const lookMs = Math.min(Math.max(this.#options.graceMs / 4, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
    for (;;) {
      this.pulse.beat();
      await sleep(lookMs, signal);
      if (signal.aborted) return;
      try {
        await this.#look();
        this.#outage.over();
      } catch (error) {
        await this.#outage.wait(error, signal);
      }
    }
  }

  async #look(): Promise<void> {
    const before = this.#sinceMs;
    this.#sinceMs = new Map();
    if (await this.#core.storage.revocations.size() === 0) return;
    for (const { name: worker } of this.#options.workers()) {
      const revoked = await this.#revoked(worker);
      for (const { token } of revoked) this.#sinceMs.set(token, before.get(token) ?? systemClock.elapsed());
      const overdue = revoked.filter(({ token }) => before.has(token) && this.#isOverdue(token));
      if (overdue.length > 0 && !this.#stop.signal.aborted) this.#options.end(worker, overdue);
    }
  }

  #isOverdue(token: string): boolean {
    return systemClock.elapsed() - this.#sinceMs.get(token)! >= this.#options.graceMs;
  }

  async #revoked(worker: string): Promise<Claim[]> {
    const claims = await this.#core.storage.claimed({ consumer: this.#options.consumer, worker });
    const running = await Promise.all(claims.map((claim) => runningOf(this.#core, claim, this.#options.logger)));
    const revoked = await revokedNow(this.#core, running.filter((each) => each !== undefined));
    return revoked.map(({ claim }) => claim);
  }
}

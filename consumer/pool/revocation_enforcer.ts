/**
 * Ends workers whose task was revoked while it ran, and goes on in spite of its aborted signal.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { findRevokedAttempts } from "../../lib/control/revocation.ts";
import type { Claim } from "../../lib/storage.ts";
import { Loop } from "../loop/loop.ts";
import type { LoopPatience, LoopRun, LoopWork } from "../loop/loop.ts";
import { runningOf } from "./recover_worker.ts";
import type { RemoteWorker } from "./remote_worker.ts";

/** What the enforcer needs to know. */
export interface RevocationEnforcerOptions extends LoopPatience {
  /** Id of the consumer. */
  readonly consumer: string;
  /** How long a revoked task may go on. */
  readonly graceMs: number;
  /** The workers that live. */
  readonly workers: Iterable<Pick<RemoteWorker, "name" | "endRevoked">>;
}

/** It looks four times in the grace time, within these bounds. */
const SHORTEST_LOOK_MS = 250;
const LONGEST_LOOK_MS = 2500;

/**
 * The loop that looks from outside, since a worker in a loop that never yields hears nothing. Costs one call of the storage a look while
 * nothing is revoked.
 */
export function revocationEnforcer(core: Core, options: RevocationEnforcerOptions): Loop {
  return new Loop({
    ...options,
    name: "The watch for revoked tasks",
    work: "Looking for revoked tasks",
    make: () => new RevocationEnforcer(core, options),
    longestPauseMs: LONGEST_LOOK_MS,
    clock: core.clock,
  });
}

class RevocationEnforcer implements LoopWork {
  readonly #core: Core;
  readonly #options: RevocationEnforcerOptions;
  /** When a running task was first seen revoked, by the token of its claim. */
  #sinceMs: Map<string, number> = new Map();

  constructor(core: Core, options: RevocationEnforcerOptions) {
    this.#core = core;
    this.#options = options;
  }

  async turn({ signal }: LoopRun): Promise<number> {
    const { graceMs, workers } = this.#options;
    const before = this.#sinceMs;
    this.#sinceMs = new Map();
    const isAny = await this.#core.storage.revocations.size() > 0;
    for (const worker of isAny ? [...workers] : []) {
      const revoked = await this.#revoked(worker.name);
      for (const { token } of revoked) this.#sinceMs.set(token, before.get(token) ?? this.#core.clock.elapsed());
      const overdue = revoked.filter(({ token }) => before.has(token) && this.#isOverdue(token));
      if (overdue.length > 0 && !signal.aborted) void worker.endRevoked(overdue);
    }
    return Math.min(Math.max(graceMs / 4, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
  }

  #isOverdue(token: string): boolean {
    return this.#core.clock.elapsed() - this.#sinceMs.get(token)! >= this.#options.graceMs;
  }

  async #revoked(worker: string): Promise<Claim[]> {
    const claims = await this.#core.storage.claimed({ consumer: this.#options.consumer, worker });
    const running = await Promise.all(claims.map((claim) => runningOf(this.#core, claim, this.#options.logger)));
    const revoked = await findRevokedAttempts(this.#core, running.filter((each) => each !== undefined));
    return revoked.map((attempt) => attempt.running.claim);
  }
}

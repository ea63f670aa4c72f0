/**
 * Notices that a running task has been revoked, in whichever process that happened, and aborts its signal.
 * @module
 */
import { startInterval, type Timer } from "../../lib/primitives/clock.ts";
import type { Core, Running } from "../../lib/core/core.ts";
import { findRevokedAttempts, type RevokedAttempt, RevokedWhileRunning } from "../../lib/control/revocation.ts";
import type { Logger } from "../../lib/types/options.ts";

/** How often long tasks are checked. */
const INTERVAL_MS = 250;

/** Looks four times a second, and only while a task has been running for longer than that. */
export class RevocationWatch {
  readonly #core: Core;
  readonly #running: () => readonly Running[];
  readonly #logger: Logger;
  readonly #told: WeakSet<Running> = new WeakSet();
  #timer: Timer | undefined;
  #looking = false;

  constructor(core: Core, running: () => readonly Running[], logger: Logger) {
    this.#core = core;
    this.#running = running;
    this.#logger = logger;
  }

  /** Something started to run. */
  arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = startInterval(this.#core.clock, INTERVAL_MS, () => void this.#look(), { background: true });
  }

  /** Looks no more, until armed again. */
  stop(): void {
    this.#timer?.stop();
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const running = this.#running();
    // The timer is left on for one more round, so that a stream of short tasks does not set and clear it for each.
    if (running.length === 0) return this.stop();
    const oldMs = this.#core.clock.elapsed() - INTERVAL_MS / 2;
    const long = running.filter((each) => each.startedMs <= oldMs && !this.#told.has(each));
    if (this.#looking || long.length === 0) return;
    this.#looking = true;
    try {
      for (const stopped of await findRevokedAttempts(this.#core, long)) this.#abort(stopped);
    } catch (error) {
      this.#logger.debug("Looking for revocations of running tasks failed", { error });
    } finally {
      this.#looking = false;
    }
  }

  #abort({ running, rescheduled }: RevokedAttempt): void {
    this.#told.add(running);
    running.abort(new RevokedWhileRunning(running.message.id, rescheduled));
  }
}

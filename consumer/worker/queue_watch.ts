/**
 * Looking at the queue for a worker, and waiting until another look makes sense.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { answerInTime, watchCall } from "../../lib/core/patience.ts";
import { BellListener } from "../../lib/core/bell_listener.ts";
import { StorageError } from "../../lib/errors.ts";
import type { ClaimBatch, Owner, PollOptions } from "../../lib/storage.ts";

/** Longest wait between two looks. */
export const WAIT_MS = 10_000;

/** One worker's view of the queue. */
export class QueueWatch {
  readonly #core: Core;
  readonly #owner: Owner;
  readonly #poll: PollOptions;
  readonly #ring: BellListener;
  /** The next wait between two looks, if nothing rings. */
  #pauseMs: number;
  /** Ends the wait of a storage that waits by itself. */
  #waiting: AbortController = new AbortController();
  /** Ends the wait for the answer to a look. */
  #abandon: ((error: StorageError) => void) | undefined;

  constructor(core: Core, owner: Owner, poll: PollOptions) {
    this.#core = core;
    this.#owner = owner;
    this.#poll = poll;
    this.#ring = new BellListener(core.storage, "queue", core.clock);
    this.#pauseMs = poll.initialMs;
  }

  /**
   * One look. A storage that waits by itself may do so.
   *
   * @param late Told of what was claimed although the call has failed.
   * @throws {StorageError} If the storage fails, or does not answer.
   */
  async claim(limit: number, mayWait: boolean, late: (batch: ClaimBatch) => void): Promise<ClaimBatch> {
    const { storage } = this.#core;
    this.#ring.clearRings();
    if (this.#waiting.signal.aborted) this.#waiting = new AbortController();
    const waiting = mayWait ? storage.claimOrWait?.(limit, this.#owner, WAIT_MS, this.#waiting.signal) : undefined;
    const claiming = waiting ?? storage.claim(limit, this.#owner);
    const { answer, giveUp } = watchCall(this.#core, "claim tasks", claiming, waiting ? WAIT_MS : 0);
    this.#abandon = giveUp;
    try {
      const batch = await answer;
      if (batch.claims.length > 0) this.#found();
      return batch;
    } catch (error) {
      void claiming.then(late).catch(() => {});
      throw error;
    } finally {
      this.#abandon = undefined;
    }
  }

  /** There is nothing to claim. Waits for a ring; for a look that finds what did not ring, less and less often. */
  async wait(): Promise<void> {
    if (this.#core.storage.claimOrWait !== undefined) return;
    if (!await answerInTime(this.#core, "listen to the queue", this.#ring.listen())) return;
    const { initialMs, backoff, maxMs } = this.#poll;
    const hasRung = await this.#ring.wait(this.#pauseMs);
    this.#pauseMs = hasRung ? initialMs : Math.min(this.#pauseMs * backoff, maxMs, WAIT_MS);
  }

  /** Ends the wait, or the next one. */
  stir(): void {
    this.#ring.wake();
    this.#waiting.abort();
  }

  /** Waits no longer for the answer to a look. */
  abandon(): void {
    this.#abandon?.(new StorageError("The storage has not answered at a stop"));
  }

  /** Listens no more. */
  end(): void {
    this.#ring.stop();
  }

  #found(): void {
    this.#ring.stopLater();
    this.#pauseMs = this.#poll.initialMs;
  }
}

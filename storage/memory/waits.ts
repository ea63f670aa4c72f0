/**
 * Waiting for the memory storage.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { AwaitedIds } from "../awaited_ids.ts";
import { Listeners } from "../listeners.ts";
import { Deadline, WaitList } from "../waiters.ts";

/** All waits of one storage. */
export class MemoryWaits {
  readonly #clock: Clock;
  readonly #idle: WaitList;
  readonly #scheduling: WaitList;
  readonly #listeners = new Listeners();
  readonly #awaited = new AwaitedIds();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#idle = new WaitList(clock);
    this.#scheduling = new WaitList(clock);
  }

  /** See `Storage.listen`. */
  listen(topic: Topic, wake: () => void): () => void {
    return this.#listeners.add(topic, wake);
  }

  /** See `Storage.endedOf`. */
  endedOf(ids: readonly string[], hasEnded: (id: string) => boolean): string[] {
    const ended = ids.filter(hasEnded);
    if (ended.length < ids.length) this.#awaited.add(ids.filter((id) => !hasEnded(id)));
    return ended;
  }

  /** Something can be claimed. @param when `"soon"`: when what runs now, and what follows from it at once, has had its turn. */
  queued(when: "now" | "soon"): void {
    if (when === "now") {
      this.#idle.wakeAll();
      this.#listeners.ring("queue");
    } else {
      this.#idle.wakeAllSoon();
      this.#listeners.ringSoon("queue");
    }
  }

  /** Something is due sooner. */
  scheduled(): void {
    this.#scheduling.wakeAll();
    this.#listeners.ring("schedule");
  }

  /** A task has ended, or has left a result. */
  ended(id: string): void {
    if (this.#awaited.take(id)) this.#listeners.ring("results");
  }

  /** A revocation was stored. */
  revoked(): void {
    this.#listeners.ring("revocations");
  }

  /** Waits until `isOver`, for a time at most, or until an abort. */
  async forQueue(isOver: () => boolean, waitMs: number, signal?: AbortSignal): Promise<void> {
    const deadline = new Deadline(waitMs, this.#clock);
    while (!isOver() && !deadline.passed && !signal?.aborted) await this.#idle.wait(deadline.remainingMs, signal);
  }

  /** Waits until the soonest item is due. */
  async forDue(nextDueMs: () => number | undefined, maxMs: number, signal?: AbortSignal): Promise<void> {
    const deadline = new Deadline(maxMs, this.#clock);
    while (!deadline.passed && !signal?.aborted) {
      const dueInMs = (nextDueMs() ?? Infinity) - this.#clock.now();
      if (dueInMs <= 0) return;
      await this.#scheduling.wait(Math.min(dueInMs, deadline.remainingMs ?? Infinity), signal);
    }
  }

  /** Ends all waits. */
  end(): void {
    this.#listeners.clear();
    this.#idle.wakeAll();
    this.#scheduling.wakeAll();
  }
}

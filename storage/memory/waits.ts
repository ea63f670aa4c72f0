/**
 * Who listens to the memory storage.
 * @module
 */
import type { Topic } from "../../lib/storage.ts";
import { AwaitedIds } from "../awaited_ids.ts";
import { Listeners } from "../listeners.ts";

/** Rings for what has changed. */
export class MemoryWaits {
  /** Told of what has changed, also if nobody listens here. */
  onChange: ((topic: Topic) => void) | undefined;
  readonly #listeners = new Listeners();
  readonly #awaited = new AwaitedIds();

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
    this.onChange?.("queue");
    if (when === "now") this.#listeners.ring("queue");
    else this.#listeners.ringSoon("queue");
  }

  /** Something is due sooner. */
  scheduled(): void {
    this.onChange?.("schedule");
    this.#listeners.ring("schedule");
  }

  /** A task has ended, or has left a result. */
  ended(id: string): void {
    this.onChange?.("results");
    if (this.#awaited.take(id)) this.#listeners.ring("results");
  }

  /** A revocation was stored. */
  revoked(): void {
    this.onChange?.("revocations");
    this.#listeners.ring("revocations");
  }

  /** Everything may have changed. */
  ringAll(): void {
    for (const topic of ["queue", "schedule", "results", "revocations"] as const) this.#listeners.ring(topic);
  }

  /** Forgets who listens. */
  end(): void {
    this.#listeners.clear();
  }
}

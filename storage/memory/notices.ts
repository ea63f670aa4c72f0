/**
 * Notices of endings in memory. There may be a minute's worth of them, so what they say is shared, and they are dropped many at a
 * time: one costs an id and a place in a map.
 * @module
 */
import type { Notice } from "./key_value.ts";

/** What all notices of one millisecond say. */
interface Shared extends Notice {
  readonly expiresMs: number;
}

/** Notices that were made in one stretch of time and are kept for the same time. */
interface Stretch {
  readonly byId: Map<string, Shared>;
  readonly ttlMs: number;
  /** Notices are added from then on, */
  readonly fromMs: number;
  /** and until then. */
  readonly untilMs: number;
}

/** Stretches in the time for which a notice is kept. More would free memory sooner and look up longer. */
const STRETCHES = 4;

/** Notices by id; each ends by itself. */
export class Notices {
  /** Of each time for which notices are kept the newest comes last. */
  #stretches: Stretch[] = [];
  #last: Shared | undefined;

  /** How many are in memory, also such as are over and will be dropped with others. */
  get size(): number {
    return this.#stretches.reduce((sum, { byId }) => sum + byId.size, 0);
  }

  /** Keeps a notice from now on, in place of one that is there. */
  set(id: string, { ending, ttlMs }: Notice): void {
    const nowMs = Date.now();
    const expiresMs = nowMs + ttlMs;
    if (this.#last?.expiresMs !== expiresMs || this.#last.ending !== ending || this.#last.ttlMs !== ttlMs) {
      this.#last = { ending, ttlMs, expiresMs };
    }
    this.delete(id);
    this.#stretch(ttlMs, nowMs).byId.set(id, this.#last);
  }

  /** @returns The notice, `undefined` if there is none */
  get(id: string): Notice | undefined {
    for (const { byId } of this.#stretches) {
      const notice = byId.get(id);
      if (notice !== undefined) return notice.expiresMs > Date.now() ? notice : undefined;
    }
    return undefined;
  }

  /** Drops a notice. */
  delete(id: string): void {
    for (const { byId } of this.#stretches) if (byId.delete(id)) return;
  }

  /** Removes all. */
  clear(): void {
    this.#stretches = [];
  }

  /** Where a notice belongs that is made now. */
  #stretch(ttlMs: number, nowMs: number): Stretch {
    const found = this.#stretches.findLast((stretch) => stretch.ttlMs === ttlMs);
    // A clock that was set back must not make it grow until the clock has caught up.
    if (found !== undefined && nowMs >= found.fromMs && nowMs < found.untilMs) return found;
    const made = { byId: new Map(), ttlMs, fromMs: nowMs, untilMs: nowMs + ttlMs / STRETCHES };
    this.#stretches = [...this.#stretches.filter((stretch) => stretch.untilMs + stretch.ttlMs > nowMs), made];
    return made;
  }
}

/**
 * Results of the memory storage, and what is known of tasks that have ended.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Ending } from "../../lib/storage.ts";
import { copyBytes } from "../bytes.ts";
import { RecentMap, type SavedRecent } from "../recent_map.ts";
import type { SavedEntry } from "../expiring_map.ts";
import { MemorySpace, type Stored } from "./space.ts";

/** How a task ended, and how long that is worth knowing. */
export interface Notice {
  readonly ending: Ending;
  readonly ttlMs: number;
  /** What is said of it beside. */
  readonly about?: string | undefined;
}

/** How a task has ended. */
export type Ended = Pick<Notice, "ending" | "about">;

interface Result extends Stored {
  /** Of a task that has ended. */
  readonly notice?: Notice | undefined;
}

/** Results and notices as they are saved. */
export interface SavedResults {
  readonly entries: readonly SavedEntry<Stored | Result>[];
  readonly notices: SavedRecent<KeptNotice>;
}

/** The name space of results. A result that is taken leaves its notice. */
export class MemoryResults extends MemorySpace<Result> {
  readonly #notices: Notices;

  constructor(clock: Pick<Clock, "now">, onStored: (id: string) => void) {
    super(clock, onStored);
    this.#notices = new Notices(clock);
  }

  /** Stores what a task that has ended, or will be tried again, leaves behind. */
  store(id: string, value: Uint8Array | undefined, ttlMs: number | undefined, notice: Notice | undefined): void {
    if (notice !== undefined) this.#notices.set(id, notice);
    if (value !== undefined) this.set(id, { value: copyBytes(value), notice }, ttlMs);
  }

  /** The task waits again. Its result stays. */
  forgetNotice(id: string): void {
    this.#notices.delete(id);
  }

  /** Deletes a result and its notice. */
  forget(id: string): void {
    super.remove(id);
    this.#notices.delete(id);
  }

  /** How a task has ended, while that is known. */
  endedOf(id: string): Ended | undefined {
    const result = this.map.get(id);
    return (result !== undefined && "notice" in result ? result.notice : undefined) ?? this.#notices.get(id);
  }

  /** Whether a task has ended, or has left a result. */
  hasEnded(id: string): boolean {
    return this.has(id) || this.#notices.get(id) !== undefined;
  }

  override remove(id: string): void {
    const result = this.map.get(id);
    super.remove(id);
    if (result !== undefined && "notice" in result && result.notice) this.#notices.set(id, result.notice);
  }

  /** Removes the notices too. */
  flushAll(): void {
    this.flush();
    this.#notices.clear();
  }

  /** Everything there is. */
  saved(): SavedResults {
    return { entries: this.savedEntries(), notices: this.#notices.saved() };
  }

  /** Takes over what was saved, in place of everything. */
  restore({ entries, notices }: SavedResults): void {
    this.restoreEntries(entries);
    this.#notices.restore(notices);
  }
}

/** There may be a million notices in a minute, so only the last ones are kept, whatever their time to live. */
const MOST_NOTICES = 50_000;

interface KeptNotice {
  readonly ending: Ending;
  readonly about?: string | undefined;
  readonly expiresMs: number;
}

/** Notices by id. */
class Notices {
  readonly #clock: Pick<Clock, "now">;
  readonly #byId = new RecentMap<KeptNotice>(MOST_NOTICES);
  /** Shared by all notices that say the same. */
  #last: KeptNotice | undefined;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  set(id: string, { ending, about, ttlMs }: Notice): void {
    this.#byId.set(id, this.#share({ ending, about, expiresMs: this.#clock.now() + ttlMs }));
  }

  get(id: string): Ended | undefined {
    const kept = this.#byId.get(id);
    return kept !== undefined && kept.expiresMs > this.#clock.now() ? kept : undefined;
  }

  delete(id: string): void {
    this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
  }

  saved(): SavedRecent<KeptNotice> {
    return this.#byId.saved();
  }

  restore({ young, old }: SavedRecent<KeptNotice>): void {
    const share = ([id, kept]: readonly [string, KeptNotice]): [string, KeptNotice] => [id, this.#share(kept)];
    this.#byId.restore({ young: young.map(share), old: old.map(share) });
  }

  /** The last notice instead of this one, if both say the same. */
  #share(kept: KeptNotice): KeptNotice {
    const last = this.#last;
    if (last?.expiresMs === kept.expiresMs && last.ending === kept.ending && last.about === kept.about) return last;
    return this.#last = kept;
  }
}

/**
 * Waiting for the ends of tasks: in one place, so that all who wait in a process cost the storage one look, not one each.
 * @module
 */
import { BellListener } from "../core/bell_listener.ts";
import { answerInTime, realTime } from "../core/patience.ts";
import { StorageError } from "../errors.ts";
import { systemClock, within } from "../primitives/clock.ts";
import type { Storage } from "../storage.ts";

/** Told once, when a task has ended, or when that cannot be found out. */
export interface Watcher {
  ended(): void;
  failed(error: unknown): void;
}

/** Tells somebody at once that what he waits for has ended already. @returns what would end a wait */
export function tellEnded(watcher: Watcher): () => void {
  queueMicrotask(() => watcher.ended());
  return () => {};
}

/** How to wait for one task. */
export interface WaitOptions {
  /** Longest wait, in real time. `undefined`: no limit. */
  readonly timeoutMs?: number | undefined;
  /** An abort rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time between two looks. */
  readonly lookMs?: number | undefined;
}

/**
 * A ring may be lost with a connection or a process, and some runtimes tell of two changes of a file within a millisecond as of one.
 * So those who wait look without one, too: soon after the last ring, and then less and less often.
 */
const FIRST_LOOK_MS = 10;
const LOOK_GROWTH = 3;
const LOOK_MS = 1000;
/**
 * After a look at everything, no other for so many times as long as it took: a busy queue rings all the time. What is looked at
 * quickly is looked at anew at once, however long the storage took this time.
 */
const REST = 10;
const LONGEST_REST_EACH_MS = 0.04;
/**
 * So many of those that came last are looked at without a rest, after so many rings: a task that ends soon is not kept back by many
 * that do not.
 */
const MOST_NEWEST = 16;
const RINGS_OF_NEWEST = 4;
/** So long the last look of one whose time is over may take. */
const LAST_LOOK_MS = 1000;

const waitsByStorage = new WeakMap<Storage, ResultWaits>();

/** All that waits for tasks of a storage. */
export function waitsOf(storage: Storage): ResultWaits {
  let waits = waitsByStorage.get(storage);
  if (waits === undefined) waitsByStorage.set(storage, waits = new ResultWaits(storage));
  return waits;
}

/** Ends those who wait for tasks of a storage that is about to close. */
export function endWaits(storage: Storage): void {
  waitsByStorage.get(storage)?.close(new StorageError(`Storage "${storage.name}" is closed`));
}

/** Those who wait for the ends of tasks of one storage. */
export class ResultWaits {
  readonly #storage: Storage;
  readonly #watched: Map<string, Set<Watcher>> = new Map();
  /** Of those, what nobody has looked at yet. */
  readonly #unseen: Set<string> = new Set();
  /** Those that came last, and after how many rings they are looked at yet. They may have ended. */
  readonly #newest: Map<string, number> = new Map();
  readonly #bell: BellListener;
  #looking = false;
  /** How often it had rung at the last look at everything, and at the last one at those that came last. */
  #ringsSeen = 0;
  #ringsSeenByNewest = 0;
  /** The last look at everything, and when there may be another. */
  #lookedMs = 0;
  #restUntilMs = 0;
  #pauseMs = FIRST_LOOK_MS;
  #longestPauseMs = LOOK_MS;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#bell = new BellListener(storage, "results", systemClock);
  }

  /**
   * Waits until a task has ended, or has left a result.
   * @returns false after the time limit
   */
  async wait(id: string, { timeoutMs, signal, lookMs }: WaitOptions): Promise<boolean> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const stop = this.watch(id, { ended: () => resolve(true), failed: reject }, lookMs);
    // One last look of its own, in case that there was no time for any.
    const late = (): Promise<boolean> => {
      const look = this.#storage.endedOf([id]).then((ended) => ended.length > 0);
      return within(systemClock, { ms: LAST_LOOK_MS, signal }, look, () => false);
    };
    try {
      return await within(systemClock, { ms: timeoutMs, signal }, promise, late);
    } finally {
      stop();
    }
  }

  /**
   * Has somebody told when a task has ended, or has left a result.
   *
   * @param lookMs Longest time between two looks.
   * @returns What ends that. Idempotent.
   */
  watch(id: string, watcher: Watcher, lookMs: number = LOOK_MS): () => void {
    const watchers = this.#watched.get(id);
    if (watchers === undefined) this.#watched.set(id, new Set([watcher]));
    else watchers.add(watcher);
    this.#unseen.add(id);
    this.#newest.set(id, RINGS_OF_NEWEST);
    for (const [first] of this.#newest) if (this.#newest.size > MOST_NEWEST) this.#newest.delete(first);
    this.#longestPauseMs = this.#watched.size === 1 ? lookMs : Math.min(this.#longestPauseMs, lookMs);
    this.#pauseMs = Math.min(FIRST_LOOK_MS, lookMs);
    if (this.#looking) this.#bell.stir();
    else void this.#look();
    return () => this.#drop(id, watcher);
  }

  /** Tells all that they wait in vain. */
  close(error: unknown): void {
    for (const watchers of this.#takeAll()) for (const watcher of watchers) watcher.failed(error);
    this.#bell.stop();
  }

  #drop(id: string, watcher: Watcher): void {
    const watchers = this.#watched.get(id);
    if (!watchers?.delete(watcher) || watchers.size > 0) return;
    this.#watched.delete(id);
    this.#unseen.delete(id);
    if (this.#watched.size === 0) this.#bell.stir();
  }

  #takeAll(): Set<Watcher>[] {
    const all = [...this.#watched.values()];
    this.#watched.clear();
    this.#unseen.clear();
    this.#bell.stir();
    return all;
  }

  /** Looks for as long as somebody waits. */
  async #look(): Promise<void> {
    this.#looking = true;
    try {
      // Before the first look, so that nothing rings unheard.
      await answerInTime(realTime, "listen for results", this.#bell.listen());
      this.#lookedMs = systemClock.elapsed();
      while (this.#watched.size > 0) await this.#turn();
    } catch (error) {
      for (const watchers of this.#takeAll()) for (const watcher of watchers) watcher.failed(error);
      this.#bell.stop();
    }
    this.#looking = false;
    // Whoever reads one result after another would make the bell anew for each.
    this.#bell.stopLater();
  }

  /** One look: at everything if that is due, at what is new, after a ring at what is nearly new; or none, but a wait for one of these. */
  async #turn(): Promise<void> {
    const nowMs = systemClock.elapsed();
    const { rings } = this.#bell;
    const rung = rings !== this.#ringsSeen;
    const dueMs = rung ? this.#restUntilMs : Math.max(this.#lookedMs + this.#pauseMs, this.#restUntilMs);
    if (nowMs >= dueMs) {
      this.#pauseMs = Math.min(rung ? FIRST_LOOK_MS : this.#pauseMs * LOOK_GROWTH, this.#longestPauseMs);
      this.#ringsSeen = this.#ringsSeenByNewest = rings;
      const ids = [...this.#watched.keys()];
      await this.#tell(ids);
      this.#lookedMs = systemClock.elapsed();
      this.#restUntilMs = this.#lookedMs + Math.min(REST * (this.#lookedMs - nowMs), LONGEST_REST_EACH_MS * ids.length);
    } else if (this.#unseen.size > 0) {
      await this.#tell([...this.#unseen]);
    } else if (rings !== this.#ringsSeenByNewest && this.#newest.size > 0) {
      this.#ringsSeenByNewest = rings;
      await this.#tell(this.#takeNewest());
    } else {
      // Ends early when there is something to look at, or nobody waits any more.
      this.#bell.clearRings();
      await this.#bell.wait(dueMs - nowMs);
    }
  }

  #takeNewest(): string[] {
    for (const [id, rings] of this.#newest) {
      if (rings > 0 && this.#watched.has(id)) this.#newest.set(id, rings - 1);
      else this.#newest.delete(id);
    }
    return [...this.#newest.keys()];
  }

  async #tell(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#unseen.delete(id);
    for (const id of await answerInTime(realTime, "look which tasks have ended", this.#storage.endedOf(ids))) {
      const watchers = this.#watched.get(id) ?? [];
      this.#watched.delete(id);
      this.#unseen.delete(id);
      for (const watcher of watchers) watcher.ended();
    }
  }
}

/**
 * Waiting for a change: at once within this isolate, through a bell file from elsewhere, and now and then without any sign.
 * @module
 */
import { Bell } from "../bell.ts";

/** How long a change may go unnoticed when no bell is heard, as on some network file systems. */
const RESCAN_MS = 1000;

/** Those who listen in this isolate, by the bell's path: several storages may be open over one folder. */
const listeners = new Map<string, Set<() => void>>();

/** How long to wait, and what ends it early. */
export interface WaitLimits {
  /** `undefined`: no limit. */
  readonly timeoutMs: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Longest time between two looks. Default 1 s. */
  readonly rescanMs?: (() => number) | undefined;
}

/** One kind of change. */
export class Doorbell {
  readonly #path: string;
  readonly #bell: Bell;
  readonly #closing = new AbortController();

  /** @param path Path of the bell file. */
  constructor(path: string) {
    this.#path = path;
    this.#bell = new Bell(path);
  }

  /** Wakes those who wait, here and elsewhere. Call it after the change. */
  ring(): void {
    for (const wake of [...listeners.get(this.#path) ?? []]) wake();
    this.#bell.ring();
  }

  /**
   * Looks, and looks again after each ring, until there is something to see.
   *
   * @param look What to look for; `undefined` means nothing yet.
   * @returns What was seen; `undefined` after the time limit, an abort, or `close`.
   */
  async until<T>(look: () => T | undefined | Promise<T | undefined>, limits: WaitLimits): Promise<T | undefined> {
    const endMs = performance.now() + (limits.timeoutMs ?? Infinity);
    const found = await look();
    if (found !== undefined || endMs <= performance.now()) return found;
    const ear = new Ear(this.#path, this.#bell, [this.#closing.signal, ...limits.signal ? [limits.signal] : []]);
    try {
      while (!ear.isOver) {
        ear.forget();
        const seen = await look();
        const leftMs = endMs - performance.now();
        if (seen !== undefined || leftMs <= 0) return seen;
        await ear.hear(Math.min(leftMs, limits.rescanMs?.() ?? RESCAN_MS, RESCAN_MS));
      }
      return undefined;
    } finally {
      ear.close();
    }
  }

  /** Ends all waits. Idempotent. */
  close(): void {
    this.#closing.abort();
    this.#bell.close();
  }
}

/** One who listens. A ring between two calls of `hear` is not lost. */
class Ear {
  readonly #path: string;
  readonly #signals: readonly AbortSignal[];
  readonly #stop: () => void;
  #hasRung = false;
  #wake: (() => void) | undefined;
  readonly #onRing = (): void => {
    this.#hasRung = true;
    this.#wake?.();
  };

  constructor(path: string, bell: Bell, signals: readonly AbortSignal[]) {
    this.#path = path;
    this.#signals = signals;
    this.#stop = bell.listen(this.#onRing);
    const here = listeners.get(path) ?? new Set();
    listeners.set(path, here.add(this.#onRing));
    for (const signal of signals) signal.addEventListener("abort", this.#onRing);
  }

  get isOver(): boolean {
    return this.#signals.some((signal) => signal.aborted);
  }

  forget(): void {
    this.#hasRung = false;
  }

  async hear(timeoutMs: number): Promise<void> {
    if (this.#hasRung || this.isOver) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, Math.max(0, Math.ceil(timeoutMs)));
    });
    clearTimeout(timer);
    this.#wake = undefined;
  }

  close(): void {
    this.#stop();
    const here = listeners.get(this.#path);
    here?.delete(this.#onRing);
    if (here?.size === 0) listeners.delete(this.#path);
    for (const signal of this.#signals) signal.removeEventListener("abort", this.#onRing);
  }
}

/**
 * Waiting for work. The bell is a list with at most one token, put there when items arrive. An idle consumer blocks on it, takes
 * the token, and claims; a claim that leaves items behind rings again, which wakes the next one. A token that gets lost loses
 * nothing: everybody looks again after a while.
 * @module
 */
import type { Link } from "./link.ts";

/** What the bell asks of the storage. */
export interface BellOptions {
  /** A connection of its own, because it blocks. */
  readonly link: Link;
  /** Key of the bell. */
  readonly key: string;
  /** Key of the list that ends a wait of this instance. */
  readonly ownKey: string;
  readonly readTimeoutMs: number;
  /** Ends the blocking read of this instance, by pushing to `ownKey`. */
  end(): void;
  /** Rings again if there is work. */
  ring(): void;
}

/** Lets claims of this instance wait for the bell. */
export class Bell {
  readonly #options: BellOptions;
  readonly #waiters = new Set<() => void>();
  /** Claims that wait or look; while there are any, a token is welcome. */
  #guests = 0;
  #reading = false;
  /** A token that came while all guests were looking. */
  #rung = false;

  constructor(options: BellOptions) {
    this.#options = options;
  }

  /** A claim begins to wait; `leave` must follow. */
  enter(): void {
    this.#guests++;
  }

  /** Ends at a token, after `limitMs`, or at an abort. */
  async wait(limitMs: number, signal?: AbortSignal): Promise<void> {
    if (this.#rung) {
      this.#rung = false;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.min(limitMs, this.#options.readTimeoutMs));
    if (signal?.aborted) resolve();
    const end = (): void => resolve();
    signal?.addEventListener("abort", end);
    this.#waiters.add(resolve);
    this.#read();
    await promise;
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
    this.#waiters.delete(resolve);
  }

  /** The claim has ended. The last one ends the blocking read, which would take tokens from others. */
  leave(): void {
    if (--this.#guests > 0) return;
    if (this.#reading) this.#options.end();
    if (this.#rung) this.#options.ring();
    this.#rung = false;
  }

  /** Ends all waits. */
  close(): void {
    for (const resolve of this.#waiters) resolve();
    this.#options.link.close();
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    const { link, key, ownKey, readTimeoutMs } = this.#options;
    while (this.#waiters.size > 0 && !link.isClosed) {
      try {
        await link.ready();
        const reply = await link.send(["BLPOP", key, ownKey, String(readTimeoutMs / 1000)]);
        if (Array.isArray(reply) && String(reply[0]) === key) this.#token();
      } catch {
        // The looks of those who wait report that the server is away; reading goes on when it is back.
        if (!link.isClosed) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    this.#reading = false;
  }

  #token(): void {
    const [first] = this.#waiters;
    if (first) {
      this.#waiters.delete(first);
      first();
    } else if (this.#guests > 0) this.#rung = true;
    else this.#options.ring();
  }
}

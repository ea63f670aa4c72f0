/**
 * Waiting for work. The bell is a list with at most one token, put there when items arrive. An idle consumer blocks on it, and has
 * sent its claim behind the blocking read, so that the server carries that out as soon as the bell rings. A claim that leaves items
 * behind rings again, which wakes the next one. A token that gets lost loses nothing: the read ends after a while, and the claim
 * behind it looks all the same.
 * @module
 */
import { type Clock, sleep } from "../../../lib/primitives/clock.ts";
import type { Argument } from "./dial.ts";
import type { Link } from "./link.ts";
import { adviceFor } from "./refusal.ts";

/** What the bell asks of the storage. */
export interface BellOptions {
  /** A connection of its own, because it blocks. */
  readonly link: Link;
  /** Key of the bell. */
  readonly key: string;
  /** Key of the list that ends a wait of this instance. */
  readonly ownKey: string;
  readonly readTimeoutMs: number;
  readonly clock: Clock;
  /** Ends the blocking read of this instance, by pushing to `ownKey`. @returns false if there is no connection for that */
  end(): boolean;
}

/** A claim that waits. */
export interface Wait {
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
  /** Makes what claims; it is sent behind the blocking read, at once. */
  command(): readonly Argument[];
  /** Takes what comes after the end of the wait: the reply, or `undefined` if the command may have run without one. */
  late(reply: unknown): void;
}

/** How a wait ended: with a reply, or without one although the command may have run, or before it ran. */
export type WaitEnd = { readonly reply: unknown } | "lost" | "over";

interface Waiter extends Wait {
  end(how: WaitEnd): void;
}

const RETRY_PAUSE_MS = 100;

/** How long the server may take to end a read. */
const ANSWER_MS = 500;

/** Lets claims of this instance wait for the bell. */
export class Bell {
  readonly #options: BellOptions;
  readonly #waiters = new Set<Waiter>();
  /** The one whose command stands behind the blocking read. */
  #served: Waiter | undefined;
  #reading: Promise<void> | undefined;

  constructor(options: BellOptions) {
    this.#options = options;
  }

  /** Ends when the server has carried out the command, after the time limit, or at an abort. */
  async wait(wait: Wait): Promise<WaitEnd> {
    if (wait.signal?.aborted || this.#options.link.isClosed) return "over";
    const { promise, resolve } = Promise.withResolvers<WaitEnd>();
    const waiter = { ...wait, end: resolve };
    // At once, so that nothing is served to a waiter that is going.
    const go = (): void => {
      if (this.#waiters.delete(waiter)) resolve("over");
    };
    const { clock, readTimeoutMs } = this.#options;
    const stop = (): void => {
      timer.stop();
      // Left alone, its command would claim for nobody later.
      if (this.#served === waiter && this.#options.end()) timer = clock.startTimer(ANSWER_MS, go);
      else go();
    };
    // The read ends before that; if it does not, its connection is dead, and a look on the other one tells more.
    let timer = clock.startTimer(Math.min(wait.limitMs, 2 * readTimeoutMs), stop);
    wait.signal?.addEventListener("abort", stop);
    this.#waiters.add(waiter);
    this.#reading ??= this.#read();
    const end = await promise;
    timer.stop();
    wait.signal?.removeEventListener("abort", stop);
    return end;
  }

  /** Ends all waits. Resolves when `late` was told of the last command. */
  async close(): Promise<void> {
    for (const waiter of this.#waiters) waiter.end("over");
    this.#waiters.clear();
    this.#options.link.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const { link } = this.#options;
    while (this.#waiters.size > 0 && !link.isClosed) {
      try {
        await link.ready();
        const [waiter] = this.#waiters;
        if (waiter) await this.#serve(waiter);
      } catch (error) {
        // The looks of those who wait report that the server is away; reading goes on when it is back, or another has taken its place.
        if (adviceFor(error) === "elsewhere") link.drop();
        if (!link.isClosed) await sleep(this.#options.clock, RETRY_PAUSE_MS);
      }
    }
    this.#reading = undefined;
  }

  /** Blocks until the bell rings or the read ends, and hands over what the command behind it replied. */
  async #serve(waiter: Waiter): Promise<void> {
    const { link, key, ownKey, readTimeoutMs } = this.#options;
    this.#served = waiter;
    const [read, claimed] = await Promise.allSettled([
      link.send(["BLPOP", key, ownKey, String(readTimeoutMs / 1000)]),
      link.send(waiter.command()),
    ]);
    this.#served = undefined;
    const reply = claimed.status === "fulfilled" ? claimed.value : undefined;
    if (this.#waiters.delete(waiter)) waiter.end(reply === undefined ? "lost" : { reply });
    else waiter.late(reply);
    for (const { reason } of [read, claimed] as { reason?: unknown }[]) if (reason !== undefined) throw reason;
  }
}

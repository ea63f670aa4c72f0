/**
 * Gathering what is asked for in one turn of the event loop, so that it travels as one.
 * @module
 */
import { StorageError } from "../../../lib/errors.ts";

/** Bytes of what goes as one. */
export const BATCH_BYTES: number = 256 * 1024;

/** Most that goes as one: a script keeps the server from everything else. */
export const BATCHES: { readonly limit: number; readonly bytes: number } = { limit: 500, bytes: BATCH_BYTES };

/** How much goes together. */
export interface BatchOptions<T> {
  /** Most items. */
  readonly limit: number;
  /** Most bytes, and how many an item has. */
  readonly bytes: number;
  readonly size: (item: T) => number;
  /** The first item of a turn goes at once, which saves a lone one a turn. */
  readonly leading: boolean;
}

interface Waiting<T, R> {
  readonly item: T;
  resolve(reply: R): void;
  reject(error: unknown): void;
}

/** Hands the items of one turn to `send` together. */
export class Batch<T, R> {
  readonly #send: (items: T[]) => Promise<readonly R[]>;
  readonly #options: BatchOptions<T>;
  #waiting: Waiting<T, R>[] = [];
  #bytes = 0;
  /** Ends when what waits has been sent. */
  #turn: Promise<void> | undefined;

  /** @param send Sends a batch; one reply for each item. */
  constructor(send: (items: T[]) => Promise<readonly R[]>, options: BatchOptions<T>) {
    this.#send = send;
    this.#options = options;
  }

  /** Adds an item. @returns its reply */
  add(item: T): Promise<R> {
    const { leading, limit, bytes, size } = this.#options;
    if (leading && !this.#turn) {
      this.#plan();
      return this.#send([item]).then((replies) => replies[0]!);
    }
    const length = size(item);
    if (this.#bytes > 0 && this.#bytes + length > bytes) this.flush();
    this.#bytes += length;
    // Faster than Promise.withResolvers, which counts here.
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= limit) this.flush();
      else if (!this.#turn) this.#plan();
    });
  }

  /** Sends what waits, now. */
  flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#bytes = 0;
    this.#send(batch.map((waiting) => waiting.item)).then(
      (replies) => batch.forEach((waiting, index) => waiting.resolve(replies[index]!)),
      (error) => this.#fail(batch, error),
    );
  }

  /** Ends when what waits now has been sent; `undefined` if nothing waits. */
  get turn(): Promise<void> | undefined {
    return this.#waiting.length > 0 ? this.#turn : undefined;
  }

  /** The client plans its own write of this turn later, so that what is sent at the end of this turn is part of that write. */
  #plan(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    setImmediate(() => {
      this.#turn = undefined;
      this.flush();
      resolve();
    });
  }

  /** What is refused for good may be refused for one of them: they go again, each alone. */
  #fail(batch: readonly Waiting<T, R>[], error: unknown): void {
    const isPermanent = error instanceof StorageError && error.permanent;
    for (const { item, resolve, reject } of batch) {
      if (isPermanent && batch.length > 1) this.#send([item]).then((replies) => resolve(replies[0]!), reject);
      else reject(error);
    }
  }
}

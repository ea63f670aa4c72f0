/**
 * Gathering what is asked for in one turn of the event loop, so that it travels as one.
 * @module
 */

interface Waiting<T, R> {
  readonly item: T;
  resolve(reply: R): void;
  reject(error: unknown): void;
}

/** Hands the items of one turn to `send` together. */
export class Batch<T, R> {
  readonly #send: (items: T[]) => Promise<readonly R[]>;
  readonly #limit: number;
  readonly #leading: boolean;
  #waiting: Waiting<T, R>[] = [];
  #planned = false;

  /**
   * @param send Sends a batch; one reply for each item.
   * @param options `limit`: most items of a batch. `leading`: the first item of a turn goes at once, which saves a lone one a turn.
   */
  constructor(send: (items: T[]) => Promise<readonly R[]>, options: { limit: number; leading: boolean }) {
    this.#send = send;
    this.#limit = options.limit;
    this.#leading = options.leading;
  }

  /** Adds an item. @returns its reply */
  add(item: T): Promise<R> {
    if (this.#leading && !this.#planned) {
      this.#plan();
      return this.#send([item]).then((replies) => replies[0]!);
    }
    // Faster than Promise.withResolvers, which counts here.
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (this.#waiting.length >= this.#limit) this.#flush();
      else if (!this.#planned) this.#plan();
    });
  }

  /** Sends what waits, now. */
  flush(): void {
    this.#flush();
  }

  /** The client plans its own write of this turn later, so that what is sent at the end of this turn is part of that write. */
  #plan(): void {
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const batch = this.#waiting;
    if (batch.length === 0) return;
    this.#waiting = [];
    this.#send(batch.map((waiting) => waiting.item)).then(
      (replies) => batch.forEach((waiting, index) => waiting.resolve(replies[index]!)),
      (error) => batch.forEach((waiting) => waiting.reject(error)),
    );
  }
}

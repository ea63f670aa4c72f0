/**
 * What one can wait for of a consumer: something that happens once, and may be a long time coming.
 * @module
 */

/** A wait for it that ends otherwise leaves nothing behind; a race with a promise leaves its reaction there until it is settled. */
export class Once {
  /** Resolves when it happens. */
  readonly promise: Promise<void>;
  readonly #resolve: () => void;
  readonly #waiters: Set<() => void> = new Set();

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.promise = promise;
    this.#resolve = resolve;
    void promise.then(() => this.#waiters.forEach((wake) => wake()));
  }

  /** It happens. */
  happen(): void {
    this.#resolve();
  }

  /**
   * Waits for another promise, as long as this does not happen.
   *
   * @param error What the wait rejects with if it does.
   */
  async unless<R>(other: Promise<R>, error: () => Error): Promise<R> {
    const { promise, reject } = Promise.withResolvers<never>();
    const wake = (): void => reject(error());
    this.#waiters.add(wake);
    try {
      return await Promise.race([other, promise]);
    } finally {
      this.#waiters.delete(wake);
    }
  }
}

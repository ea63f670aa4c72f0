/**
 * One after another.
 * @module
 */

/** Lets one piece of work begin when the one before it has ended. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Waits for its turn, then works. @returns what the work returns */
  async take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return await turn;
  }
}

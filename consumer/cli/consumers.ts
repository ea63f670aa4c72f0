/**
 * Several consumers of one process, started and stopped as one.
 * @module
 */
import type { Consumer, StopOptions } from "../consumer.ts";

/** One for each queue. */
export class Consumers {
  readonly #consumers: readonly Consumer[];

  constructor(consumers: readonly Consumer[]) {
    this.#consumers = consumers;
  }

  /** Resolves when all have started. If one cannot, the others are stopped, and it rejects with the reason. */
  async start(): Promise<void> {
    const starts = await Promise.allSettled(this.#consumers.map((consumer) => consumer.start()));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed === undefined) return;
    await this.stop({ graceful: false, grace: 0 });
    throw failed.reason;
  }

  /** Stops all at the same time. Rejects with the first failure, when all have ended. */
  async stop(options: StopOptions): Promise<void> {
    const stops = await Promise.allSettled(this.#consumers.map((consumer) => consumer.stop(options)));
    const failed = stops.find((stop) => stop.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }
}

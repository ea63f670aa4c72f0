/**
 * The consumers of this process as one: started together, until a signal of the operating system ends them.
 * @module
 */
import process from "node:process";
import type { Logger } from "../../lib/types/options.ts";
import type { Consumer, StopOptions } from "../consumer.ts";

/** Signals that end a consumer. */
export type EndSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/** How it ended: with an exit code, or to be started again. */
export type RunEnd = number | "restart";

/** Exit code of a stop that was forced by a second SIGINT. */
export const FORCED = 130;

/** What one can do while it waits. */
const NEXT = {
  SIGINT: "a second SIGINT gives them back to the queue at once",
  SIGHUP: "then it starts again, unless a SIGINT comes",
} as const;

/** Signals that the command line reacts to, wherever they come from. */
export class SignalDesk {
  readonly #consumers: readonly Consumer[];
  readonly #logger: Logger;
  readonly #end: PromiseWithResolvers<RunEnd> = Promise.withResolvers();
  #stopping: EndSignal | undefined;
  #forced = false;

  constructor(consumers: readonly Consumer[], logger: Logger) {
    this.#consumers = consumers;
    this.#logger = logger;
  }

  /** Resolves when the consumer has stopped. */
  get ended(): Promise<RunEnd> {
    return this.#end.promise;
  }

  /** Whether it is to end, or has ended, without starting again. */
  get endsForGood(): boolean {
    return this.#stopping !== undefined && this.#stopping !== "SIGHUP";
  }

  /** Whether a signal has come that ends it. */
  get isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  /** Listens to signals of the operating system. */
  listen(signals: readonly EndSignal[]): void {
    for (const signal of signals) process.on(signal, () => this.receive(signal));
  }

  /** Reacts to a signal. */
  receive(signal: EndSignal): void {
    this.#logger.info(`Received ${signal}`);
    if (signal === "SIGTERM") {
      this.#logger.info("Running tasks get the grace time, then they go back to the queue");
      return this.#stop(signal, { graceful: false });
    }
    if (this.#stopping === undefined) {
      this.#logger.info(`Waiting for running tasks; ${NEXT[signal]}`);
      return this.#stop(signal, {});
    }
    if (signal === "SIGHUP") return;
    // SIGHUP and then SIGINT: it stops, and does not start again.
    if (this.#stopping === "SIGHUP") this.#stopping = "SIGINT";
    else this.#force();
  }

  /** Ends as at SIGTERM, since the process that passed the signals on is gone. */
  orphaned(): void {
    this.#logger.warn("The process that was started first is gone: this one, its successor, ends too");
    this.#stop("SIGTERM", { graceful: false });
  }

  #force(): void {
    this.#logger.info("Running tasks go back to the queue at once");
    this.#forced = true;
    this.#stop("SIGINT", { graceful: false, grace: 0 });
  }

  #stop(signal: EndSignal, options: { graceful?: boolean; grace?: number }): void {
    this.#stopping = signal;
    void stopAll(this.#consumers, options).then(
      () => this.#end.resolve(this.#forced ? FORCED : this.#stopping === "SIGHUP" ? "restart" : 0),
      (error) => {
        this.#logger.error("Stopping failed", { error });
        this.#end.resolve(1);
      },
    );
  }
}

/** Starts consumers, one for each queue, as one. If one cannot, the others are stopped, and it rejects with the reason. */
export async function startAll(consumers: readonly Consumer[]): Promise<void> {
  try {
    await all(consumers.map((consumer) => consumer.start()));
  } catch (error) {
    await stopAll(consumers, { graceful: false, grace: 0 });
    throw error;
  }
}

/** Stops all at the same time. Rejects with the first failure, when all have ended. */
async function stopAll(consumers: readonly Consumer[], options: StopOptions): Promise<void> {
  await all(consumers.map((consumer) => consumer.stop(options)));
}

async function all(works: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(works)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

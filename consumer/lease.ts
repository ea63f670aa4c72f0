/**
 * The sign of life of a consumer, renewed from a place that a busy task cannot block.
 * @module
 */
import type { Lease, PollOptions, Storage } from "../lib/storage.ts";
import type { Logger } from "../lib/types/options.ts";
import type { FromHeart, ToHeart } from "./heartbeat_worker.ts";
import { Outage, sleep } from "./outage.ts";
import { openWorker, siblingUrl } from "./web_worker.ts";
import type { WebWorker } from "./web_worker.ts";

/** What keeps a lease. */
export interface LeaseOptions {
  readonly lease: Lease;
  /** Whether tasks run in this isolate, so that a timer here could be held up by them. */
  readonly tasksRunHere: boolean;
  readonly poll: PollOptions;
  readonly logger: Logger;
}

/** A lease of a storage that only this isolate sees: nobody could take it over. */
const FOREVER_MS = 1e12;
/** A lease that is shorter might be over before the other isolate, started with the first task, is there. */
const SHORT_MS = 3000;
/** How long the other isolate gets to end a renewal that is under way. */
const STOP_MS = 1000;

/**
 * Grants a lease and renews it three times within its life: from a timer here, and once tasks run here, from another isolate too,
 * which an idle consumer can do without.
 */
export class LeaseKeeper {
  readonly #storage: Storage;
  readonly #options: LeaseOptions;
  readonly #outage: Outage;
  #timer: ReturnType<typeof setInterval> | undefined;
  #heart: WebWorker | undefined;
  #wantsHeart = false;
  readonly #heartStopped: PromiseWithResolvers<void> = Promise.withResolvers();
  #stopped = false;

  constructor(storage: Storage, options: LeaseOptions) {
    this.#storage = storage;
    this.#options = options;
    this.#outage = new Outage("Renewing the lease", options.poll, options.logger);
  }

  /** Resolves when the lease is granted. Rejects with what the storage throws. */
  async start(): Promise<void> {
    const { lease, tasksRunHere } = this.#options;
    if (!this.#storage.shared) return await this.#storage.heartbeat({ ...lease, ttlMs: FOREVER_MS });
    await this.#storage.heartbeat(lease);
    if (this.#stopped) return;
    this.#timer = setInterval(() => void this.#beat(), lease.ttlMs / 3);
    this.#wantsHeart = tasksRunHere && this.#storage.descriptor !== undefined;
    if (lease.ttlMs < SHORT_MS) this.taskStarts();
  }

  /** A task is about to run here, and may hold up the timer. */
  taskStarts(): void {
    if (!this.#wantsHeart) return;
    this.#wantsHeart = false;
    if (!this.#stopped) this.#startHeart();
  }

  /** Renews no more, and ends the lease. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#stopHeart();
    await this.#storage.resign(this.#options.lease.consumer);
  }

  /** A beat that is under way would bring the lease back after its end, so it is waited for. */
  async #stopHeart(): Promise<void> {
    if (this.#heart === undefined) return;
    const patience = new AbortController();
    this.#heart.post("stop" satisfies ToHeart);
    await Promise.race([this.#heartStopped.promise, sleep(STOP_MS, patience.signal)]);
    patience.abort();
    this.#heart.terminate();
  }

  async #beat(): Promise<void> {
    // While another isolate does it, there is no need.
    if (this.#heart !== undefined) return;
    try {
      await this.#storage.heartbeat(this.#options.lease);
      this.#outage.over();
    } catch (error) {
      if (!this.#stopped) this.#outage.report(error);
    }
  }

  /** Another isolate with a connection of its own. If it cannot do its work, the timer here has to. */
  #startHeart(): void {
    this.#heart = openWorker(siblingUrl("heartbeat_worker", import.meta.url), {
      message: (message) => this.#hear(message as FromHeart),
      end: (reason) => {
        this.#heartStopped.resolve();
        this.#fallBack(reason);
      },
    });
    const { descriptor } = this.#storage;
    this.#heart.post({ descriptor: descriptor!, lease: this.#options.lease } satisfies ToHeart);
  }

  #hear(message: FromHeart): void {
    if (message === "stopped") this.#heartStopped.resolve();
    else if (message === "beat") this.#outage.over();
    else if (message.fatal) this.#fallBack(message.error);
    else this.#outage.report(new Error(message.error));
  }

  #fallBack(reason: string): void {
    if (this.#stopped || this.#heart === undefined) return;
    this.#heart.terminate();
    this.#heart = undefined;
    this.#options.logger.warn(`The lease is renewed beside the tasks, which may hold it up: ${reason}`);
  }
}

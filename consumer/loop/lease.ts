/**
 * The lease of a consumer, renewed from a place that a busy task cannot block.
 * @module
 */
import { errorText } from "../../lib/primitives/error_record.ts";
import { showSafely } from "../../lib/primitives/log_text.ts";
import { type Clock, startInterval, systemClock, type Timer, within } from "../../lib/primitives/clock.ts";
import type { Lease, PollOptions, Storage } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { LeaseWorkerReply, LeaseWorkerRequest } from "./lease_worker.ts";
import { Outage } from "./outage.ts";
import { isMissing } from "../options/requirements.ts";
import { openWorker, siblingUrl } from "../platform/web_worker.ts";
import type { WebWorker } from "../platform/web_worker.ts";

/** What keeps a lease. */
export interface LeaseOptions {
  readonly lease: Lease;
  /** Whether tasks run in this isolate, so that a timer here could be held up by them. */
  readonly tasksRunHere: boolean;
  readonly poll: PollOptions;
  readonly logger: Logger;
  /** Default: that of the machine. */
  readonly clock?: Clock | undefined;
  /** What the consumer says of itself, asked at each renewal. */
  readonly about?: (() => Promise<string>) | undefined;
  /** Told when this isolate has renewed it. */
  readonly onRenewed?: (() => void) | undefined;
}

/** A lease of a storage that only this isolate sees: nobody could take it over. */
const FOREVER_MS = 1e12;
/** A lease that is shorter might be over before the other isolate has noticed that this one is held up, and opened the storage. */
const SHORT_MS = 10_000;
/** How long the other isolate gets to end a renewal that is under way. */
const STOP_MS = 1000;

/**
 * Grants a lease and renews it three times within its life, from a timer here. Once tasks run here, which may hold the timer up,
 * another isolate watches whether it does, and renews the lease as long as it does not.
 */
export class LeaseKeeper {
  readonly #storage: Storage;
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  readonly #outage: Outage;
  #timer: Timer | undefined;
  /** Ends when all renewals that were sent from here have ended; a slow one may be overtaken by the next. */
  #renewing: Promise<unknown> = Promise.resolve();
  #leaseWorker: WebWorker | undefined;
  #startLeaseWorkerLater = false;
  readonly #leaseWorkerStopped: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Renewals made here, for the other isolate to see. */
  readonly #renewals: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));
  #stopped = false;

  constructor(storage: Storage, options: LeaseOptions) {
    this.#storage = storage;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#outage = new Outage("Renewing the lease", options.poll, options.logger, this.#clock);
  }

  /** Resolves when the lease is granted. Rejects with what the storage throws. */
  async start(): Promise<void> {
    const { lease, tasksRunHere } = this.#options;
    const granted = this.#renewNow();
    this.#renewing = granted.catch(() => {});
    await granted;
    // Stopped while it waited for the storage: who stops it waits for this too, and ends the lease.
    if (this.#stopped) return;
    this.#timer = startInterval(
      this.#clock,
      lease.ttlMs / 3,
      () => this.#renewing = Promise.all([this.#renewing, this.#renew()]),
    );
    this.#startLeaseWorkerLater = tasksRunHere && this.#storage.shared && this.#storage.descriptor !== undefined;
    if (this.#isShort) this.taskStarts();
  }

  /** A task is about to run here, and may hold up the timer. */
  taskStarts(): void {
    if (!this.#startLeaseWorkerLater) return;
    this.#startLeaseWorkerLater = false;
    if (this.#stopped) return;
    try {
      this.#startLeaseWorker();
    } catch (error) {
      // The task that is about to run has not failed.
      this.#options.logger.warn(`The lease is renewed beside the tasks, which may hold it up: ${errorText(error)}`);
    }
  }

  /** Renews no more, and ends the lease. A renewal that is under way would bring it back after its end, so it is waited for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.stop();
    await Promise.all([this.#renewing, this.#stopLeaseWorker()]);
    await this.#storage.endLease(this.#options.lease.consumer);
  }

  async #stopLeaseWorker(): Promise<void> {
    if (this.#leaseWorker === undefined) return;
    this.#leaseWorker.post("stop" satisfies LeaseWorkerRequest);
    await within(this.#clock, { ms: STOP_MS }, this.#leaseWorkerStopped.promise, () => {});
    this.#leaseWorker.terminate();
  }

  async #renew(): Promise<void> {
    try {
      await this.#renewNow();
      Atomics.add(this.#renewals, 0, 1);
      this.#outage.over();
      this.#options.onRenewed?.();
    } catch (error) {
      if (!this.#stopped) this.#outage.report(error);
    }
  }

  async #renewNow(): Promise<void> {
    const { lease, about } = this.#options;
    const ttlMs = this.#storage.shared ? lease.ttlMs : FOREVER_MS;
    // Whatever goes wrong with what it says, the lease counts.
    const said = await about?.().catch(() => undefined);
    this.#log(await this.#storage.renewLease({ ...lease, ttlMs, about: said }));
  }

  #log(lines: readonly string[] | void): void {
    for (const line of lines ?? []) this.#options.logger.warn(line);
  }

  get #isShort(): boolean {
    return this.#options.lease.ttlMs < SHORT_MS;
  }

  /** Another isolate, which opens a connection of its own when it has to. If it cannot do its work, the timer here does what it can. */
  #startLeaseWorker(): void {
    const module = siblingUrl("lease_worker", import.meta.url);
    if (isMissing(module)) throw new Error("the program is a bundle, which lacks the module that watches over it");
    this.#leaseWorker = openWorker(module, {
      message: (message) => this.#receive(message),
      end: (reason) => {
        this.#leaseWorkerStopped.resolve();
        this.#fallBack(reason);
      },
    });
    const descriptor = this.#storage.descriptor!;
    const { lease } = this.#options;
    this.#leaseWorker.post({ descriptor, lease, renewals: this.#renewals, always: this.#isShort } satisfies LeaseWorkerRequest);
  }

  #receive(message: unknown): void {
    if (isReply(message)) return this.#onReply(message);
    this.#options.logger.debug(`A message that is not of this library is ignored: ${showSafely(message, 200)}`);
  }

  #onReply(message: LeaseWorkerReply): void {
    if (message === "stopped") this.#leaseWorkerStopped.resolve();
    else if (message === "renewed") this.#outage.over();
    else if ("lines" in message) this.#log(message.lines);
    else if (message.fatal) this.#fallBack(message.error);
    else this.#outage.report(new Error(message.error));
  }

  #fallBack(reason: string): void {
    if (this.#stopped || this.#leaseWorker === undefined) return;
    this.#leaseWorker.terminate();
    this.#leaseWorker = undefined;
    this.#options.logger.warn(`The lease is renewed beside the tasks, which may hold it up: ${reason}`);
  }
}

/** The module of the storage, which that isolate imports, may post anything. */
function isReply(message: unknown): message is LeaseWorkerReply {
  if (message === "renewed" || message === "stopped") return true;
  const { error, lines } = (message ?? {}) as { error?: unknown; lines?: unknown };
  return typeof error === "string" || Array.isArray(lines) && lines.every((line) => typeof line === "string");
}

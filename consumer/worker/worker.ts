/**
 * A worker: keeps a number of attempts running in this isolate, claiming as many messages as slots are free and never more.
 * @module
 */
import { setImmediate } from "node:timers";
import { setMessageAside } from "../../lib/settlement/set_aside.ts";
import type { Core, Running } from "../../lib/core/core.ts";
import { toError } from "../../lib/primitives/error_record.ts";
import { executeClaim } from "../../lib/execution/execute.ts";
import type { ExecuteOptions } from "../../lib/attempt/execution.ts";
import { failClaim, interruptAttempts } from "../../lib/execution/end_claims.ts";
import { answerInTime, callStorage, isTemporary } from "../../lib/core/patience.ts";
import { sleep } from "../../lib/primitives/clock.ts";
import type { Claim, ClaimBatch, Owner, PollOptions } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { Outage } from "../loop/outage.ts";
import { QueueWatch, WAIT_MS } from "./queue_watch.ts";
import { RevocationWatch } from "./revocation_watch.ts";

/** What a worker needs to know. */
export interface WorkerOptions {
  /** Attempts at once. */
  readonly slots: number;
  readonly owner: Owner;
  readonly poll: PollOptions;
  /** Stop claiming after so many attempts. */
  readonly maxTasks?: number | undefined;
  readonly logger: Logger;
  /** Told just before a task's function runs. */
  readonly onStart?: ((running: Running) => void) | undefined;
  /** Told when an attempt has been settled. */
  readonly onEnd?: ((claim: Claim) => void) | undefined;
  /** Runs a claim; replaced by tests. */
  readonly execute?: typeof executeClaim | undefined;
}

/** Why a worker ended: it was told to, or it has done its `maxTasks`. */
export type WorkerEnd = "stopped" | "exhausted";

/** A worker that is never out of work lets timers and signals run this often. */
const YIELD_EVERY_MS = 10;
/** How long attempts that were not yet, or no longer, inside their function get to end at a forced stop. */
const SETTLE_MS = 1000;
/** How long the shutdown hooks get after that. */
const HOOKS_MS = 10_000;
/** How long one call of the storage may take before a loop counts as stuck. */
const PATIENCE_MS = 60_000;

interface Ready {
  readonly claim: Claim;
  readonly options: ExecuteOptions;
}

/** Startup hooks, attempts, shutdown hooks. */
export class Worker {
  /** Resolves when it claims no more, nothing that it waits for runs any more, and the shutdown hooks have run. */
  readonly ended: Promise<WorkerEnd>;
  readonly #resolve: (end: WorkerEnd) => void;
  readonly #core: Core;
  readonly #options: WorkerOptions;
  readonly #execute: typeof executeClaim;
  readonly #plain: ExecuteOptions;
  readonly #checked: ExecuteOptions;
  readonly #outage: Outage;
  readonly #watch: RevocationWatch;
  readonly #queue: QueueWatch;
  /** Attempts that have not ended. */
  readonly #active: Set<Claim> = new Set();
  /** Those of them whose function has ended: what replaces them is claimed while their settlement is written. */
  readonly #settling: Set<Claim> = new Set();
  /** Claimed so, and to start when the attempt before has ended. */
  readonly #ready: Ready[] = [];
  /** Claims that are being given back. */
  readonly #releasing: Set<Claim> = new Set();
  /** A claim was sent and not answered: it may have been carried out. */
  #mayHaveMore = false;
  readonly #stop: AbortController = new AbortController();
  /** Ends the patience of attempts that wait for a storage that is down. */
  readonly #giveUp: AbortController = new AbortController();
  readonly #idleWaiters: ((started: number | undefined) => void)[] = [];
  #hooked = false;
  #open = false;
  #over = false;
  #claiming = false;
  #started = 0;
  #yieldedMs = 0;

  constructor(core: Core, options: WorkerOptions) {
    const { promise, resolve } = Promise.withResolvers<WorkerEnd>();
    this.ended = promise.then((end) => this.#runShutdownHooks(end));
    this.#resolve = resolve;
    this.#core = core;
    this.#options = options;
    this.#execute = options.execute ?? executeClaim;
    const { owner, onStart } = options;
    const common = { owner, onStart, onSettle: (claim: Claim) => this.#settle(claim), stop: this.#giveUp.signal };
    this.#plain = { ...common, revocations: false };
    this.#checked = { ...common, revocations: true };
    this.#outage = new Outage("Claiming tasks", options.poll, options.logger, core.clock);
    this.#queue = new QueueWatch(core, owner, options.poll);
    this.#watch = new RevocationWatch(core, () => this.running(), options.logger);
  }

  /** Runs the startup hooks, then claims. */
  async start(): Promise<void> {
    this.#hooked = true;
    await this.#core.hooks.startup.run(this.#options.logger);
    this.resume();
  }

  /** Claims, also after a `pause`. */
  resume(): void {
    this.#open = true;
    this.#refill();
  }

  /** Claims nothing until it is resumed, and gives back what it has not begun. */
  async pause(): Promise<void> {
    this.#open = false;
    this.#queue.stir();
    await this.#release(this.#takeReady());
  }

  /** Attempts so far. */
  get started(): number {
    return this.#started;
  }

  /** Attempts that have not ended. */
  get busy(): number {
    return this.#active.size;
  }

  /** Whether its loop, if it has something to do, goes round in time; also while the storage is down. */
  get isAlive(): boolean {
    if (!this.#claiming) return true;
    return this.#core.clock.elapsed() - this.#yieldedMs < WAIT_MS + this.#options.poll.maxMs + PATIENCE_MS;
  }

  /** Attempts whose function runs now. */
  running(): Running[] {
    return [...this.#core.running.values()].filter((running) => this.#active.has(running.claim));
  }

  /**
   * Resolves when nothing runs here and a look at the queue found nothing.
   *
   * @returns how many attempts there were so far; `undefined` if it ended before
   */
  idle(): Promise<number | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
      if (this.#nothingRuns) this.#lookNow();
    });
  }

  /**
   * Claims no more and waits for what runs. May be called again with less patience.
   *
   * @param graceMs After this time, what still runs is given back; a storage that is down is then not waited for. Default: never.
   */
  async stop(graceMs: number = Infinity): Promise<void> {
    const graceful = this.#waitForAll();
    if (graceMs < Infinity) await this.#giveBackAfter(graceMs, graceful);
    else await graceful;
  }

  async #waitForAll(): Promise<void> {
    const { clock } = this.#core;
    this.#stop.abort();
    this.#queue.stir();
    const patience = clock.startTimer(SETTLE_MS, () => this.#queue.abandon());
    await this.#release(this.#takeReady());
    this.#endIfDone();
    await this.ended;
    patience.stop();
  }

  async #giveBackAfter(graceMs: number, graceful: Promise<void>): Promise<void> {
    const { clock } = this.#core;
    const timer = new AbortController();
    await Promise.race([graceful, sleep(clock, graceMs, timer.signal)]);
    this.#giveUp.abort();
    const running = this.running();
    await Promise.race([this.#giveBack(running), sleep(clock, SETTLE_MS, timer.signal)]);
    for (const { claim } of running) this.#active.delete(claim);
    this.#endIfDone();
    await Promise.race([graceful, sleep(clock, SETTLE_MS, timer.signal)]);
    this.#end("stopped");
    await Promise.race([this.ended, sleep(clock, HOOKS_MS, timer.signal).then(() => this.#reportLateHooks(timer.signal))]);
    timer.abort();
  }

  #reportLateHooks({ aborted }: AbortSignal): void {
    if (!aborted) this.#options.logger.warn(`A shutdown hook has not ended within ${HOOKS_MS / 1000} s: it is not waited for`);
  }

  async #giveBack(running: readonly Running[]): Promise<void> {
    try {
      await interruptAttempts(this.#core, running);
    } catch (error) {
      // The consumer gives back what is left at its end, or its lease runs out.
      this.#outage.report(error);
    }
  }

  get #limit(): number {
    const { slots, maxTasks = Infinity } = this.#options;
    const free = slots - this.#active.size + this.#settling.size;
    return Math.min(free, maxTasks - this.#started) - this.#ready.length;
  }

  get #claims(): boolean {
    return this.#open && this.#limit > 0 && !this.#stop.signal.aborted;
  }

  /** Claims at the end of this tick, so that attempts that end in the same tick are replaced by one call. */
  #refill(): void {
    if (this.#claiming || !this.#claims) return;
    this.#claiming = true;
    queueMicrotask(this.#claimAll);
  }

  readonly #claimAll = async (): Promise<void> => {
    while (this.#claims) {
      try {
        if (this.#core.clock.elapsed() - this.#yieldedMs > YIELD_EVERY_MS) await this.#yieldToEventLoop();
        else await this.#claim();
      } catch (error) {
        await this.#outage.wait(error, this.#stop.signal);
      }
    }
    this.#claiming = false;
    this.#endIfDone();
  };

  async #claim(): Promise<void> {
    if (this.#mayHaveMore) await this.#releaseUnknown();
    const looks = this.#idleWaiters.length > 0 && this.#nothingRuns;
    this.#mayHaveMore = true;
    // After an outage without waiting, to say so as soon as it is over.
    const mayWait = !looks && !this.#outage.isOn;
    const batch = await this.#queue.claim(this.#limit, mayWait, ({ claims }) => void this.#release(claims));
    this.#mayHaveMore = false;
    this.#outage.over();
    if (batch.claims.length > 0) await this.#accept(batch);
    else if (looks) this.#tellIdle();
    else if (this.#claims) await this.#queue.wait();
  }

  /** A claim that failed may have been carried out: what is claimed for this worker and unknown here nobody would ever run. */
  async #releaseUnknown(): Promise<void> {
    const { storage } = this.#core;
    const mine = [...this.#active, ...this.#ready.map(({ claim }) => claim), ...this.#releasing];
    const known = new Set(mine.map(({ token }) => token));
    const release = async (): Promise<void> => {
      const claims = await storage.claimed(this.#options.owner);
      await storage.release(claims.filter(({ token }) => !known.has(token)));
    };
    await answerInTime(this.#core, "give back what was claimed", release());
  }

  async #accept(batch: ClaimBatch): Promise<void> {
    if (this.#stop.signal.aborted || !this.#open) return await this.#release(batch.claims);
    const options = batch.revocations ? this.#checked : this.#plain;
    for (const claim of batch.claims) this.#ready.push({ claim, options });
    this.#startReady();
    this.#watch.arm();
  }

  #startReady(): void {
    while (this.#ready.length > 0 && this.#active.size < this.#options.slots) this.#run(this.#ready.shift()!);
  }

  #run({ claim, options }: Ready): void {
    this.#active.add(claim);
    this.#started++;
    this.#execute(this.#core, claim, options).then(() => this.#ended(claim), (error) => this.#failed(claim, error));
  }

  /**
   * The attempt could not be brought to its end, whatever the task did: at a stop, with a storage that is down, its claim is left to
   * those who recover it; if something is broken, the task fails, or its message is set aside.
   */
  async #failed(claim: Claim, error: unknown): Promise<void> {
    const { logger } = this.#options;
    logger.error(`The attempt of task ${claim.id} could not be settled`, { ...this.#about(claim), error });
    const stop = this.#giveUp.signal;
    try {
      if (!isTemporary(error)) await failClaim(this.#core, claim, toError(error), stop);
    } catch (again) {
      logger.error(`Nor could the failure of task ${claim.id} be stored`, { ...this.#about(claim), error: again });
      if (!isTemporary(again)) await this.#setAside(claim, toError(again));
    }
    this.#ended(claim);
  }

  #about({ id }: Claim): Record<string, unknown> {
    return { taskId: id, queue: this.#core.settings.name };
  }

  async #setAside(claim: Claim, error: Error): Promise<void> {
    try {
      const reason = `Its end cannot be stored: ${error.message}`;
      await setMessageAside(this.#core, { claim, reason, error, ran: true }, this.#giveUp.signal);
    } catch (refused) {
      this.#options.logger.error(`Nor could message ${claim.id} be set aside`, { ...this.#about(claim), error: refused });
    }
  }

  #settle(claim: Claim): void {
    this.#settling.add(claim);
    this.#refill();
  }

  #ended(claim: Claim): void {
    this.#active.delete(claim);
    this.#settling.delete(claim);
    this.#options.onEnd?.(claim);
    this.#startReady();
    if (this.#claims) this.#refill();
    else this.#endIfDone();
    if (this.#idleWaiters.length > 0 && this.#nothingRuns) this.#lookNow();
  }

  get #nothingRuns(): boolean {
    return this.#active.size === 0 && this.#ready.length === 0;
  }

  #takeReady(): Claim[] {
    return this.#ready.splice(0).map(({ claim }) => claim);
  }

  /** Until it works. What cannot be given back at a stop the consumer gives back at its end. */
  async #release(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return;
    for (const claim of claims) this.#releasing.add(claim);
    const { storage } = this.#core;
    try {
      await callStorage(this.#core, `give back ${claims.length} tasks`, this.#stop.signal, () => storage.release(claims));
    } catch (error) {
      this.#outage.report(error);
    }
    for (const claim of claims) this.#releasing.delete(claim);
  }

  /** Ends the wait, so that the next look comes at once. */
  #lookNow(): void {
    this.#queue.stir();
    this.#refill();
  }

  #tellIdle(): void {
    if (!this.#nothingRuns) return;
    for (const resolve of this.#idleWaiters.splice(0)) resolve(this.#started);
  }

  #endIfDone(): void {
    const stopped = this.#stop.signal.aborted;
    if (!stopped && this.#limit > 0 || this.#claiming || !this.#nothingRuns) return;
    this.#end(stopped ? "stopped" : "exhausted");
  }

  #end(end: WorkerEnd): void {
    this.#over = true;
    this.#queue.end();
    this.#watch.stop();
    this.#resolve(end);
    for (const resolve of this.#idleWaiters.splice(0)) resolve(undefined);
  }

  async #runShutdownHooks(end: WorkerEnd): Promise<WorkerEnd> {
    if (this.#hooked) await this.#core.hooks.shutdown.run(this.#options.logger);
    return end;
  }

  async #yieldToEventLoop(): Promise<void> {
    await new Promise<void>((resolve) => void setImmediate(resolve));
    this.#yieldedMs = this.#core.clock.elapsed();
  }
}

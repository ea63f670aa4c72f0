/**
 * Workers in other isolates: made, replaced when they die or have done their share, and stopped.
 * @module
 */
import { systemClock } from "../../lib/primitives/clock.ts";
import type { Core } from "../../lib/core/core.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import type { Owner } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Crew } from "../worker/workers.ts";
import { revocationEnforcer } from "./revocation_enforcer.ts";
import type { Loop } from "../loop/loop.ts";
import { loggingInUse } from "../log/logging.ts";
import { Outage, sleep } from "../loop/outage.ts";
import type { Init } from "./protocol.ts";
import { interruptClaims, rescue } from "./recover_worker.ts";
import type { ConsumerSettings } from "../options/settings.ts";
import { WorkerHost } from "./remote_worker.ts";
import type { OpenWorker, WorkerEnd } from "./remote_worker.ts";

/** What a pool needs to know. */
export interface PoolOptions {
  /** Id of the consumer. */
  readonly consumer: string;
  readonly settings: ConsumerSettings;
  readonly logger: Logger;
  /** Makes the isolate of a worker. */
  readonly open: OpenWorker;
  /** Whether killing a worker ends a loop in it that never yields. */
  readonly canKill: boolean;
}

/** The place of one worker, and who has it now. */
interface Seat {
  readonly number: number;
  incarnation: number;
  host: WorkerHost | undefined;
  /** Workers that did not become ready, or ended too soon after that, one after another. */
  failures: number;
}

/** First and longest pause before a worker takes the place of one that could not be made, or ended too soon. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** The longest where it may have been a task that ended it: how often that is handed out is limited. */
const LONGEST_AFTER_TASK_MS = 1000;
/** How long a worker that takes the place of another may take to start. */
const START_MS = 120_000;
/** How long workers have to report after the grace time, before they are killed. */
const REPORT_MS = 1500;

/** The workers of types `thread` and `process`. */
export class WorkerPool implements Crew {
  readonly #core: Core;
  readonly #options: PoolOptions;
  readonly #seats: readonly Seat[];
  /** Everything that lives, also what only finishes what it runs. */
  readonly #hosts: Set<WorkerHost> = new Set();
  readonly #rescues: Set<Promise<void>> = new Set();
  readonly #stop: AbortController = new AbortController();
  readonly #enforcer: Loop;
  #renewedMs: number = systemClock.now();
  #forced = false;
  #before = 0;

  constructor(core: Core, options: PoolOptions) {
    this.#core = core;
    this.#options = options;
    this.#seats = Array.from({ length: options.settings.workers }, (_, index) => {
      return { number: index + 1, incarnation: 0, host: undefined, failures: 0 };
    });
    this.#enforcer = this.#makeEnforcer();
  }

  async start(): Promise<void> {
    const hosts = this.#seats.map((seat) => this.#fill(seat));
    try {
      await Promise.all(hosts.map((host) => host.ready));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      throw new ConfigurationError(`A worker could not start: ${(error as Error).message}`, { cause: error });
    }
    for (const seat of this.#seats) void this.#keep(seat);
    this.#enforcer.start();
  }

  async idle(): Promise<number> {
    for (;;) {
      await Promise.all(this.#rescues);
      const hosts = [...this.#hosts];
      const started = await Promise.all(hosts.map((host) => host.idle()));
      const settled = this.#rescues.size === 0 && started.every((count) => count !== undefined);
      if (settled && hosts.length > 0) return started.reduce((sum, count) => sum + count!, this.#before);
      if (hosts.length === 0) await sleep(10, this.#stop.signal);
      if (this.#stop.signal.aborted) return await new Promise(() => {});
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const host of this.#hosts) host.stop();
    await Promise.all([...this.#hosts].map((host) => host.ended));
    // Not waited for: a storage that hangs must not hold up a stop.
    void this.#enforcer.stop();
    await Promise.all(this.#rescues);
  }

  async interrupt(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#forced = true;
    void this.#enforcer.stop();
    const hosts = [...this.#hosts];
    for (const host of hosts) host.interrupt(graceMs);
    const limit = new AbortController();
    await Promise.race([Promise.all(hosts.map((host) => host.ended)), sleep(graceMs + REPORT_MS, limit.signal)]);
    limit.abort();
    for (const host of hosts) host.terminate("it did not stop in time");
    await Promise.all(hosts.map((host) => host.ended));
    await Promise.all(this.#rescues);
  }

  get isTurning(): boolean {
    return this.#seats.some(({ host, failures }) => host !== undefined && (failures === 0 || host.isReady));
  }

  leaseRenewed(): void {
    this.#renewedMs = systemClock.now();
    if (!this.#outlives) return;
    for (const host of this.#hosts) host.renewed(this.#renewedMs);
  }

  check(nowMs: number = systemClock.elapsed()): void {
    this.#enforcer.restartIfStuck();
    for (const { host } of this.#seats) {
      if ((host?.startingMs(nowMs) ?? 0) > START_MS) host!.terminate(`it did not start within ${START_MS / 1000} s`);
    }
    const missing = this.#seats.filter((seat) => seat.host === undefined).length;
    if (missing > 0) {
      this.#options.logger.warn(`${missing} of ${this.#seats.length} workers are missing and about to be replaced`);
    }
  }

  /** Has a worker on the seat as long as the consumer runs. */
  async #keep(seat: Seat): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const before = seat.host!;
      await before.leaves;
      seat.host = undefined;
      if (signal.aborted || !this.#options.settings.checkWorkerHealth) return;
      seat.failures = before.leftUntimely ? seat.failures + 1 : 0;
      await this.#pause(before, seat.failures);
      if (signal.aborted) return;
      await this.#fill(seat).ready.catch(() => {});
    }
  }

  /** The second that ends too soon is the first that may be one of many. */
  async #pause(before: WorkerHost, failures: number): Promise<void> {
    const longest = before.worked ? LONGEST_AFTER_TASK_MS : LONGEST_PAUSE_MS;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (before.isReady ? failures - 2 : failures), longest);
    if (failures === 0 || pauseMs < FIRST_PAUSE_MS) return;
    this.#options.logger.info(`${before.name} ended too soon: another takes its place in ${pauseMs / 1000} s`);
    await sleep(pauseMs, this.#stop.signal);
  }

  #fill(seat: Seat): WorkerHost {
    seat.incarnation++;
    const host = new WorkerHost(this.#options.open, this.#init(seat), this.#options.logger);
    seat.host = host;
    this.#hosts.add(host);
    const end = host.ended.then((end) => this.#farewell(host, end)).finally(() => this.#rescues.delete(end));
    // Counted as a rescue from the moment on when the worker may be dead, so that nothing seems idle meanwhile.
    void host.ended.then(() => this.#rescues.add(end));
    return host;
  }

  #init({ number, incarnation }: Seat): Init {
    const { settings, consumer } = this.#options;
    return {
      type: "init",
      module: settings.module!,
      exportName: settings.exportName,
      queue: this.#core.settings.name,
      consumer,
      // Never the name of a predecessor, whose claims may still have to be told from those of its successor.
      worker: incarnation === 1 ? `Worker-${number}` : `Worker-${number}.${incarnation}`,
      slots: settings.concurrency,
      maxTasks: settings.maxTasks,
      poll: settings.poll,
      lease: this.#outlives ? { ttlMs: settings.leaseMs, renewedMs: this.#renewedMs } : undefined,
      logging: loggingInUse(),
    };
  }

  /** Whether the workers go on while this process is frozen. */
  get #outlives(): boolean {
    return this.#options.settings.workerType === "process";
  }

  #makeEnforcer(): Loop {
    const { consumer, settings: { graceMs, poll, patienceMs }, logger } = this.#options;
    const named = (name: string): WorkerHost | undefined => [...this.#hosts].find((host) => host.name === name);
    return revocationEnforcer(this.#core, {
      consumer,
      graceMs,
      poll,
      patienceMs,
      logger,
      workers: () => [...this.#hosts],
      end: (worker, claims) => void named(worker)?.enforce(claims),
    });
  }

  async #farewell(host: WorkerHost, end: WorkerEnd): Promise<void> {
    const { logger, consumer } = this.#options;
    this.#before += host.started + 1;
    if (end.kind === "lost") {
      logger.warn(`${host.name} is gone: ${end.reason.split("\n")[0]}`, stackIn(end.reason));
      if (end.silent && !this.#options.canKill) this.#reportLoop(host);
    } else {
      logger.info(`${host.name} has ended${end.kind === "exhausted" ? " after its share of tasks" : ""}`);
    }
    if (end.kind === "lost") await this.#rescue({ consumer, worker: host.name }, end);
    this.#hosts.delete(host);
  }

  #reportLoop(host: WorkerHost): void {
    this.#options.logger.error(
      `${host.name} cannot be killed by this runtime: its loop uses a processor until the consumer ends. ` +
        `Run tasks that may never yield with the worker type "process"`,
    );
  }

  /** Until it works: the lease of this consumer keeps everybody else from doing it. */
  async #rescue(owner: Owner, end: WorkerEnd): Promise<void> {
    const { settings, logger } = this.#options;
    const outage = new Outage("Taking over the tasks of a worker", settings.poll, logger);
    for (;;) {
      try {
        if (this.#forced) await interruptClaims(this.#core, owner, logger);
        else await rescue(this.#core, owner, end.culprits);
        return outage.over();
      } catch (error) {
        if (this.#forced) return outage.report(error);
        await outage.wait(error);
      }
    }
  }
}

/** The stack in what a worker reported, for the log. */
function stackIn(reason: string): { readonly error: Error } | undefined {
  const [message, ...frames] = reason.split("\n");
  if (frames.length === 0) return undefined;
  return { error: Object.assign(new Error(message), { stack: reason }) };
}

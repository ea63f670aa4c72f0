/**
 * Workers in other isolates: made, replaced when they die or have done their share, and stopped.
 * @module
 */
import { sleep, systemClock, within } from "../../lib/primitives/clock.ts";
import { withoutSecrets } from "../../lib/primitives/secrets.ts";
import type { Core } from "../../lib/core/core.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import type { Owner } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { SLOW_START_MS, type Workers } from "../worker/workers.ts";
import { revocationEnforcer } from "./revocation_enforcer.ts";
import type { Loop } from "../loop/loop.ts";
import { loggingInUse } from "../log/logging.ts";
import { Outage } from "../loop/outage.ts";
import type { Init } from "./protocol.ts";
import { recoverWorker, releaseWorker } from "./recover_worker.ts";
import type { ConsumerSettings } from "../options/settings.ts";
import { openWorker, siblingUrl } from "../platform/web_worker.ts";
import { RemoteWorker } from "./remote_worker.ts";
import type { OpenWorker, RemoteWorkerEnd } from "./remote_worker.ts";

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
interface PoolMember {
  readonly number: number;
  generation: number;
  worker: RemoteWorker | undefined;
  /** Workers that did not become ready, or ended too soon after that, one after another. */
  failedStarts: number;
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
export class WorkerPool implements Workers {
  readonly #core: Core;
  readonly #options: PoolOptions;
  readonly #members: readonly PoolMember[];
  /** Everything that lives, also what only finishes what it runs. */
  readonly #workers: Set<RemoteWorker> = new Set();
  readonly #recoveries: Set<Promise<void>> = new Set();
  readonly #stop: AbortController = new AbortController();
  readonly #revocationEnforcer: Loop;
  #renewedMs: number = systemClock.now();
  #forced = false;
  #before = 0;

  constructor(core: Core, options: PoolOptions) {
    this.#core = core;
    this.#options = options;
    this.#members = Array.from({ length: options.settings.workers }, (_, index) => {
      return { number: index + 1, generation: 0, worker: undefined, failedStarts: 0 };
    });
    const { consumer, settings, logger } = options;
    this.#revocationEnforcer = revocationEnforcer(core, { ...settings, consumer, logger, workers: this.#workers });
  }

  async start(): Promise<void> {
    const workers = this.#members.map((member) => this.#startMember(member));
    try {
      await Promise.all(workers.map((worker) => worker.ready));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      throw new ConfigurationError(`A worker could not start: ${(error as Error).message}`, { cause: error });
    }
    for (const member of this.#members) void this.#superviseMember(member);
    this.#revocationEnforcer.start();
  }

  get slowStart(): string {
    const names = [...this.#workers].filter((worker) => !worker.isReady).map(({ name }) => name);
    return `${names.join(", ")} still starting after ${SLOW_START_MS / 1000} s: where a worker imports it, ` +
      `${this.#options.settings.module} may wait at its top level, or a startup hook does not end`;
  }

  async idle(): Promise<number> {
    for (;;) {
      await Promise.all(this.#recoveries);
      const workers = [...this.#workers];
      const started = await Promise.all(workers.map((worker) => worker.idle()));
      const settled = this.#recoveries.size === 0 && started.every((count) => count !== undefined);
      if (settled && workers.length > 0) return started.reduce((sum, count) => sum + count!, this.#before);
      if (workers.length === 0) await sleep(systemClock, 10, this.#stop.signal);
      if (this.#stop.signal.aborted) return await new Promise(() => {});
    }
  }

  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    this.#forced ||= graceMs < Infinity;
    const workers = [...this.#workers];
    const ended = Promise.all(workers.map((worker) => worker.ended));
    for (const worker of workers) worker.stop(graceMs);
    await within(systemClock, { ms: graceMs + REPORT_MS }, ended, () => []);
    for (const worker of workers) worker.terminate("it did not stop in time");
    await ended;
    // Not waited for: a storage that hangs must not hold up a stop.
    void this.#revocationEnforcer.stop();
    await Promise.all(this.#recoveries);
  }

  async busy(): Promise<number> {
    const counts = await Promise.all(
      [...this.#workers].map(async (worker) => await worker.busy() ?? await this.#claims(worker)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** How many tasks a worker holds, as the storage knows. */
  async #claims({ name }: RemoteWorker): Promise<number> {
    const { consumer } = this.#options;
    return (await this.#core.storage.claimed({ consumer, worker: name })).length;
  }

  get isAlive(): boolean {
    return this.#members.some(({ worker, failedStarts }) => worker !== undefined && (failedStarts === 0 || worker.isReady));
  }

  leaseRenewed(): void {
    this.#renewedMs = systemClock.now();
    if (!this.#outlives) return;
    for (const worker of this.#workers) worker.renewed(this.#renewedMs);
  }

  check(nowMs: number = systemClock.elapsed()): void {
    this.#revocationEnforcer.restartIfStuck();
    for (const { worker } of this.#members) {
      if ((worker?.startingMs(nowMs) ?? 0) > START_MS) worker!.terminate(`it did not start within ${START_MS / 1000} s`);
    }
    const missing = this.#members.filter(({ worker }) => worker === undefined).length;
    if (missing > 0) {
      this.#options.logger.warn(`${missing} of ${this.#members.length} workers are missing and about to be replaced`);
    }
  }

  /** Replaces the worker as often as it ends, as long as the consumer runs. */
  async #superviseMember(member: PoolMember): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const before = member.worker!;
      await before.leaves;
      member.worker = undefined;
      if (signal.aborted || !this.#options.settings.checkWorkerHealth) return;
      member.failedStarts = before.leftUntimely ? member.failedStarts + 1 : 0;
      await this.#pauseAfter(before, member.failedStarts);
      if (signal.aborted) return;
      await this.#startMember(member).ready.catch(() => {});
    }
  }

  /** The second that ends too soon is the first that may be one of many. */
  async #pauseAfter(before: RemoteWorker, failedStarts: number): Promise<void> {
    const longest = before.worked ? LONGEST_AFTER_TASK_MS : LONGEST_PAUSE_MS;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (before.isReady ? failedStarts - 2 : failedStarts), longest);
    if (failedStarts === 0 || pauseMs < FIRST_PAUSE_MS) return;
    this.#options.logger.info(`${before.name} ended too soon: another takes its place in ${pauseMs / 1000} s`);
    await sleep(systemClock, pauseMs, this.#stop.signal);
  }

  #startMember(member: PoolMember): RemoteWorker {
    member.generation++;
    const { open, logger } = this.#options;
    const worker = new RemoteWorker(
      open,
      this.#init(member),
      logger,
      (...counted) => this.#core.statistics?.addTotals(...counted),
    );
    member.worker = worker;
    this.#workers.add(worker);
    const end = worker.ended.then((end) => this.#onWorkerEnded(worker, end)).finally(() => this.#recoveries.delete(end));
    // Counted as a recovery from the moment on when the worker may be dead, so that nothing seems idle meanwhile.
    void worker.ended.then(() => this.#recoveries.add(end));
    return worker;
  }

  #init({ number, generation }: PoolMember): Init {
    const { settings, consumer } = this.#options;
    return {
      type: "init",
      module: settings.module!,
      exportName: settings.exportName,
      queue: this.#core.settings.name,
      consumer,
      // Never the name of a predecessor, whose claims may still have to be told from those of its successor.
      worker: generation === 1 ? `Worker-${number}` : `Worker-${number}.${generation}`,
      slots: settings.concurrency,
      maxTasks: settings.maxTasks,
      poll: settings.poll,
      lease: this.#outlives ? { ttlMs: settings.leaseMs, renewedMs: this.#renewedMs } : undefined,
      logging: loggingInUse(),
      tellsTotals: this.#core.statistics?.hasTotals ?? false,
    };
  }

  /** Whether the workers go on while this process is frozen. */
  get #outlives(): boolean {
    return this.#options.settings.workerType === "process";
  }

  async #onWorkerEnded(worker: RemoteWorker, end: RemoteWorkerEnd): Promise<void> {
    const { logger, consumer } = this.#options;
    this.#before += worker.started + 1;
    if (end.kind === "lost") {
      const reason = withoutSecrets(end.reason);
      logger.warn(`${worker.name} is gone: ${reason.split("\n")[0]}`, stackIn(reason));
      if (end.silent && !this.#options.canKill) this.#reportLoop(worker);
    } else {
      logger.info(`${worker.name} has ended${end.kind === "exhausted" ? " after its share of tasks" : ""}`);
    }
    if (end.kind === "lost") await this.#recoverClaims({ consumer, worker: worker.name }, end);
    this.#workers.delete(worker);
  }

  #reportLoop(worker: RemoteWorker): void {
    this.#options.logger.error(
      `${worker.name} cannot be killed by this runtime: its loop uses a processor until the consumer ends. ` +
        `Run tasks that may never yield with the worker type "process"`,
    );
  }

  /** Until it works: the lease of this consumer keeps everybody else from doing it. */
  async #recoverClaims(owner: Owner, end: RemoteWorkerEnd): Promise<void> {
    const { settings, logger } = this.#options;
    const outage = new Outage("Taking over the tasks of a worker", settings.poll, logger);
    for (;;) {
      try {
        if (this.#forced) await releaseWorker(this.#core, owner, logger);
        else await recoverWorker(this.#core, owner, end.killReason);
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

/** A pool whose workers are Web Workers or processes, as the settings say. @param consumer Id of the consumer */
export async function makePool(
  core: Core,
  consumer: string,
  settings: ConsumerSettings,
  logger: Logger,
): Promise<WorkerPool> {
  const isProcess = settings.workerType === "process";
  const open: OpenWorker = isProcess
    ? (await import("./process_link.ts")).openProcess
    : (events) => openWorker(siblingUrl("../child/worker_entry", import.meta.url), events);
  return new WorkerPool(core, { consumer, settings, logger, open, canKill: isProcess || !("Deno" in globalThis) });
}

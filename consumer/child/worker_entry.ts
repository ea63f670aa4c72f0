/**
 * Runs in a Web Worker: imports the application, and runs its tasks with a worker of its own.
 * @module
 */
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { measureStorage } from "../../lib/core/measured_storage.ts";
import type { Core, Running } from "../../lib/core/core.ts";
import { errorStack } from "../../lib/primitives/error_record.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { withoutSecrets } from "../../lib/primitives/secrets.ts";
import type { Claim } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { ownVariable, WORKER_PROCESS } from "../platform/environment.ts";
import { guardIsolate, interceptExit, type StrayKind } from "../platform/isolate_guard.ts";
import { parentLink } from "../platform/web_worker.ts";
import { importHuey } from "../application/load.ts";
import { Worker } from "../worker/worker.ts";
import { reopenLog } from "../log/file.ts";
import { configureLogging } from "../log/logging.ts";
import { partLogger } from "../../lib/observe/logger.ts";
import { markWorker } from "../options/requirements.ts";
import { startInterval, systemClock, within } from "../../lib/primitives/clock.ts";
import { ParentLease } from "./parent_lease.ts";
import type { FromWorker, Init, ToWorker } from "../pool/protocol.ts";
import { readToWorker } from "../pool/protocol_check.ts";

/** A storage that hangs must not keep the worker from ending. */
const CLOSE_MS = 5000;

const consumer = parentLink();
/** What is asked of the worker before it has started waits for that. */
const started: PromiseWithResolvers<Worker> = Promise.withResolvers();
let current: Worker | undefined;
/** The application is being imported, which may never end. */
let isImporting = true;
let stopped = false;
let parentLease: ParentLease | undefined;

function post(message: FromWorker): void {
  consumer.post(message);
}

function receive(message: ToWorker): void {
  switch (message.type) {
    case "init":
      return void begin(message);
    case "stop":
      return void stop(message.graceMs);
    case "renewed":
      return parentLease?.renewed(message.atMs);
    case "reopenLog":
      return void reopenLog();
    case "idle":
      return void answerIdle(message.id);
    case "ping":
      return post({ type: "answer", id: message.id, started: 0, busy: current?.busy ?? 0 });
  }
}

async function stop(graceMs: number | undefined): Promise<void> {
  stopped = true;
  // There is nothing to end in order yet: the consumer ends this isolate when it hears this.
  if (isImporting) return post({ type: "stopped", end: "stopped", started: 0 });
  const worker = await started.promise;
  await worker.stop(graceMs);
}

async function answerIdle(id: number): Promise<void> {
  const worker = await started.promise;
  const count = await worker.idle();
  if (count !== undefined) post({ type: "answer", id, started: count, busy: 0 });
}

async function begin(init: Init): Promise<void> {
  try {
    markWorker();
    interceptExit((code) => post({ type: "exit", code }));
    const huey = await importHuey(init.module, init.exportName);
    isImporting = false;
    if (stopped) return;
    if (init.logging !== undefined) configureLogging(init.logging, whoOf(init));
    const core = checkedCore(huey, init);
    await run(huey, core, init);
  } catch (error) {
    post({ type: "failed", reason: withoutSecrets(errorStack(error)) });
  }
}

async function run(huey: Huey, core: Core, init: Init): Promise<void> {
  const logger = partLogger(core.logger, "consumer", "Worker");
  guardIsolate((kind, error) => stray(kind, error, core));
  const tellTotals = init.tellsTotals ? tellingTotals(core) : undefined;
  const { slots, maxTasks, poll, consumer } = init;
  const owner = { consumer, worker: init.worker };
  watchLease(init, logger);
  const worker = new Worker(core, { slots, maxTasks, poll, owner, logger, onStart, onEnd });
  await worker.start();
  current = worker;
  started.resolve(worker);
  post({ type: "ready" });
  const end = await worker.ended;
  await within(systemClock, { ms: CLOSE_MS }, huey.close(), () => {});
  tellTotals?.();
  post({ type: "stopped", end, started: worker.started });
}

/** So often the consumer is told what was counted here. What a killed worker had not told is not counted. */
const TELL_MS = 1000;

/** Tells it from now on. @returns tells the rest */
function tellingTotals(core: Core): () => void {
  const { statistics } = core;
  if (statistics === undefined) return () => {};
  const { totals, operations } = statistics;
  measureStorage(core);
  const tell = (): void => {
    // A worker that only waits says nothing: what it has measured goes along with its next task.
    const tasks = totals.take();
    if (tasks.length > 0) post({ type: "counted", tasks, operations: operations.take() });
  };
  startInterval(systemClock, TELL_MS, tell, { background: true });
  return tell;
}

function watchLease({ lease }: Init, logger: Logger): void {
  if (lease === undefined) return;
  parentLease = new ParentLease(lease.ttlMs, (silent) => {
    if (silent) logger.warn("The consumer is silent: this worker claims no more until its lease is renewed");
    else logger.info("The consumer has renewed its lease: this worker claims again");
    void started.promise.then((worker) => silent ? worker.pause() : worker.resume());
  });
  parentLease.renewed(lease.renewedMs);
}

/** Tokens of attempts that the consumer was told of. */
const told: Set<string> = new Set();
let worked = false;

function onStart({ claim, message }: Running): void {
  if (!worked) post({ type: "worked" });
  worked = true;
  if (!message.timeout) return;
  told.add(claim.token);
  post({ type: "start", token: claim.token, name: message.name, id: message.id, timeoutMs: message.timeout });
}

function onEnd({ token }: Claim): void {
  if (told.delete(token)) post({ type: "end", token });
}

/** Others concern one task; after an exception out of nowhere nobody knows what this isolate is still good for. */
function stray(kind: StrayKind, error: unknown, core: Core): void {
  const logger = partLogger(core.logger, "consumer", "Worker");
  if (kind !== "An uncaught exception") return logger.error(`${kind} outside of any task`, { error });
  logger.error(`${kind} outside of any task: this worker finishes what runs and is replaced`, { error });
  post({ type: "broken" });
  void started.promise.then((worker) => worker.stop());
}

function checkedCore(huey: Huey, init: Init): Core {
  const core = coreOf(huey)!;
  if (core.settings.name !== init.queue) {
    throw new TypeError(
      `Module ${init.module} exports the Huey "${core.settings.name}", but the consumer is for "${init.queue}"`,
    );
  }
  if (core.immediate) throw new TypeError(`Huey "${core.settings.name}" is in immediate mode in its workers`);
  return core;
}

/** A Web Worker is known by its name, a process by its id. */
function whoOf(init: Init): string {
  return ownVariable(WORKER_PROCESS) === undefined ? init.worker : String(process.pid);
}

consumer.listen((data) => {
  const message = readToWorker(data);
  // What the application sends to itself is its own business.
  if (message !== undefined) receive(message);
});

/**
 * Whether a consumer can work here, found out before it takes a task: what is missing is told to whoever starts it, and never becomes
 * the failure of a task.
 * @module
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { ConfigurationError } from "../../lib/errors.ts";
import { ownVariable, WORKER_PROCESS } from "../platform/environment.ts";
import { compiledProgram, runtimeName } from "../platform/runtime_flags.ts";
import { hasWorkers, siblingUrl } from "../platform/web_worker.ts";
import type { WorkerType } from "./settings.ts";

/** Where an isolate says that it is a worker; for all copies of this library in it. */
const WORKER = Symbol.for("@hueyjs/huey.worker");

/** Says that this isolate is a worker of a consumer. */
export function markWorker(): void {
  (globalThis as { [WORKER]?: boolean })[WORKER] = true;
}

/** What a consumer is about to do. */
export interface Plan {
  readonly queue: string;
  readonly workerType: WorkerType;
  /** Whether other isolates see the storage, so that another one renews the lease beside the tasks. */
  readonly shared: boolean;
}

/**
 * Refuses to start where that cannot go well.
 * @throws {ConfigurationError} In a worker of a consumer; where the runtime lacks something; in a bundle, for
 *   workers that start from modules of their own; for processes of a compiled program.
 */
export function checkPlace(plan: Plan): void {
  refuseInWorker(plan);
  const missing = missingHere(plan);
  if (missing.length > 0) {
    throw new ConfigurationError(
      `A consumer of queue "${plan.queue}" cannot run on ${runtimeName()}, which lacks ${missing.join(" and ")}: ` +
        "run it with Bun, Deno or Node, in the versions that the documentation names",
    );
  }
  if (plan.workerType === "process" && compiledProgram()) {
    throw new ConfigurationError(
      `A compiled program cannot start worker processes, which would be the whole program again: use workerType "greenlet" for queue "${plan.queue}"`,
    );
  }
  refuseInBundle(plan);
}

/** A bundle has the library in one file, which is not where its workers start. */
function refuseInBundle({ queue, workerType }: Plan): void {
  const entries = { greenlet: [], thread: ["worker_entry"], process: ["worker_entry", "process_entry"] }[workerType];
  if (!entries.some((name) => isMissing(siblingUrl(`../child/${name}`, import.meta.url)))) return;
  throw new ConfigurationError(
    `This program is a bundle, which lacks the modules that a ${workerType} of queue "${queue}" starts from: ` +
      'use workerType "greenlet", or leave @hueyjs/huey out of the bundle (docs/bundling.md says how)',
  );
}

/** Whether the module of another isolate is missing, as in a bundle. Of one that is not a file, nobody can tell. */
export function isMissing(module: URL): boolean {
  return module.protocol === "file:" && !existsSync(module);
}

/** Each worker would start workers of its own, and so on. */
function refuseInWorker({ queue }: Plan): void {
  // A process that was started as a worker, but runs something else, such as the whole of a compiled program, has no mark.
  const isProcess = ownVariable(WORKER_PROCESS) === String(process.ppid);
  if (!isProcess && (globalThis as { [WORKER]?: boolean })[WORKER] !== true) return;
  throw new ConfigurationError(
    `This is a worker of a consumer, which loads the module to run its tasks, so the consumer of queue "${queue}" cannot be started ` +
      "here: put the start behind if (import.meta.main)",
  );
}

function missingHere({ workerType, shared }: Plan): string[] {
  const missing: string[] = [];
  if (typeof Promise.withResolvers !== "function") missing.push("Promise.withResolvers");
  if (typeof AbortSignal.any !== "function") missing.push("AbortSignal.any");
  if ((shared || workerType !== "greenlet") && !hasWorkers()) missing.push("Web Workers");
  return missing;
}

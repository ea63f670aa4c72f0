/**
 * What a consumer is told, and what it makes of it.
 * @module
 */
import { isAbsolute, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { show } from "../../lib/primitives/arguments.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import { checkValues, rule, type Rules } from "../../lib/primitives/option_rules.ts";
import type { PollOptions } from "../../lib/storage.ts";
import { durationMs } from "../../lib/primitives/time.ts";
import type { Duration } from "../../lib/primitives/time.ts";
import { checkConsumerOptions, defaultOf } from "./options.ts";

/** Huey's `greenlet` (slots in this isolate), `thread` (Web Workers) and `process` (child processes). */
export type WorkerType = "greenlet" | "thread" | "process";

/** Options of a `Consumer`. */
export interface ConsumerOptions {
  /** Default 1. */ workers?: number;
  /** Default `"greenlet"`; on the command line `"thread"`, since Web Workers need `module`. */ workerType?: WorkerType;
  /** Tasks at once in each worker. Default 1. */ concurrency?: number;
  /** URL of the module that exports the Huey; needed by `thread` and `process`. */ module?: string | URL;
  /** Name of the export, if the module has several Hueys. */ exportName?: string;
  /** Enqueue periodic tasks. Default true. */ periodic?: boolean;
  /** First interval of storages that poll. Default 0.1. */ initialDelay?: Duration;
  /** Growth of that interval. Default 1.15. */ backoff?: number;
  /** Its longest. Default 10. */ maxDelay?: Duration;
  /** Longest sleep of the scheduler: 1 to 60 s, a divisor of 60. Default 1. */ schedulerInterval?: Duration;
  /** Replace workers that died. Default true. */ checkWorkerHealth?: boolean;
  /** Default 10. */ healthCheckInterval?: Duration;
  /** Clear known locks at start. Default false. */ flushLocks?: boolean;
  /** Clear these too; implies `flushLocks`. */ extraLocks?: readonly string[];
  /** Replace a worker after so many tasks. Default: never. */ maxTasks?: number;
  /** Time that running tasks get at a forced stop, and in Web Workers and processes when they are revoked. Default 10. */ grace?:
    Duration;
  /** Claims of a consumer that is silent for so long are taken over. Default 15. */ lease?: Duration;
}

/** Options with their defaults, checked and in milliseconds. */
export interface ConsumerSettings extends Plain {
  /** URL. */
  readonly module: string | undefined;
  readonly exportName: string | undefined;
  readonly poll: PollOptions;
  readonly schedulerIntervalMs: number;
  readonly healthCheckIntervalMs: number;
  /** How long the storage may take to answer a loop before that is replaced. */
  readonly patienceMs: number;
  readonly maxTasks: number | undefined;
  readonly graceMs: number;
  readonly leaseMs: number;
}

/** Those that stay as they were given. */
type Plain = Readonly<Required<Pick<ConsumerOptions, PlainKey>>>;
type PlainKey = "workers" | "workerType" | "concurrency" | "periodic" | "checkWorkerHealth" | "flushLocks" | "extraLocks";

/** A loop that hangs is replaced after so many health checks: a minute, unless told otherwise. */
const PATIENT_CHECKS = 6;

/** Options that are not in the table, because the command line has no switch for them. */
const OTHERS: Rules<Pick<ConsumerOptions, "module" | "exportName">> = { module: checkModule, exportName: rule.text };

/**
 * Checks options and fills in the defaults of the table.
 *
 * @param options As given to the constructor.
 * @throws {TypeError} For an option that does not exist, or a value of a wrong type.
 * @throws {RangeError} For a value out of range.
 * @throws {ConfigurationError} For options that contradict each other.
 */
export function resolveSettings(options: ConsumerOptions): ConsumerSettings {
  checkConsumerOptions(options, "A consumer", Object.keys(OTHERS));
  checkValues(options, OTHERS);
  const ms = (key: keyof ConsumerOptions): number => durationMs(options[key] as Duration | undefined ?? defaultOf(key), key);
  const healthCheckIntervalMs = ms("healthCheckInterval");
  const settings: ConsumerSettings = {
    workers: options.workers ?? defaultOf("workers"),
    workerType: options.workerType ?? "greenlet",
    concurrency: options.concurrency ?? defaultOf("concurrency"),
    module: options.module === undefined ? undefined : moduleUrl(options.module, process.cwd()),
    exportName: options.exportName,
    periodic: options.periodic ?? true,
    poll: {
      initialMs: ms("initialDelay"),
      backoff: options.backoff ?? defaultOf("backoff"),
      maxMs: ms("maxDelay"),
    },
    schedulerIntervalMs: ms("schedulerInterval"),
    checkWorkerHealth: options.checkWorkerHealth ?? true,
    healthCheckIntervalMs,
    patienceMs: PATIENT_CHECKS * healthCheckIntervalMs,
    flushLocks: options.flushLocks === true || (options.extraLocks ?? []).length > 0,
    extraLocks: options.extraLocks ?? [],
    maxTasks: options.maxTasks,
    graceMs: ms("grace"),
    leaseMs: ms("lease"),
  };
  refuseContradictions(settings);
  return settings;
}

/**
 * URL of a module.
 *
 * @param module A URL (`file:`, `https:`, `jsr:` ...), or a path.
 * @param folder What a relative path starts from.
 * @returns The URL, as text.
 */
export function moduleUrl(module: string | URL, folder: string): string {
  if (module instanceof URL) return module.href;
  // One letter before the colon is a drive, not a scheme.
  if (!isAbsolute(module) && /^[a-z][a-z0-9+.-]+:/i.test(module)) return module;
  return pathToFileURL(resolve(folder, module)).href;
}

function checkModule(value: unknown, name: string): void {
  if (typeof value === "string" || value instanceof URL) return;
  throw new TypeError(`${name} must be a text or a URL: ${show(value)}`);
}

function refuseContradictions(settings: ConsumerSettings): void {
  const { workerType, poll } = settings;
  if (poll.maxMs < poll.initialMs) {
    throw new ConfigurationError(
      `maxDelay must not be less than initialDelay: ${poll.maxMs / 1000} s is less than ${poll.initialMs / 1000} s`,
    );
  }
  if (settings.maxTasks !== undefined && !settings.checkWorkerHealth) {
    throw new ConfigurationError(
      "maxTasks cannot be combined with checkWorkerHealth: false, since nothing would replace the worker that has done its share",
    );
  }
  if (workerType !== "greenlet" && settings.module === undefined) {
    throw new ConfigurationError(
      `workerType "${workerType}" needs the option module, the URL of the module that exports the Huey: each worker imports it`,
    );
  }
}

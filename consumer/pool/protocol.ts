/**
 * What a consumer and its workers in other isolates say to each other: plain data, as JSON would keep it.
 * @module
 */
import type { OperationTotals } from "../../lib/statistics/operations.ts";
import type { TaskTotals } from "../../lib/statistics/totals.ts";
import type { PollOptions } from "../../lib/storage.ts";
import type { LoggingOptions } from "../log/logging.ts";
import type { WorkerEnd } from "../worker/worker.ts";

/** The first message to a worker. */
export interface Init {
  readonly type: "init";
  /** URL of the application. */
  readonly module: string;
  readonly exportName?: string | undefined;
  /** Name of the Huey, which must be that of the consumer. */
  readonly queue: string;
  /** Id of the consumer. */
  readonly consumer: string;
  readonly worker: string;
  /** Attempts at once. */
  readonly slots: number;
  readonly maxTasks?: number | undefined;
  readonly poll: PollOptions;
  /** For how long a renewal of the lease lasts, and when the last one was. Left out where the worker cannot outlive it. */
  readonly lease?: { readonly ttlMs: number; readonly renewedMs: number } | undefined;
  /** Left out when the application configures its log itself. */
  readonly logging?: LoggingOptions | undefined;
  /** Whether it tells what it counts. */
  readonly tellsTotals: boolean;
}

/** From the consumer to a worker. `idle` and `ping` are answered with their `id`. */
export type ToWorker =
  | Init
  /** Left out: it waits for what runs, however long. */
  | { readonly type: "stop"; readonly graceMs?: number }
  /** The lease was renewed. */
  | { readonly type: "renewed"; readonly atMs: number }
  /** The log file was renamed. */
  | { readonly type: "reopenLog" }
  | { readonly type: "idle"; readonly id: number }
  | { readonly type: "ping"; readonly id: number };

/** An attempt with a timeout began. */
export interface Start {
  readonly type: "start";
  /** Token of its claim. */
  readonly token: string;
  readonly name: string;
  readonly id: string;
  readonly timeoutMs: number;
}

/** From a worker to its consumer. */
export type FromWorker =
  | { readonly type: "ready" }
  /** Its first task begins. */
  | { readonly type: "worked" }
  | { readonly type: "failed"; readonly reason: string }
  | Start
  /** An attempt that it was told of was settled. */
  | { readonly type: "end"; readonly token: string }
  /** `busy`: attempts that run. */
  | { readonly type: "answer"; readonly id: number; readonly started: number; readonly busy: number }
  /** What it has counted since it said so last. */
  | { readonly type: "counted"; readonly tasks: readonly TaskTotals[]; readonly operations: readonly OperationTotals[] }
  /** Something threw where nobody listens: it ends when what runs has ended. */
  | { readonly type: "broken" }
  /** The application called `process.exit`. */
  | { readonly type: "exit"; readonly code: number }
  /** It has ended in order. */
  | { readonly type: "stopped"; readonly end: WorkerEnd; readonly started: number }
  /** Its isolate ended; told by the process around it. */
  | { readonly type: "lost"; readonly reason: string };

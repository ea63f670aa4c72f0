/**
 * Logging of the command line: configures LogTape, unless the application has done so.
 * @module
 */
import { configureSync, getConfig } from "@logtape/logtape";
import type { LogRecord } from "@logtape/logtape";
import { currentAttempt } from "../../lib/core/current.ts";
import { keepTaskLines } from "../../lib/attempt/lines.ts";
import { LogFile, useLogFile } from "./file.ts";
import { fullFormat, jsonFormat, simpleFormat } from "./format.ts";
import type { Formatter } from "./format.ts";

/** How the command line logs. */
export interface LoggingOptions {
  /** File to append to; standard error if left out. */
  readonly logfile?: string;
  readonly level: "debug" | "info" | "warning";
  readonly format: "full" | "simple" | "json";
  /** The queues that are served; lines name theirs if there are several. */
  readonly queues?: readonly string[];
}

let inUse: LoggingOptions | undefined;

/** Options with which this isolate logs, for other isolates to do the same; `undefined` if the application sees to that. */
export function loggingInUse(): LoggingOptions | undefined {
  return inUse;
}

/**
 * Sends what the library and the application log to standard error, or to a file.
 *
 * @param options As on the command line.
 * @param who Name of this isolate in each line.
 * @throws Error If the file cannot be opened.
 */
export function configureLogging(options: LoggingOptions, who: string): void {
  if (getConfig() !== null) return;
  inUse = options;
  const log = new LogFile(options.logfile);
  useLogFile(log);
  const format = formatter(options, who);
  configureSync({
    sinks: { output: (record: LogRecord) => log.write(`${format(record)}\n`), tasks: keepTaskLines },
    loggers: [
      { category: [], sinks: ["output", "tasks"], lowestLevel: options.level },
      { category: ["logtape", "meta"], sinks: ["output"], parentSinks: "override", lowestLevel: "warning" },
    ],
    contextLocalStorage: { getStore: currentTask, run: (_store, callback) => callback() },
  });
}

function formatter({ format, queues }: LoggingOptions, who: string): Formatter {
  if (format === "simple") return simpleFormat(queues);
  return format === "json" ? jsonFormat(who, queues) : fullFormat(who, queues);
}

/** Each record made inside a task says of which. */
function currentTask(): Record<string, unknown> | undefined {
  const attempt = currentAttempt.getStore();
  return attempt === undefined ? undefined : { ...attempt.about };
}

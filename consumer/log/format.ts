/**
 * How log records look on the command line. Nothing here throws, whatever is logged.
 * @module
 */
import type { LogRecord } from "@logtape/logtape";
import { lineText } from "../../lib/attempt/lines.ts";
import { oneLine, stackLines } from "../../lib/primitives/log_text.ts";
import { plainCopy } from "./plain_copy.ts";

/** Turns a record into a line, or several for an error with its stack. */
export type Formatter = (record: LogRecord) => string;

const LEVELS: Readonly<Record<string, string>> = { warning: "WARNING", trace: "DEBUG", fatal: "CRITICAL" };

/** `[YYYY-MM-DD HH:MM:SS,mmm] LEVEL:logger:WHO:message`. `who` names the isolate; a queue comes before it: `mail/Worker-1`. */
export function fullFormat(who: string, queues?: readonly string[]): Formatter {
  return (record) => {
    const { date, time, ms } = clock(record.timestamp);
    const { logger, queue } = sourceOf(record, queues);
    const place = queue === undefined ? whoOf(record, who) : `${queue}/${whoOf(record, who)}`;
    const head = `[${date} ${time},${ms}] ${levelOf(record)}:${logger}:${place}`;
    return withStack(record, `${oneLine(head)}:${oneLine(lineText(record))}`);
  };
}

/** `HH:MM:SS message`, or `HH:MM:SS queue: message`. */
export function simpleFormat(queues?: readonly string[]): Formatter {
  return (record) => {
    const { queue } = sourceOf(record, queues);
    const place = queue === undefined ? "" : `${oneLine(queue)}: `;
    return withStack(record, `${clock(record.timestamp).time} ${place}${oneLine(lineText(record))}`);
  };
}

/** Control characters that JSON leaves as they are, and some terminals obey. */
const RAW = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** One JSON object per line. */
export function jsonFormat(who: string, queues?: readonly string[]): Formatter {
  return (record) => {
    const copy = plainCopy(record.properties);
    const { who: _, ...properties } = typeof copy === "object" ? copy as Record<string, unknown> : { properties: copy };
    const { logger, queue } = sourceOf(record, queues);
    const fields = {
      time: new Date(record.timestamp).toISOString(),
      level: levelOf(record),
      logger,
      who: whoOf(record, who),
      ...(queue === undefined ? {} : { queue: plainCopy(queue) }),
      message: plainCopy(lineText(record)),
    };
    // Properties of the same names must not pass for what the library says.
    const line = JSON.stringify({ ...fields, ...properties, ...fields });
    return line.replace(RAW, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  };
}

function levelOf({ level }: LogRecord): string {
  return LEVELS[level] ?? level.toUpperCase();
}

function whoOf(record: LogRecord, who: string): string {
  return typeof record.properties.who === "string" ? record.properties.who : who;
}

/** Who logs; with several queues in one process also for which of them, if it is the library. */
function sourceOf({ category }: LogRecord, queues: readonly string[] = []): { logger: string; queue?: string } {
  const [root = "", queue = "", ...parts] = category;
  if (root !== "huey" || !queues.includes(queue)) return { logger: category.join(".") };
  const logger = [root, ...parts].join(".");
  return queues.length > 1 ? { logger, queue } : { logger };
}

/** Errors whose message tells what to do, and whose stack leads only through the library. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["ConfigurationError", "StorageError", "LoadError", "TaskLockedException", "RateLimitExceeded"],
  ...["TaskTimeout", "WorkerLostError"],
]);

function withStack(record: LogRecord, line: string): string {
  const { error } = record.properties;
  if (error === undefined || record.message.includes(error)) return line;
  return `${line}\n${stackLines(error, { plain: PLAIN })}`;
}

function clock(timestamp: number): { date: string; time: string; ms: string } {
  const at = new Date(timestamp);
  const two = (value: number): string => String(value).padStart(2, "0");
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    time: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
    ms: String(at.getMilliseconds()).padStart(3, "0"),
  };
}

/**
 * How log records look on the command line.
 * @module
 */
import { inspect } from "node:util";
import type { LogRecord } from "@logtape/logtape";

/** Turns a record into a line, or several for an error with its stack. */
export type Formatter = (record: LogRecord) => string;

const LEVELS: Readonly<Record<string, string>> = { warning: "WARNING", trace: "DEBUG", fatal: "CRITICAL" };

/** `[YYYY-MM-DD HH:MM:SS,mmm] LEVEL:logger:WHO:message`. `who` names the isolate; a queue comes before it: `mail/Worker-1`. */
export function fullFormat(who: string): Formatter {
  return (record) => {
    const level = LEVELS[record.level] ?? record.level.toUpperCase();
    const { date, time, ms } = clock(record.timestamp);
    const queue = queueOf(record);
    const place = queue === undefined ? whoOf(record, who) : `${queue}/${whoOf(record, who)}`;
    return withStack(record, `[${date} ${time},${ms}] ${level}:${record.category.join(".")}:${place}:${textOf(record)}`);
  };
}

/** `HH:MM:SS message`, or `HH:MM:SS queue: message`. */
export function simpleFormat(): Formatter {
  return (record) => {
    const queue = queueOf(record);
    const place = queue === undefined ? "" : `${queue}: `;
    return withStack(record, `${clock(record.timestamp).time} ${place}${textOf(record)}`);
  };
}

/** One JSON object per line. */
export function jsonFormat(who: string): Formatter {
  return (record) => {
    const { who: _, ...properties } = record.properties;
    const fields = {
      time: new Date(record.timestamp).toISOString(),
      level: LEVELS[record.level] ?? record.level.toUpperCase(),
      logger: record.category.join("."),
      who: whoOf(record, who),
      message: textOf(record),
      ...properties,
    };
    return withoutSecrets(JSON.stringify(fields, plain));
  };
}

/** Hides the passwords of URLs. */
export function withoutSecrets(text: string): string {
  // Up to the last @, since a password that was not encoded may have one; rather too much is hidden than too little.
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)[^\s"',]*@/gi, "$1***@");
}

function whoOf(record: LogRecord, who: string): string {
  return typeof record.properties.who === "string" ? record.properties.who : who;
}

/** With several queues in one process, what the library logs names its own. */
function queueOf({ category, properties: { queue } }: LogRecord): string | undefined {
  return category[0] === "huey" && typeof queue === "string" ? queue : undefined;
}

function textOf(record: LogRecord): string {
  return withoutSecrets(record.message.map((part) => typeof part === "string" ? part : inspect(part)).join(""));
}

function withStack(record: LogRecord, line: string): string {
  const { error } = record.properties;
  if (error === undefined || record.message.includes(error)) return line;
  return `${line}\n${withoutSecrets(error instanceof Error ? stackOf(error) : inspect(error))}`;
}

/** Errors whose message tells what to do, and whose stack leads only through the library. */
const PLAIN: ReadonlySet<string> = new Set([
  ...["ConfigurationError", "StorageError", "LoadError", "TaskLockedException", "RateLimitExceeded"],
  ...["TaskTimeout", "WorkerLostError"],
]);

function stackOf(error: Error): string {
  const head = `${error.name}: ${error.message}`;
  if (PLAIN.has(error.name)) return head + causeOf(error);
  const cause = error.cause instanceof Error ? `\nCaused by ${stackOf(error.cause)}` : "";
  const stack = error.stack ?? head;
  // Bun's stacks have no head when the error was made elsewhere.
  return (stack.includes(error.message) ? stack : `${head}\n${stack}`) + cause;
}

/** Of an error without a stack, if its message does not tell it. */
function causeOf({ message, cause }: Error): string {
  return cause instanceof Error && !message.includes(cause.message) ? `\nCaused by ${cause.name}: ${cause.message}` : "";
}

function plain(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack, cause: value.cause };
  if (typeof value === "bigint") return String(value);
  return value;
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

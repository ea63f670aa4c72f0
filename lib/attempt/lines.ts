/**
 * What a task logs: the last lines are kept with its attempt.
 * @module
 */
import { type CurrentAttempt, currentAttempt } from "../core/current.ts";
import { LONGEST_LINE, MOST_LINES } from "../message/history.ts";
import type { LineRecord } from "../message/message.ts";
import type { Clock } from "../primitives/clock.ts";
import { errorText } from "../primitives/error_record.ts";
import { showSafely } from "../primitives/log_text.ts";
import { beginningOf } from "../primitives/secrets.ts";
import type { LogTapeLine } from "../types/history.ts";
import type { Logger } from "../types/options.ts";

type Level = "info" | "warn" | "error";

/** The lines of one attempt. */
export class KeptLines {
  readonly #clock: Clock;
  readonly #lines: LineRecord[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The last ones, the oldest first. */
  get all(): readonly LineRecord[] {
    return [...this.#lines];
  }

  /** Keeps a line, cut. @param error What it tells of, beside its text */
  add(level: Level, message: string, error: unknown): void {
    const text = error === undefined ? String(message) : `${message}: ${errorText(error)}`;
    if (this.#lines.length >= MOST_LINES) this.#lines.shift();
    this.#lines.push({ at: this.#clock.now(), level, text: beginningOf(text, LONGEST_LINE).toWellFormed() });
  }
}

/** A logger for the function of a task: that of its Huey, whose lines say which task they are of. Those of `debug` are not kept. */
export function taskLogger(logger: Logger, attempt: CurrentAttempt): Logger {
  const { about } = attempt;
  const at = (level: Level) => (message: string, properties?: Record<string, unknown>): void => {
    attempt.keepLine(level, message, properties?.["error"]);
    logger[level](message, { ...about, ...properties });
  };
  return {
    debug: (message, properties) => logger.debug(message, { ...about, ...properties }),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

const LEVELS: Readonly<Record<string, Level>> = { info: "info", warning: "warn", error: "error", fatal: "error" };

/**
 * A sink for LogTape that keeps the lines which a task writes through LogTape, as `context.logger` does with its own: the last 20 of an
 * attempt, from `info` on. It writes nothing, and lines of no task are no concern of it. The command line of the consumer has it already,
 * unless the application configures LogTape itself.
 *
 * @param record The line.
 *
 * @example
 * ```ts
 * import { configure, getConsoleSink, getLogger } from "@logtape/logtape";
 * import { keepTaskLines, MemoryHuey } from "@hueyjs/huey";
 *
 * await configure({
 *   sinks: { console: getConsoleSink(), tasks: keepTaskLines },
 *   loggers: [{ category: ["shop"], sinks: ["console", "tasks"], lowestLevel: "info" }],
 * });
 * const huey = new MemoryHuey({ immediate: true });
 * const pay = huey.task("pay", (cents: number) => {
 *   getLogger(["shop"]).info("asks the bank for {cents}", { cents });
 *   throw new Error("the bank is closed");
 * });
 * await pay(500);
 * const [failed] = await huey.deadLetters();
 * console.log(failed?.history[0]?.log[0]?.text); // asks the bank for 500
 * ```
 */
export function keepTaskLines(record: LogTapeLine): void {
  const level = LEVELS[record.level];
  const attempt = level === undefined ? undefined : currentAttempt.getStore();
  // What the library says of a task is told otherwise, and `context.logger` has kept its lines itself.
  if (level === undefined || attempt === undefined || record.category[0] === "huey") return;
  attempt.keepLine(level, lineText(record), record.properties["error"]);
}

/** The text of a line of LogTape. Never throws, whatever stands in it. */
export function lineText({ message }: LogTapeLine): string {
  return message.map((part) => typeof part === "string" ? part : showSafely(part)).join("");
}

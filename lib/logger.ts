/**
 * Logging: through LogTape, silent until the application configures it, or through any object with the same four methods.
 * @module
 */
import type { Logger as LogTapeLogger } from "@logtape/logtape";
import type { Logger } from "./types/options.ts";
import type { Message } from "./message.ts";

/** Where LogTape keeps its root logger, for all copies of LogTape in an isolate. */
const ROOT = Symbol.for("logtape.rootLogger");
const METHODS = ["debug", "info", "warn", "error"] as const;

/** The library's logger of LogTape: category `["huey"]`. */
export function defaultLogger(): Logger {
  return new LogTape(["huey"]);
}

/** A logger of LogTape, which is not loaded here: as long as the application has not done so, nobody reads what is logged. */
class LogTape implements Logger {
  readonly #category: readonly [string, ...string[]];
  #found: LogTapeLogger | undefined;

  constructor(category: readonly [string, ...string[]]) {
    this.#category = category;
  }

  debug(message: string, properties?: Record<string, unknown>): void {
    this.#logger?.debug(message, properties);
  }

  info(message: string, properties?: Record<string, unknown>): void {
    this.#logger?.info(message, properties);
  }

  warn(message: string, properties?: Record<string, unknown>): void {
    this.#logger?.warn(message, properties);
  }

  error(message: string, properties?: Record<string, unknown>): void {
    this.#logger?.error(message, properties);
  }

  isEnabledFor(level: "debug" | "info" | "warning" | "error"): boolean {
    return this.#logger?.isEnabledFor(level) ?? false;
  }

  getChild(name: string): LogTape {
    return new LogTape([...this.#category, name]);
  }

  get #logger(): LogTapeLogger | undefined {
    return this.#found ??= (globalThis as { [ROOT]?: LogTapeLogger })[ROOT]?.getChild(this.#category);
  }
}

/**
 * Checks a logger given by the application.
 * @throws {TypeError} If one of the four methods is missing.
 */
export function checkLogger(logger: Logger): Logger {
  const missing = METHODS.find((method) => typeof (logger as Partial<Logger> | null)?.[method] !== "function");
  if (missing !== undefined) throw new TypeError(`logger must have the methods ${METHODS.join(", ")}: ${missing} is missing`);
  return logger;
}

/** Whether a logger takes lines of a level: a text that nobody reads need not be made. Loggers that cannot tell take all. */
export function logs(logger: Logger, level: keyof Logger): boolean {
  const { isEnabledFor } = logger as { isEnabledFor?: (level: string) => boolean };
  return typeof isEnabledFor !== "function" || isEnabledFor.call(logger, level === "warn" ? "warning" : level);
}

/** One line that names an invocation and what is special about it; used all over the logs. */
export function describe(message: Message): string {
  const parts = [`${message.name}: ${message.id}`];
  if (message.eta !== undefined) parts.push(`@${timeText(message.eta)}`);
  if (message.expiresAt !== undefined) parts.push(`exp=${timeText(message.expiresAt)}`);
  if (message.priority) parts.push(`p=${message.priority}`);
  if (message.retries) parts.push(`${message.retries} retries`);
  if (message.timeout) parts.push(`timeout=${message.timeout / 1000}`);
  if (message.next !== undefined) parts.push(`-> ${"name" in message.next ? message.next.name : "chord"}`);
  if (message.onError !== undefined) parts.push(`, on error ${message.onError.name}`);
  if (message.chord !== undefined) parts.push(`, chord ${message.chord.id}`);
  return parts.join(" ");
}

/** A log line must never fail, whatever a message carries. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

/**
 * Logging: through LogTape, silent until the application configures it, or through any object with the same four methods.
 * @module
 */
import { getLogger } from "@logtape/logtape";
import type { Logger } from "./types/options.ts";
import type { Message } from "./message.ts";

const METHODS = ["debug", "info", "warn", "error"] as const;

/** The library's logger of LogTape, for a part of it: category `["huey", ...parts]`. */
export function defaultLogger(...parts: string[]): Logger {
  return getLogger(["huey", ...parts]);
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

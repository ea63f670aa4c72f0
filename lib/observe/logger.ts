/**
 * Logging: through LogTape, or through any object with the same four methods. Until the application configures LogTape, warnings and
 * errors go to the console. Whatever is logged is text, never a template, and has no secrets that are known; and no logger that
 * throws disturbs a task.
 * @module
 */
import type { Logger as LogTapeLogger } from "@logtape/logtape";
import { propertiesWithoutSecrets } from "./properties.ts";
import { oneLine, showSafely, stackLines } from "../primitives/log_text.ts";
import type { Message } from "../message/message.ts";
import { withoutSecrets } from "../primitives/secrets.ts";
import type { Logger } from "../types/options.ts";

/** Where LogTape keeps its root logger, for all copies of LogTape in an isolate. */
const ROOT = Symbol.for("logtape.rootLogger");
const METHODS = ["debug", "info", "warn", "error"] as const;
type Method = typeof METHODS[number];
type Level = "debug" | "info" | "warning" | "error";
type Properties = Record<string, unknown>;

/** A logger that tells which levels are read, and can have others below it. */
interface OpenLogger extends Logger {
  isEnabledFor(level: Level): boolean;
  getChild(name: string): OpenLogger;
}

/** The library's logger of LogTape: category `["huey", queue]`, or `["huey"]` for what concerns no queue. */
export function defaultLogger(queue?: string): Logger {
  return new LogTape(() => {
    const logger = (globalThis as { [ROOT]?: LogTapeLogger })[ROOT]?.getChild("huey");
    return queue === undefined ? logger : logger?.getChild(queue);
  });
}

/** What loggers have in common: none of them throws. */
abstract class SafeLogger implements OpenLogger {
  debug(message: string, properties?: Properties): void {
    this.#write("debug", message, properties);
  }

  info(message: string, properties?: Properties): void {
    this.#write("info", message, properties);
  }

  warn(message: string, properties?: Properties): void {
    this.#write("warn", message, properties);
  }

  error(message: string, properties?: Properties): void {
    this.#write("error", message, properties);
  }

  abstract isEnabledFor(level: Level): boolean;

  abstract getChild(name: string): OpenLogger;

  protected abstract write(method: Method, message: string, properties: Properties | undefined): unknown;

  #write(method: Method, message: string, properties: Properties | undefined): void {
    try {
      if (!this.isEnabledFor(levelOf(method))) return;
      const written = this.write(method, withoutSecrets(message), properties && propertiesWithoutSecrets(properties));
      // An asynchronous one may fail later.
      if (written instanceof Promise) written.catch(() => {});
    } catch {
      // The task that is logged has not failed.
    }
  }
}

/** A logger of LogTape, which is not loaded here: as long as the application has not done so, failures go to the console. */
class LogTape extends SafeLogger {
  readonly #find: () => LogTapeLogger | undefined;
  #found: LogTapeLogger | undefined;

  constructor(find: () => LogTapeLogger | undefined) {
    super();
    this.#find = find;
  }

  isEnabledFor(level: Level): boolean {
    return (this.#logger?.isEnabledFor(level) ?? false) || (isFailure(level) && !isConfigured());
  }

  getChild(name: string): OpenLogger {
    return new LogTape(() => this.#logger?.getChild(name));
  }

  protected override write(method: Method, message: string, properties: Properties | undefined): void {
    const logger = this.#logger;
    if (logger !== undefined && (logger.isEnabledFor(levelOf(method)) || isConfigured())) {
      // Braces are for templates.
      logger[method](message.includes("{") ? message.replace(/[{}]/g, "$&$&") : message, properties);
    } else if (isFailure(method)) {
      writeToConsole(method, message, properties);
    }
  }

  get #logger(): LogTapeLogger | undefined {
    return this.#found ??= this.#find();
  }
}

/** A logger of the application. */
class GivenLogger extends SafeLogger {
  readonly #logger: Logger & Partial<OpenLogger>;

  constructor(logger: Logger) {
    super();
    this.#logger = logger;
  }

  isEnabledFor(level: Level): boolean {
    try {
      return this.#logger.isEnabledFor?.(level) ?? true;
    } catch {
      // It cannot tell, so it takes all.
      return true;
    }
  }

  getChild(name: string): OpenLogger {
    return this.#logger.getChild === undefined ? this : new GivenLogger(this.#logger.getChild(name));
  }

  protected override write(method: Method, message: string, properties: Properties | undefined): unknown {
    // The methods of a console take a first text that others follow for a template.
    if (this.#logger as unknown === console) return writeToConsole(method, message, properties);
    return this.#logger[method](message, properties);
  }
}

/**
 * Checks a logger given by the application.
 *
 * @returns One that logs there, and never throws.
 * @throws {TypeError} If one of the four methods is missing.
 */
export function checkLogger(logger: Logger): Logger {
  if (logger instanceof SafeLogger) return logger;
  const missing = METHODS.find((method) => typeof (logger as Partial<Logger> | null)?.[method] !== "function");
  if (missing !== undefined) throw new TypeError(`logger must have the methods ${METHODS.join(", ")}: ${missing} is missing`);
  return isLogTape(logger) ? new LogTape(() => logger) : new GivenLogger(logger);
}

function isLogTape(logger: Logger): logger is LogTapeLogger {
  const { category, getChild, isEnabledFor } = logger as Partial<LogTapeLogger>;
  return Array.isArray(category) && typeof getChild === "function" && typeof isEnabledFor === "function";
}

function levelOf(method: Method): Level {
  return method === "warn" ? "warning" : method;
}

function isFailure(level: Level | Method): boolean {
  return level === "error" || level === "warn" || level === "warning";
}

/** What is used of the insides of LogTape, which does not tell otherwise without being loaded. */
interface Branch {
  readonly sinks?: readonly unknown[];
  readonly children?: Readonly<Record<string, Branch | { deref(): Branch | undefined } | undefined>>;
}

/** Whether the application has told LogTape where any of its lines go. */
function isConfigured(branch: Branch | undefined = (globalThis as { [ROOT]?: Branch })[ROOT]): boolean {
  if (branch === undefined) return false;
  if ((branch.sinks?.length ?? 0) > 0) return true;
  return Object.values(branch.children ?? {}).some((child) => {
    const below = child !== undefined && "deref" in child ? child.deref() : child;
    return below !== undefined && isConfigured(below);
  });
}

function writeToConsole(method: Method, message: string, properties: Properties | undefined): void {
  const error = properties?.error;
  const line = `huey: ${oneLine(message)}${error === undefined ? "" : `\n${stackLines(error)}`}`;
  // The text must not be the first of several: it would be a template.
  console[method](line);
}

/** A logger below another, if that one can have some (those of LogTape do); else the same. */
export function partLogger(logger: Logger, ...parts: string[]): Logger {
  return parts.reduce(
    (parent: Logger & { getChild?(name: string): Logger }, part) => parent.getChild?.(part) ?? parent,
    logger,
  );
}

/** Whether a logger takes lines of a level: a text that nobody reads need not be made. Loggers that cannot tell take all. */
export function isLogged(logger: Logger, level: keyof Logger): boolean {
  return (logger as Partial<OpenLogger>).isEnabledFor?.(levelOf(level)) ?? true;
}

/** Longest text of the arguments of a task. */
const LONGEST_ARGUMENTS = 500;

/** One line that names an invocation and what is special about it; used all over the logs. */
export function describeMessage(message: Message): string {
  const parts: string[] = [];
  if (message.eta !== undefined) parts.push(`at ${timeText(message.eta)}`);
  if (message.expiresAt !== undefined) parts.push(`expires ${timeText(message.expiresAt)}`);
  if (message.priority) parts.push(`priority ${message.priority}`);
  if (message.retries) parts.push(`${message.retries} ${message.retries === 1 ? "retry" : "retries"}`);
  if (message.timeout) parts.push(`timeout ${message.timeout / 1000} s`);
  if (message.next !== undefined) parts.push(`then ${"name" in message.next ? message.next.name : "a chord"}`);
  if (message.onError !== undefined) parts.push(`on error ${message.onError.name}`);
  if (message.chord !== undefined) parts.push(`chord ${message.chord.id}`);
  return `${message.name}: ${message.id}${parts.length === 0 ? "" : ` (${parts.join(", ")})`}`;
}

/** The arguments of an invocation as one line, cut where they are long. */
export function describeArguments(message: Message): string {
  return showSafely(message.args, LONGEST_ARGUMENTS);
}

/** A log line must never fail, whatever a message carries. */
function timeText(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString();
}

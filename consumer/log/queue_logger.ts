/**
 * Log lines that name their queue, for a process that serves several.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { isOfLogTape } from "../../lib/observe/logger.ts";
import type { Logger } from "../../lib/types/options.ts";
import { loggingInUse } from "./logging.ts";

/** A logger that can have others below it, as those of LogTape. */
interface Parent extends Logger {
  getChild(name: string): Parent;
  isEnabledFor?(level: string): boolean;
}

/** Makes what a Huey logs carry the name of its queue, where there are several and the command line sees to the log. */
export function nameQueue(core: Core): void {
  const { logger } = core;
  // A logger of the application's own is its own business.
  if (!loggingInUse()?.queues || !isOfLogTape(logger)) return;
  (core as { logger: Logger }).logger = new QueueLogger(logger as Parent, core.settings.name);
}

class QueueLogger implements Parent {
  readonly #logger: Parent;
  readonly #queue: string;

  constructor(logger: Parent, queue: string) {
    this.#logger = logger;
    this.#queue = queue;
  }

  debug(message: string, properties?: Record<string, unknown>): void {
    this.#logger.debug(message, { ...properties, queue: this.#queue });
  }

  info(message: string, properties?: Record<string, unknown>): void {
    this.#logger.info(message, { ...properties, queue: this.#queue });
  }

  warn(message: string, properties?: Record<string, unknown>): void {
    this.#logger.warn(message, { ...properties, queue: this.#queue });
  }

  error(message: string, properties?: Record<string, unknown>): void {
    this.#logger.error(message, { ...properties, queue: this.#queue });
  }

  isEnabledFor(level: string): boolean {
    return this.#logger.isEnabledFor?.(level) ?? true;
  }

  getChild(name: string): QueueLogger {
    return new QueueLogger(this.#logger.getChild(name), this.#queue);
  }
}

/**
 * What a task logs: lines of the Huey's logger that say which task they are of, the last of which are kept with the attempt.
 * @module
 */
import type { Core } from "../core/core.ts";
import { LONGEST_LINE, MOST_LINES } from "../message/history.ts";
import type { LineRecord } from "../message/message.ts";
import type { AboutTask } from "../observe/tracing.ts";
import { errorText } from "../primitives/error_record.ts";
import { beginningOf } from "../primitives/secrets.ts";
import type { Logger } from "../types/options.ts";

/** The lines of one attempt. */
export class KeptLines {
  readonly #core: Core;
  readonly #lines: LineRecord[] = [];

  constructor(core: Core) {
    this.#core = core;
  }

  /** The last ones, the oldest first. */
  get all(): readonly LineRecord[] | undefined {
    return this.#lines.length === 0 ? undefined : [...this.#lines];
  }

  /** Keeps a line. @param error What it tells of, beside its text */
  add(level: "info" | "warn" | "error", message: string, error?: unknown): void {
    const text = error === undefined ? String(message) : `${message}: ${errorText(error)}`;
    if (this.#lines.length >= MOST_LINES) this.#lines.shift();
    this.#lines.push({ at: this.#core.clock.now(), level, text: beginningOf(text, LONGEST_LINE).toWellFormed() });
  }
}

/**
 * A logger for the function of a task.
 *
 * @param logger That of the Huey.
 * @param about What each line says of its task.
 * @param lines Where all but the debug lines are kept.
 */
export function taskLogger(logger: Logger, about: AboutTask, lines: KeptLines): Logger {
  const at = (level: "info" | "warn" | "error") => (message: string, properties?: Record<string, unknown>): void => {
    lines.add(level, message, properties?.["error"]);
    logger[level](message, { ...about, ...properties });
  };
  return {
    debug: (message, properties) => logger.debug(message, { ...about, ...properties }),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

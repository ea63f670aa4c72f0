/**
 * Loggers of the parts of a consumer.
 * @module
 */
import type { Logger } from "../../lib/types/options.ts";

/** A logger below another, if that one can have some (those of LogTape do); else the same. */
export function partLogger(logger: Logger, ...parts: string[]): Logger {
  return parts.reduce(
    (parent: Logger & { getChild?(name: string): Logger }, part) => parent.getChild?.(part) ?? parent,
    logger,
  );
}

/**
 * The signal after which the log goes on in a new file.
 * @module
 */
import process from "node:process";
import type { Logger } from "../lib/types/options.ts";
import { reopenLog } from "./log_file.ts";

/** What a log rotation sends. */
export const LOG_SIGNAL = "SIGUSR1";

/** Opens the log again at each signal. */
export function rotateAtSignal(logger: Logger): void {
  process.on(LOG_SIGNAL, () => rotate(logger));
}

/** Opens the log again, in all isolates of this consumer. */
export function rotate(logger: Logger): void {
  const error = reopenLog();
  if (error === undefined) logger.info(`Received ${LOG_SIGNAL}: the log goes on in a file of the same name`);
  else logger.error("The log file could not be opened again", { error });
}

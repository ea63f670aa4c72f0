/**
 * The signals after which the log goes on in a new file.
 * @module
 */
import { sleep, systemClock } from "../../lib/primitives/clock.ts";
import process from "node:process";
import type { Logger } from "../../lib/types/options.ts";
import { reopenLog } from "./file.ts";
import { isDebugged } from "../platform/runtime_flags.ts";

/** What a log rotation sends. Two, because Deno takes the first one, which is the custom, for a call for its debugger too. */
export const LOG_SIGNALS = ["SIGUSR1", "SIGUSR2"] as const;

/** One of them. */
export type LogSignal = typeof LOG_SIGNALS[number];

/** What is used of `node:inspector`. */
export interface Debugger {
  url(): string | undefined;
  close(): void;
}

/** How long a debugger may take to open. */
const OPENS_MS = 1000;
const LOOK_MS = 50;

/** Whether a signal, or what a supervisor says, is meant for the log. */
export function isLogSignal(signal: string): signal is LogSignal {
  return LOG_SIGNALS.includes(signal as LogSignal);
}

/** Opens the log again at each signal. */
export function rotateAtSignal(logger: Logger): void {
  for (const signal of LOG_SIGNALS) process.on(signal, () => rotate(signal, logger));
  if ("Deno" in globalThis) process.on("SIGUSR1", () => isDebugged() || void closeDebugger(logger));
}

/** Opens the log again, in all isolates of this consumer. */
export function rotate(signal: LogSignal, logger: Logger): void {
  const error = reopenLog();
  if (error === undefined) logger.info(`Received ${signal}: the log goes on in a file of the same name`);
  else logger.error("The log file could not be opened again", { error });
}

/** Closes the debugger that Deno has opened at the signal, to which every user of the machine could connect. */
async function closeDebugger(logger: Logger): Promise<void> {
  try {
    if (await closeWhenOpen(await import("node:inspector"))) {
      logger.warn("Closed the debugger that Deno opens at SIGUSR1: send SIGUSR2 instead");
    }
  } catch (error) {
    logger.error("The debugger that Deno opens at SIGUSR1 could not be closed: send SIGUSR2 instead", { error });
  }
}

/** Closes a debugger as soon as it is open. @returns whether it was opened in time */
export async function closeWhenOpen(debug: Debugger): Promise<boolean> {
  for (const end = systemClock.elapsed() + OPENS_MS; systemClock.elapsed() < end; await sleep(systemClock, LOOK_MS)) {
    if (debug.url() === undefined) continue;
    debug.close();
    return true;
  }
  return false;
}

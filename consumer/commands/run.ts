/**
 * Runs a command on the Huey of an application.
 * @module
 */
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { isTemporary } from "../../lib/core/patience.ts";
import { toError } from "../../lib/primitives/error_record.ts";
import { sleep, systemClock } from "../../lib/primitives/clock.ts";
import { lines, oneLine } from "../../lib/primitives/log_text.ts";
import { closeHueys, type FindApplication, loadApplications } from "../application/applications.ts";
import { UsageError } from "../options/read_arguments.ts";
import type { CommandCall } from "./arguments.ts";
import { FAILED, type Request } from "./command.ts";
import { Printer, standardOutput } from "./printer.ts";

/** Between two looks of `--watch`. */
const WATCH_MS = 2000;

/**
 * Loads the application, runs the command, and closes it.
 *
 * @param call As parsed.
 * @param find Finds the application that is not named.
 * @returns the exit code
 * @throws {LoadError} If the application cannot be loaded.
 * @throws {UsageError} If nothing is named and nothing is found.
 */
export async function runCommandCall(call: CommandCall, find: FindApplication | undefined): Promise<number> {
  const loaded = await loadApplications(call.what, find);
  const { huey } = loaded[0]!;
  const request: Request = {
    huey,
    core: coreOf(huey)!,
    args: call.args,
    options: call.options,
    printer: new Printer(standardOutput(call.json)),
    complain: (sentence) => void process.stderr.write(`${oneLine(sentence)}\n`),
  };
  try {
    return call.watch ? await watch(call, request) : await call.command.run(request) ?? 0;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    process.stderr.write(lines(`${toError(error).message}\n`));
    return FAILED;
  } finally {
    await closeHueys(loaded);
  }
}

/** Until the process is interrupted, or nobody reads what it prints. */
async function watch({ command }: CommandCall, request: Request): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  while (!stop.signal.aborted && request.printer.isRead) {
    request.printer.clear();
    try {
      const code = await command.run(request);
      if (code) return code;
    } catch (error) {
      // Whoever watches wants to see when the storage is back.
      if (!isTemporary(error)) throw error;
      request.complain(error.message);
    }
    await sleep(systemClock, WATCH_MS, stop.signal);
  }
  return 0;
}

/**
 * The command line of the consumer.
 * @module
 */
import { resolve } from "node:path";
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { errorStack, toError } from "../../lib/primitives/error_record.ts";
import { lines } from "../../lib/primitives/log_text.ts";
import type { Logger } from "../../lib/types/options.ts";
import type { Command } from "./arguments.ts";
import { parseArguments } from "./arguments.ts";
import { closeHueys, loadApplications } from "../application/applications.ts";
import { UsageError } from "../options/read_arguments.ts";
import type { FindApplication } from "../application/applications.ts";
import { Consumer } from "../consumer.ts";
import { takeOverSignals } from "./early_signals.ts";
import { supervisor } from "../platform/environment.ts";
import { guardIsolate, refuseExitInTasks } from "../platform/isolate_guard.ts";
import { openEndpoints } from "./endpoints.ts";
import type { Endpoints, ServeDashboard } from "./endpoints.ts";
import { printsWritten } from "./output.ts";
import type { Loaded } from "../application/load.ts";
import { LoadError } from "../application/load.ts";
import { configureLogging, loggingInUse } from "../log/logging.ts";
import { defaultLogger, partLogger } from "../../lib/observe/logger.ts";
import { listenToSupervisor, RESTART, superviseSuccessor } from "./restart.ts";
import { isLogSignal, rotate, rotateAtSignal } from "../log/rotation.ts";
import type { LogSignal } from "../log/rotation.ts";
import { SignalDesk, startAll } from "./shutdown.ts";
import type { EndSignal } from "./shutdown.ts";
import { VERSION } from "../about.ts";

type RunCommand = Extract<Command, { kind: "run" }>;
type HealthCommand = Extract<Command, { kind: "health" }>;

interface Prepared {
  readonly loaded: readonly Loaded[];
  readonly consumers: readonly Consumer[];
  /** Of what concerns all of them. */
  readonly logger: Logger;
}

/**
 * Runs the command line to its end; then ends the process.
 *
 * @param args Without the program.
 * @param find Finds the application when the arguments name none.
 * @param serve Serves a dashboard.
 */
export async function main(args: readonly string[], find?: FindApplication, serve?: ServeDashboard): Promise<never> {
  // Neither runtime waits for a promise alone.
  systemClock.startTimer(Infinity, () => {});
  // Otherwise what guards the isolate against stray errors would keep a process alive that does nothing.
  process.exit(await runCommand(args, { find, serve }).catch(unexpected));
}

/** What the front door lends, which this room may not import. */
interface Lent {
  readonly find: FindApplication | undefined;
  readonly serve: ServeDashboard | undefined;
}

async function runCommand(args: readonly string[], { find, serve }: Lent): Promise<number> {
  let command: Command;
  try {
    command = await parseArguments(args, find !== undefined);
    if (command.kind === "run") return await runConsumers(command, { find, serve });
    if (command.kind === "health") return await runHealth(command, find);
    if (command.kind === "command") return await runOther(command, find);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { shortUsage } = await import("./usage.ts");
    process.stderr.write(`${lines(error.message)}\n\n${shortUsage()}`);
    return 2;
  }
  process.stdout.write(command.kind === "help" ? (await import("./usage.ts")).usage() : `${VERSION}\n`);
  return 0;
}

async function runHealth({ what, json }: HealthCommand, find: FindApplication | undefined): Promise<number> {
  const loaded = await orFail(() => loadApplications(what, find));
  if (loaded === undefined) return 1;
  const { reportHealth } = await import("../health/command.ts");
  const code = await reportHealth(loaded, json);
  await closeHueys(loaded);
  return code;
}

async function runOther(call: Extract<Command, { kind: "command" }>, find: FindApplication | undefined): Promise<number> {
  if (call.help) {
    process.stdout.write((await import("../commands/help.ts")).commandHelp(call.command));
    return 0;
  }
  const { runCommandCall } = await import("../commands/run.ts");
  return await orFail(() => runCommandCall(call, find)) ?? 1;
}

async function runConsumers(command: RunCommand, { find, serve }: Lent): Promise<number> {
  const prepared = await orFail(() => prepare(command, find));
  if (prepared === undefined) return 1;
  const { loaded, consumers, logger } = prepared;
  guardIsolate((kind, error) => logger.error(`${kind} outside of any task`, { error }));
  refuseExitInTasks();
  const desk = new SignalDesk(consumers, logger);
  const supervised = supervisor !== undefined;
  listen(desk, supervised, logger);
  let endpoints: Endpoints | undefined;
  try {
    endpoints = await openEndpoints(consumers, command, logger, serve);
    // A start may hang in the application: a stop does not wait for it.
    if (!desk.isStopping) await Promise.race([startAll(consumers), desk.ended]);
  } catch (error) {
    logger.error("The consumer could not start", { error });
    // Where it is not in the log of this terminal already.
    if (loggingInUse()?.logfile !== undefined || loggingInUse() === undefined) fail(error);
    return 1;
  }
  const end = await desk.ended;
  await endpoints.close();
  await closeHueys(loaded, logger);
  logger.info("Exiting");
  await printsWritten();
  if (end !== "restart") return end;
  if (supervised) return desk.endsForGood ? 0 : RESTART;
  return await superviseSuccessor(logger, () => desk.endsForGood);
}

async function prepare({ what, options: given, logging }: RunCommand, find: FindApplication | undefined): Promise<Prepared> {
  // The application may change the folder when it is loaded.
  const { logfile } = logging;
  const absolute = logfile === undefined ? {} : { logfile: resolve(logfile) };
  const loaded = await loadApplications(what, find);
  const cores = loaded.map(({ huey }) => coreOf(huey)!);
  configureLogging({ ...logging, ...absolute, queues: cores.map(({ settings }) => settings.name) }, "MainThread");
  const logger = partLogger(cores.length > 1 ? defaultLogger() : cores[0]!.logger, "consumer");
  const consumers = loaded.map(({ huey, module, exportName, options: settings, workers }) => {
    const named = exportName === undefined ? {} : { exportName };
    return new Consumer(huey, { ...settings, ...given, module, ...named, ...(workers === undefined ? {} : { workers }) });
  });
  return { loaded, consumers, logger };
}

function listen(desk: SignalDesk, supervised: boolean, logger: Logger): void {
  rotateAtSignal(logger);
  // A supervisor passes the SIGINT of the terminal on, which both get.
  desk.listen(supervised ? ["SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM", "SIGHUP"]);
  if (supervised) {
    process.on("SIGINT", () => {});
    const receive = (signal: EndSignal | LogSignal): void =>
      isLogSignal(signal) ? rotate(signal, logger) : desk.receive(signal);
    listenToSupervisor(receive, () => desk.orphaned(), logger);
  }
  for (const signal of takeOverSignals()) desk.receive(signal);
}

/** Runs what may be wrong with the application. @returns `undefined` after saying what was wrong */
async function orFail<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    fail(error);
    return undefined;
  }
}

function unexpected(error: unknown): number {
  process.stderr.write(lines(`${errorStack(error)}\n`));
  return 1;
}

function fail(error: unknown): void {
  const cause = error instanceof LoadError ? error.cause : undefined;
  // What is no error has no stack of its own.
  const stack = cause !== undefined && toError(cause) === cause ? `\n${errorStack(cause)}` : "";
  process.stderr.write(lines(`${toError(error).message}${stack}\n`));
}

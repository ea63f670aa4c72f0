/**
 * The command line of the consumer.
 * @module
 */
import process from "node:process";
import { coreOf } from "../lib/core.ts";
import type { Huey } from "../lib/huey.ts";
import type { Logger } from "../lib/types/options.ts";
import type { Command } from "./arguments.ts";
import { parseCommand, UsageError } from "./arguments.ts";
import { Consumer } from "./consumer.ts";
import { guardIsolate } from "./guards.ts";
import type { Loaded } from "./load.ts";
import { LoadError, loadHuey } from "./load.ts";
import { withoutSecrets } from "./log_format.ts";
import { configureLogging } from "./logging.ts";
import { partLogger } from "./loggers.ts";
import { sleep } from "./outage.ts";
import { isSupervised, listenToSupervisor, RESTART, superviseSuccessor } from "./restart.ts";
import { SignalDesk } from "./shutdown.ts";
import { usage } from "./usage.ts";
import { VERSION } from "./version.ts";

type RunCommand = Extract<Command, { kind: "run" }>;

/**
 * Runs the command line to its end; then ends the process.
 *
 * @param args Without the program.
 */
export async function main(args: readonly string[]): Promise<never> {
  // Neither runtime waits for a promise alone.
  setInterval(() => {}, 1 << 30);
  process.exit(await runCommand(args));
}

async function runCommand(args: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseCommand(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage()}`);
    return 2;
  }
  if (command.kind === "run") return await runConsumer(command);
  process.stdout.write(command.kind === "help" ? usage() : `${VERSION}\n`);
  return 0;
}

async function runConsumer(command: RunCommand): Promise<number> {
  const prepared = await prepare(command);
  if (prepared === undefined) return 1;
  const { loaded, consumer } = prepared;
  const logger = partLogger(coreOf(loaded.huey)!.logger, "consumer");
  guardIsolate((kind, error) => logger.error(`${kind} outside of any task`, { error }));
  const desk = new SignalDesk(consumer, logger);
  // A supervisor passes the SIGINT of the terminal on, which both get.
  desk.listen(isSupervised() ? ["SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM", "SIGHUP"]);
  if (isSupervised()) {
    process.on("SIGINT", () => {});
    listenToSupervisor((signal) => desk.receive(signal));
  }
  try {
    await consumer.start();
  } catch (error) {
    logger.error("The consumer could not start", { error });
    fail(error);
    return 1;
  }
  const end = await desk.ended;
  await closeHuey(loaded.huey, logger);
  if (end !== "restart") return end;
  return isSupervised() ? RESTART : await superviseSuccessor(logger);
}

async function prepare(command: RunCommand): Promise<{ loaded: Loaded; consumer: Consumer } | undefined> {
  try {
    const loaded = await loadHuey(command.target, process.cwd());
    configureLogging(command.logging, "MainThread");
    const { module, exportName } = loaded;
    const options = { ...command.options, module, ...(exportName === undefined ? {} : { exportName }) };
    return { loaded, consumer: new Consumer(loaded.huey, options) };
  } catch (error) {
    fail(error);
    return undefined;
  }
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof LoadError && error.cause instanceof Error ? `\n${error.cause.stack ?? ""}` : "";
  process.stderr.write(withoutSecrets(`${message}${stack}\n`));
}

/** A storage that hangs must not keep the process from ending. */
async function closeHuey(huey: Huey, logger: Logger): Promise<void> {
  const limit = new AbortController();
  const close = huey.close().catch((error) => logger.error("Closing the storage failed", { error }));
  await Promise.race([close, sleep(5000, limit.signal)]);
  limit.abort();
  logger.info("Exiting");
}

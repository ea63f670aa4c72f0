/**
 * The command line of the consumer.
 * @module
 */
import process from "node:process";
import { coreOf } from "../lib/core.ts";
import type { Huey } from "../lib/huey.ts";
import type { Logger } from "../lib/types/options.ts";
import type { Command, Search } from "./arguments.ts";
import { parseCommand, UsageError } from "./arguments.ts";
import { Consumer } from "./consumer.ts";
import { guardIsolate } from "./guards.ts";
import type { FindApplication, Loaded } from "./load.ts";
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
 * @param find Finds the application when the arguments name none.
 */
export async function main(args: readonly string[], find?: FindApplication): Promise<never> {
  // Neither runtime waits for a promise alone.
  setInterval(() => {}, 1 << 30);
  process.exit(await runCommand(args, find));
}

async function runCommand(args: readonly string[], find: FindApplication | undefined): Promise<number> {
  let command: Command;
  try {
    command = parseCommand(args, find !== undefined);
    if (command.kind === "run") return await runConsumer(command, find);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage()}`);
    return 2;
  }
  process.stdout.write(command.kind === "help" ? usage() : `${VERSION}\n`);
  return 0;
}

async function runConsumer(command: RunCommand, find: FindApplication | undefined): Promise<number> {
  const prepared = await prepare(command, find);
  if (prepared === undefined) return 1;
  const { loaded, consumer } = prepared;
  const logger = partLogger(coreOf(loaded.huey)!.logger, "consumer");
  guardIsolate((kind, error) => logger.error(`${kind} outside of any task`, { error }));
  const desk = new SignalDesk(consumer, logger);
  // A supervisor passes the SIGINT of the terminal on, which both get.
  const supervised = isSupervised();
  desk.listen(supervised ? ["SIGTERM", "SIGHUP"] : ["SIGINT", "SIGTERM", "SIGHUP"]);
  if (supervised) {
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
  return supervised ? RESTART : await superviseSuccessor(logger);
}

async function prepare(
  { target, options: given, logging }: RunCommand,
  find: FindApplication | undefined,
): Promise<{ loaded: Loaded; consumer: Consumer } | undefined> {
  try {
    const loaded = typeof target === "string" ? await loadHuey(target, process.cwd()) : await search(target, find!);
    configureLogging(logging, "MainThread");
    const { module, exportName, options: settings } = loaded;
    const options = { ...settings, ...given, module, ...(exportName === undefined ? {} : { exportName }) };
    return { loaded, consumer: new Consumer(loaded.huey, options) };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    fail(error);
    return undefined;
  }
}

/** Finds the application that is not named, with the options of its settings. */
async function search({ config, autoload }: Search, find: FindApplication): Promise<Loaded> {
  const found = await find(process.cwd(), config, autoload).catch((error: Error) => {
    throw new LoadError(error.message, { cause: error.cause });
  });
  if (found === undefined) {
    throw new UsageError(
      "The module of the application is missing, such as ./app.ts or ./app.ts#huey, and there is no huey.config.ts here",
    );
  }
  return { ...found, exportName: undefined, options: { workerType: "thread", ...found.options } };
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

/**
 * The restart at SIGHUP. A process cannot replace its own program, so the one that was started first stays, without a Huey, as the
 * supervisor of its successor: whoever watches its process id sees it run on.
 * @module
 */
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { showSafely } from "../../lib/primitives/log_text.ts";
import type { Logger } from "../../lib/types/options.ts";
import { SUPERVISED, supervisor } from "../platform/environment.ts";
import { watchParent } from "../platform/orphan.ts";
import { programArguments, startFolder } from "../platform/runtime_flags.ts";
import { LOG_SIGNALS } from "../log/rotation.ts";
import type { LogSignal } from "../log/rotation.ts";
import type { EndSignal } from "./shutdown.ts";

const END_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const SIGNALS: ReadonlySet<unknown> = new Set([...END_SIGNALS, ...LOG_SIGNALS]);

/** Exit code with which a supervised consumer asks to be started again. */
export const RESTART = 85;

/**
 * Listens to the supervisor of this process.
 *
 * @param receive Called for each signal that it passes on.
 * @param orphaned Called when it is gone: it is time to end.
 */
export function listenToSupervisor(
  receive: (signal: EndSignal | LogSignal) => void,
  orphaned: () => void,
  logger: Logger,
): void {
  process.on("message", (message) => {
    if (SIGNALS.has(message)) receive(message as EndSignal | LogSignal);
    else logger.warn(`A message from the process that was started first is ignored: ${showSafely(message, 200)}`);
  });
  watchParent(supervisor!, orphaned);
}

/**
 * Starts this program again, with the same arguments, as often as it asks for that.
 *
 * @param ends Whether it has been told to end meanwhile, instead of starting again.
 * @returns the exit code
 */
export async function superviseSuccessor(logger: Logger, ends: () => boolean): Promise<number> {
  let child: ChildProcess | undefined;
  let ended = ends();
  for (const signal of END_SIGNALS) {
    const before = process.listeners(signal);
    process.on(signal, () => {
      // A successor that is about to exit may never read it: it must not be followed by another.
      if (signal !== "SIGHUP") ended = true;
      pass(child, signal);
    });
    // Only now: Node forgets a signal that has come, and that nobody has been told of, when nobody listens for a moment.
    for (const listener of before) process.off(signal, listener);
  }
  // Beside what this process does at it: it logs too.
  for (const signal of LOG_SIGNALS) process.on(signal, () => pass(child, signal));
  const { spawn } = await import("node:child_process");
  while (!ended) {
    logger.info("Restarting");
    child = spawn(process.execPath, programArguments(), {
      stdio: ["inherit", "inherit", "inherit", "ipc"],
      env: { ...process.env, [SUPERVISED]: String(process.pid) },
      // The application may have changed it; the paths in the arguments start from here.
      cwd: startFolder(),
    });
    const code = await exitOf(child, logger);
    if (code !== RESTART) return code;
  }
  return 0;
}

/** Without a callback, a successor that has just gone would fail this process. */
function pass(child: ChildProcess | undefined, signal: EndSignal | LogSignal): void {
  if (child?.connected) child.send(signal, () => {});
}

function exitOf(child: ChildProcess, logger: Logger): Promise<number> {
  return new Promise((resolve) => {
    child.on("error", (error) => {
      logger.error("The successor could not be started", { error });
      resolve(1);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

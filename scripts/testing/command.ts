/**
 * Runs a command with a time limit, in a process group of its own, so that everything it started ends with it.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";

/** What to run. */
export interface Command {
  /** The program and its arguments. */
  readonly argv: readonly [string, ...string[]];
  /** The folder to run in. */
  readonly cwd: string;
  /** Milliseconds after which it is killed. */
  readonly limitMs: number;
  /** Variables on top of this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How it ended. */
export interface Ended {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null;
  /** Standard output and error, in the order of arrival. */
  readonly output: string;
  /** Standard output alone. */
  readonly stdout: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

/** How long the output may stay open after the command has ended, when something that left its group holds it. */
const drainMs = 2000;

const running: Set<ChildProcess> = new Set();

/**
 * Runs a command to its end.
 * @param command What to run.
 * @returns How it ended; a command that cannot be started ends with code 127 and the reason as output.
 */
export function runCommand(command: Command): Promise<Ended> {
  const [program, ...args] = command.argv;
  const startedMs = performance.now();
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: { ...process.env, NO_COLOR: "1", ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  let [output, stdout, timedOut] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text, stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const limit = setTimeout(() => (timedOut = true, killGroup(child)), command.limitMs);
  return new Promise((resolve) => {
    const end = (code: number | null): void => {
      clearTimeout(limit);
      clearTimeout(drain);
      running.delete(child);
      resolve({ code, output, stdout, timedOut, durationMs: performance.now() - startedMs });
    };
    let drain: ReturnType<typeof setTimeout> | undefined;
    child.once("error", (error) => (output += error.message, end(127)));
    child.once("exit", (code) => {
      killGroup(child);
      drain = setTimeout(() => end(code), drainMs);
    });
    child.once("close", (code) => end(code));
  });
}

/** Kills everything that is still running. */
export function killAll(): void {
  for (const child of running) killGroup(child);
}

/** Kills a command and all that it started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ESRCH: all of it has ended
  }
}

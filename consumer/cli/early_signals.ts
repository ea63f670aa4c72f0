/**
 * Signals that come before the consumer can react to them. Loaded before everything else, so it imports next to nothing.
 * @module
 */
import "../../lib/primitives/support.ts";
import process from "node:process";
import { supervisor } from "../platform/environment.ts";

/** A signal that waits for the consumer. */
type Waiting = "SIGHUP";

/** What the first argument may be if it is the name of a command: no path, no URL and no option. */
export const COMMAND_NAME: RegExp = /^[a-z][a-z-]*$/;
const waiting: Set<Waiting> = new Set();
let end: (() => void) | undefined;

/**
 * Ends the process with 0 at SIGINT and SIGTERM, since nothing has begun that had to be ended in order. Other commands than `run` are
 * left alone: their 0 says that they have done what they were to do.
 *
 * @param args Of the command line.
 */
export function catchEarlySignals(args: readonly string[]): void {
  const [name = ""] = args;
  if (COMMAND_NAME.test(name) && name !== "run") return;
  const supervised = supervisor !== undefined;
  const listeners: [event: string, listener: (...args: never) => void][] = [
    // A supervisor passes the SIGINT of the terminal on, which both get.
    ["SIGINT", () => supervised || receive("SIGINT")],
    ["SIGTERM", () => receive("SIGTERM")],
    ["SIGHUP", () => receive("SIGHUP")],
    // The log is not open yet.
    ["SIGUSR1", () => {}],
    ["SIGUSR2", () => {}],
  ];
  if (supervised) listeners.push(["message", receive], ["disconnect", () => process.exit(0)]);
  for (const [event, listener] of listeners) process.on(event as never, listener as never);
  end = () => {
    for (const [event, listener] of listeners) process.off(event, listener as never);
  };
}

/** Ends that, when others listen. @returns what has come and still has to be reacted to */
export function takeOverSignals(): readonly Waiting[] {
  end?.();
  return [...waiting];
}

function receive(signal: string): void {
  if (signal === "SIGINT" || signal === "SIGTERM") process.exit(0);
  if (signal === "SIGHUP") waiting.add(signal);
}

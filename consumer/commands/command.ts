/**
 * What a command of the command line is, and what it is handed.
 * @module
 */
import { nearest } from "../../lib/primitives/arguments.ts";
import type { Core } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Printer } from "./printer.ts";

/** It is not there, or has failed. */
export const FAILED = 1;

/** The options of commands, as they were read. */
export interface CommandOptions {
  readonly task?: string;
  readonly limit?: number;
  readonly sinceMs?: number;
  readonly delayMs?: number;
  readonly forMs?: number;
  readonly wait?: boolean;
  readonly all?: boolean;
  readonly yes?: boolean;
}

/** What a command works on. */
export interface Request {
  readonly huey: Huey;
  readonly core: Core;
  /** Behind the application. */
  readonly args: readonly string[];
  readonly options: CommandOptions;
  readonly printer: Printer;
  /** Says what went wrong, or what is noteworthy, beside the output. */
  readonly complain: (sentence: string) => void;
}

/** A command. */
export interface Command {
  readonly name: string;
  /** What follows the application, for the help: `ID...`. */
  readonly form?: string;
  readonly help: string;
  /** How many arguments there are at least: none, unless it says so. */
  readonly least?: number;
  /** And at most: no more than that, unless it says so. */
  readonly most?: number;
  /** Which of the options it has. */
  readonly options?: readonly (keyof CommandOptions)[];
  /** Whether `--watch` may show it again and again. */
  readonly watch?: boolean;
  /** What is wrong with the arguments, found before anything is loaded or changed; `undefined` if nothing is. */
  readonly check?: (args: readonly string[], options: CommandOptions) => string | undefined;
  /** @returns an exit code, unless it is done */
  readonly run: (request: Request) => Promise<number | void>;
}

/** Says that it has failed. @returns the exit code */
export function fail({ complain }: Pick<Request, "complain">, sentence: string): number {
  complain(sentence);
  return FAILED;
}

/** Whether a name is that of a task that the application knows. If not, says so, with the nearest. */
export function isKnownTask({ core, complain }: Pick<Request, "core" | "complain">, name: string): boolean {
  const names = core.registry.known().map((definition) => definition.name);
  if (names.includes(name)) return true;
  const meant = nearest(name, names);
  complain(`There is no task ${JSON.stringify(name)}${meant === undefined ? "" : `, did you mean ${JSON.stringify(meant)}?`}`);
  return false;
}

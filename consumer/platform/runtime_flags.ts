/**
 * The command line of this runtime, to start the same program, or another one with the same rights.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";

/** What is used of Deno. */
interface DenoLike {
  readonly mainModule: string;
  readonly build?: { readonly standalone?: boolean };
  readonly permissions: { querySync(descriptor: { name: string; path?: string }): { readonly state: string } };
}

/** A debugger listens on one port, and a watcher is for the program that was started by hand. */
const NOT_FOR_CHILDREN = /^--(inspect|watch)/;
/** What only the program that was started by hand is for, on Bun and Node: also a test runner, and code in place of a file. */
const NOT_FOR_OTHER_MODULES = /^(--(inspect|watch|hot|test|input-type|eval=|print=)|-pe$|-e$|-p$|--eval$|--print$)/;
/** Those of them that are followed by code, which may look like a flag. */
const BEFORE_CODE = /^(-pe|-e|-p|--eval|--print)$/;
const PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi", "import"];

/** The folder in which this program was started, from which the paths of its command line start. */
export const START_FOLDER: string | undefined = currentFolder();

/** The folder in which to start this program, or another one with its flags, again; `undefined`: the current one. */
export function startFolder(): string | undefined {
  return START_FOLDER === currentFolder() || START_FOLDER === undefined || !existsSync(START_FOLDER) ? undefined : START_FOLDER;
}

/** The current folder; `undefined` where it is gone, or nobody may ask for it. */
export function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** Whether this program is one file, with its runtime: starting that with another module starts the same program again. */
export function compiledProgram(): boolean {
  return deno()?.build?.standalone === true || /\$bunfs|~BUN/.test(import.meta.url);
}

/** The runtime and its version, for messages. */
export function runtimeName(): string {
  const { versions } = process;
  const name = versions.bun !== undefined ? "Bun" : versions.deno !== undefined ? "Deno" : "Node";
  return `${name} ${versions.bun ?? versions.deno ?? versions.node}`;
}

/** The same in one word and a number: `bun 1.4.5`. */
export function plainRuntimeName(): string {
  return runtimeName().toLowerCase();
}

/** Arguments that start this program again. */
export function programArguments(): string[] {
  const runtime = deno();
  const program = runtime === undefined ? process.argv[1]! : packageProgram(runtime.mainModule) ?? runtime.mainModule;
  return [...moduleArguments(program), ...process.argv.slice(2)];
}

/**
 * How Deno runs a module of this library that is in no folder of the application: by its name in the registry, since by its address it
 * would find neither the packages that it needs nor the application's deno.json.
 *
 * @param module Address of the module.
 * @returns Of JSR, the command line; of npm, where only commands have names, the command, which also starts workers; else nothing.
 */
export function packageProgram(module: string): string | undefined {
  const [, jsr] = /^https?:.*\/@hueyjs\/huey\/([^/]+)\/consumer\.ts$/.exec(module) ?? [];
  if (jsr !== undefined) return `jsr:@hueyjs/huey@${jsr}/consumer`;
  const [, npm] = /^file:(?!.*\/node_modules\/).*\/npm\/.+\/@hueyjs\/huey\/([^/]+)\/(?:bin|dist)\//.exec(module) ?? [];
  return npm === undefined ? undefined : `npm:@hueyjs/huey@${npm}/huey-consumer`;
}

/** Whether this process was started for a debugger. */
export function isDebugged(): boolean {
  return (commandLine() ?? process.execArgv).some((argument) => argument.startsWith("--inspect"));
}

/** Arguments that start another module with the flags and permissions of this process. */
export function moduleArguments(module: string): string[] {
  const runtime = deno();
  if (runtime === undefined) return [...otherModuleFlags(process.execArgv), module];
  return ["run", ...(commandFlags(runtime.mainModule) ?? permissionFlags(runtime)), module];
}

/**
 * The flags of Bun or Node with which another module can be started.
 *
 * @param given Those of this process.
 */
export function otherModuleFlags(given: readonly string[]): string[] {
  const kept: string[] = [];
  let keeps = true;
  given.forEach((argument, index) => {
    const isCode = BEFORE_CODE.test(given[index - 1] ?? "");
    // What is no flag is the value of the flag before it.
    if (!isCode && argument.startsWith("-")) keeps = !NOT_FOR_OTHER_MODULES.test(argument);
    if (keeps) kept.push(argument);
  });
  return kept;
}

function deno(): DenoLike | undefined {
  return (globalThis as { Deno?: DenoLike }).Deno;
}

/** The flags as they were written, where the operating system tells them: between `run` and the program. */
function commandFlags(mainModule: string): string[] | undefined {
  const line = commandLine();
  if (line === undefined) return undefined;
  const args = process.argv.slice(2);
  const program = line.length - args.length - 1;
  if (program < 0) return undefined;
  const isNamed = /^(npm|jsr):/.test(line[program]!);
  if (!isNamed && !mainModule.endsWith(line[program]!.replace(/^(\.{0,2}\/)+/, ""))) return undefined;
  const [command = "", ...flags] = line.slice(0, program);
  // Flags of other commands, such as `deno test`, mean nothing to `deno run`.
  if (command !== "run" && command !== "" && !command.startsWith("-")) return undefined;
  return (command === "run" ? flags : [command, ...flags]).filter((flag) => flag !== "" && !NOT_FOR_CHILDREN.test(flag));
}

/** The command line without the runtime, where the operating system tells it. */
function commandLine(): string[] | undefined {
  try {
    return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
  } catch {
    // Another operating system, or not permitted.
    return undefined;
  }
}

/** What this process may do, as flags: permissions that are granted in full, and the working directory. */
function permissionFlags(runtime: DenoLike): string[] {
  const granted = PERMISSIONS.filter((name) => runtime.permissions.querySync({ name }).state === "granted");
  if (granted.length === PERMISSIONS.length) return ["-A"];
  const folders = ["read", "write"].filter((name) => !granted.includes(name) && may(runtime, name, process.cwd()));
  return [
    "--no-prompt",
    ...granted.map((name) => `--allow-${name}`),
    ...folders.map((name) => `--allow-${name}=${process.cwd()}`),
  ];
}

function may(runtime: DenoLike, name: string, path: string): boolean {
  return runtime.permissions.querySync({ name, path }).state === "granted";
}

/**
 * Checks the shell commands of the documentation against what they name: the options of the command line, the scripts of package.json,
 * the programs of the project, the packages. tests/scripts/doc_commands.test.ts runs them.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCommand } from "../../consumer/cli/arguments.ts";
import { parseCommandCall } from "../../consumer/commands/arguments.ts";
import { findCommand } from "../../consumer/commands/commands.ts";
import { COMMAND_OPTIONS } from "../../consumer/commands/arguments.ts";
import { OPTIONS } from "../../consumer/options/options.ts";
import { readShell, type ShellCommand } from "./shell.ts";

/** Programs that are not ours, and why a command of them stands in the documentation. */
const others: Readonly<Record<string, string>> = {
  cd: "a folder",
  mkdir: "a folder",
  curl: "asks a server that a command before it has started",
  jq: "reads what our command prints",
  "./app": "made by the command before it",
};

/** Options of other programs that the documentation names by themselves. */
const otherOptions: readonly RegExp[] = [
  /^--allow-(read|write|net|env|run|sys)\b/, // Deno
  /^--(watch|inspect|test|permission|disable-sigusr1|import)$/, // Node
  /^-(e|A)$/, // Node and Deno
  /^--target=/, // Bun
  /^--browser$/, // scripts/bench/dashboard.ts
];

/** Scripts of the project are run from a clone. */
const inClone = /^(?:\.\/)?scripts\/[\w/.-]+\.(?:ts|mjs)$/;

/**
 * Checks the commands of a project's documents.
 * @param root The project's folder.
 * @returns One line for each problem.
 */
export function checkCommands(root: string): string[] {
  const { blocks, spans, flags, problems } = readShell(root);
  const commands = [...blocks.flatMap((block) => block.commands), ...spans];
  return [
    ...problems,
    ...commands.flatMap(({ source, text, calls }) =>
      calls.flatMap((call) => problemOf(root, call) ?? []).map((problem) => `${source}: ${text}: ${problem}`)
    ),
    ...flags.flatMap((flag) => flagProblem(flag) ?? []),
  ];
}

/** What is wrong with one program and its arguments; `undefined` if nothing is. */
function problemOf(root: string, [program = "", ...args]: readonly string[]): string | undefined {
  switch (program) {
    case "huey-consumer":
      return consumerProblem(args);
    case "bunx":
    case "npx":
      return args[0] === "huey-consumer" ? consumerProblem(args.slice(1)) : "is not our command";
    case "npm":
      return npmProblem(root, args);
    case "bun":
    case "deno":
    case "node":
      return runtimeProblem(root, args);
    default:
      return Object.hasOwn(others, program) ? undefined : `nothing is known of the program ${JSON.stringify(program)}`;
  }
}

/** The real parser of the command line says what is wrong. */
function consumerProblem(args: readonly string[]): string | undefined {
  const given = args.map((arg) => arg === "..." ? "ID" : arg);
  try {
    const command = findCommand(given[0]);
    if (command === undefined) parseCommand(given, true);
    else parseCommandCall(command, given.slice(1), true);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function npmProblem(root: string, [command = "", ...args]: readonly string[]): string | undefined {
  if (["install", "i"].includes(command)) return packageProblem(root, args);
  if (["init", "pkg", "ci", "pack"].includes(command)) return undefined;
  const name = command === "run" ? args[0] ?? "" : command;
  const { scripts = {} } = manifestOf(root);
  return Object.hasOwn(scripts, name) ? undefined : `package.json has no script ${JSON.stringify(name)}`;
}

function runtimeProblem(root: string, [command = "", ...args]: readonly string[]): string | undefined {
  if (command === "add") return packageProblem(root, args);
  if (["build", "compile", "init", "test", "info"].includes(command) || command.startsWith("-")) return undefined;
  const [target = "", ...rest] = command === "run"
    ? args.slice(args.findIndex((arg) => !arg.startsWith("-")))
    : [command, ...args];
  if (target === "consumer.ts" || /^jsr:@hueyjs\/huey\/consumer$/.test(target)) return consumerProblem(rest);
  if (inClone.test(target)) return scriptProblem(root, target, rest);
  return /^[\w./-]+\.(ts|js)$/.test(target) ? undefined : `${JSON.stringify(target)} is no program`;
}

function packageProblem(root: string, args: readonly string[]): string | undefined {
  const { name, dependencies, devDependencies, peerDependencies } = manifestOf(root);
  const known = new Set([
    name,
    ...[dependencies, devDependencies, peerDependencies].flatMap((each) => Object.keys(each ?? {})),
  ]);
  const wanted = args.filter((arg) => !arg.startsWith("-")).map((arg) => arg.replace(/^(jsr|npm):/, ""));
  const strange = wanted.find((arg) => !known.has(arg));
  return strange === undefined ? undefined : `nothing is known of the package ${strange}`;
}

/** A script of the project is there, and its text has each option that is given to it. */
function scriptProblem(root: string, target: string, args: readonly string[]): string | undefined {
  if (!existsSync(join(root, target))) return `${target} does not exist`;
  const text = readFileSync(join(root, target), "utf8");
  const strange = args.filter((arg) => arg.startsWith("--")).map((arg) => arg.slice(2).split("=")[0]!)
    .find((name) => !new RegExp(`"${name}"|\\b${name}:`).test(text));
  return strange === undefined ? undefined : `${target} has no option --${strange}`;
}

/** An option that stands by itself in a sentence is one of the command line, or of a program that is listed above. */
function flagProblem({ source, text, calls }: ShellCommand): string | undefined {
  const [flag = ""] = calls[0] ?? [];
  const name = flag.replace(/^--?/, "").split("=")[0]!;
  const known = [...OPTIONS, ...COMMAND_OPTIONS].some(({ long, short }) =>
    flag.startsWith("--") ? long === name : short === name
  );
  return known || otherOptions.some((other) => other.test(flag)) ? undefined : `${source}: there is no option ${text}`;
}

interface Manifest {
  readonly name: string;
  readonly scripts?: Record<string, string>;
  readonly dependencies?: Record<string, string>;
  readonly devDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

function manifestOf(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
}

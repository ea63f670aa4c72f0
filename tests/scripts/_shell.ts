/** Runs the commands of a page as its reader does: one after the other in a shell, a consumer until the next one starts. @module */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseCommand } from "../../consumer/cli/arguments.ts";
import { findCommand } from "../../consumer/commands/commands.ts";
import type { ShellCommand } from "../../scripts/docs/shell.ts";
import { projectRoot, tool } from "../../scripts/project.ts";
import { runCommand } from "../../scripts/testing/command.ts";
import { LIMIT_MS, type Project } from "./_package.ts";

/** Programs that run until they are stopped, and the file that shows that they work. */
const LASTING: Readonly<Record<string, string>> = { "./app": "queue.db" };

/** Programs of a path that has nothing of the clone in it; `huey-consumer` is that of Bun. */
function makePath(project: Project): string {
  const folder = join(project.path, ".path");
  mkdirSync(folder, { recursive: true });
  const scripts = {
    bun: `exec ${tool("bun")} "$@"`,
    bunx: `exec ${tool("bun")} x "$@"`,
    deno: `exec ${tool("deno")} "$@"`,
    node: `exec ${tool("node")} "$@"`,
    "huey-consumer": `exec ${tool("bun")} ${join(project.path, "node_modules/.bin/huey-consumer")} "$@"`,
  };
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return `${folder}:${process.env["PATH"]}`;
}

/** What a command is: the arguments of a consumer, or how else it is run. */
export function kindOf({ calls }: Pick<ShellCommand, "calls">): "consumer" | "lasting" | "ends" {
  const [words = []] = calls;
  const [program = ""] = words;
  if (Object.hasOwn(LASTING, program)) return "lasting";
  const at = words.findIndex((word) => /^(huey-consumer|jsr:@hueyjs\/huey\/consumer|.*\/consumer\.ts)$/.test(word));
  const args = words.slice(at + 1);
  if (at === -1 || findCommand(args[0]) !== undefined) return "ends";
  return parseCommand(args, true).kind === "run" ? "consumer" : "ends";
}

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}

/** A shell in a project. */
export class Shell {
  readonly #project: Project;
  readonly #env: Record<string, string>;
  #folder: string;
  #running: Running | undefined;
  #kept: Running | undefined;

  constructor(project: Project, env: Readonly<Record<string, string>>) {
    this.#project = project;
    this.#folder = project.path;
    this.#env = { ...project.env, ...env, PATH: makePath(project) };
  }

  /** Runs one command: to its end, or, if it is a consumer, until it has started. @throws {Error} with what it said, if it fails */
  async run(command: ShellCommand): Promise<void> {
    const kind = kindOf(command);
    if (kind !== "ends") return await this.#start(command, kind);
    // The folder in which the next command starts is where this one has gone.
    const where = join(this.#project.path, ".where");
    const script = `${command.text} && pwd > ${where}`;
    const ended = await runCommand({ argv: ["sh", "-c", script], cwd: this.#folder, limitMs: LIMIT_MS, env: this.#env });
    if (ended.code !== 0) throw new Error(`${command.source}: ${command.text}: exit code ${ended.code}\n${ended.output}`);
    this.#folder = readFileSync(where, "utf8").trim();
  }

  async #start({ source, text, calls }: ShellCommand, kind: "consumer" | "lasting"): Promise<void> {
    await this.stop();
    const child = spawn("sh", ["-c", text], {
      cwd: this.#folder,
      env: { ...process.env, NO_COLOR: "1", ...this.#env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: unknown) => (said += String(data)));
    const ended = new Promise<unknown>((resolve) => child.once("close", resolve));
    this.#running = { child, ended };
    const log = /-l (\S+)/.exec(text)?.[1];
    const hasStarted = (): boolean => {
      if (kind === "lasting") return existsSync(join(this.#folder, LASTING[calls[0]![0]!]!));
      const logged = log === undefined || !existsSync(join(this.#folder, log))
        ? ""
        : readFileSync(join(this.#folder, log), "utf8");
      return (said + logged).includes("Consumer started");
    };
    const deadlineMs = performance.now() + LIMIT_MS;
    while (!hasStarted()) {
      const over = await Promise.race([ended.then(() => true), new Promise((resolve) => setTimeout(resolve, 20))]);
      if (over === true || performance.now() > deadlineMs) throw new Error(`${source}: ${text}: did not start\n${said}`);
    }
  }

  /** Starts a consumer that runs until the shell is closed, whatever else is started. */
  async keep(command: ShellCommand): Promise<void> {
    await this.#start(command, "consumer");
    this.#kept = this.#running;
    this.#running = undefined;
  }

  /** Stops everything. */
  async close(): Promise<void> {
    await this.stop();
    this.#running = this.#kept;
    await this.stop();
  }

  /** Stops the consumer that was started last. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running?.child.pid === undefined || running.child.exitCode !== null) return;
    process.kill(-running.child.pid, "SIGTERM");
    const late = setTimeout(() => process.kill(-running.child.pid!, "SIGKILL"), LIMIT_MS / 3);
    await running.ended;
    clearTimeout(late);
  }
}

/** Runs a command of the project itself, in its folder. */
export async function runInClone({ source, text }: ShellCommand): Promise<void> {
  const ended = await runCommand({ argv: ["sh", "-c", text], cwd: projectRoot, limitMs: LIMIT_MS });
  if (ended.code !== 0) throw new Error(`${source}: ${text}: exit code ${ended.code}\n${ended.output}`);
}

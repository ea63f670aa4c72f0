/** Runs the command line of the consumer in a process of the same runtime as the test. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Huey } from "../../lib/huey/huey.ts";
import { makeApplication } from "./_tasks.ts";
import type { Tasks } from "./_tasks.ts";

const PROGRAM = fileURLToPath(new URL("../../consumer.ts", import.meta.url));
export const APP: string = fileURLToPath(new URL("./_app.ts", import.meta.url));
/** Whether this is Deno. */
export const DENO: boolean = "Deno" in globalThis;
/** Whether this is Node. */
export const NODE: boolean = !DENO && !("Bun" in globalThis);
/** The runtime of the test, and its flags. */
export const HERE: readonly string[] = [process.execPath, ...(DENO ? ["run", "-A"] : [])];

/** A shell that limits the memory, to about 1.5 GB, of the program that takes its place. */
const SMALL: readonly string[] = ["sh", "-c", 'ulimit -c 0; ulimit -v 1500000; exec "$0" "$@"'];

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** What a process wrote on one of its outputs, and the place behind what was waited for. */
interface Output {
  text: string;
  read: number;
}

/** A consumer that runs, or ran. */
export class Program {
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #waiting: Set<() => void> = new Set();
  readonly #outputs: readonly Output[] = [{ text: "", read: 0 }, { text: "", read: 0 }];
  #text = "";
  #open = true;

  /** @param command A runtime and its flags; that of the test if left out. */
  constructor(args: readonly string[], env: Record<string, string>, cwd?: string, command: readonly string[] = HERE) {
    const options = { stdio: ["ignore", "pipe", "pipe"] as never, env: { ...process.env, ...env }, cwd };
    const [runtime = "", ...flags] = command;
    const child = spawn(runtime, [...flags, PROGRAM, ...args], options) as unknown as ChildProcess;
    this.#child = child;
    for (const [index, stream] of [child.stdout!, child.stderr!].entries()) {
      stream.on("data", (data) => {
        this.#text += String(data);
        this.#outputs[index]!.text += String(data);
        for (const look of this.#waiting) look();
      });
    }
    child.on("exit", () => this.#open = false);
    this.exited = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  }

  /** Everything that it wrote so far. */
  get text(): string {
    return this.#text;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /**
   * Waits for a text, after the one that was waited for before on the same output: which of the two, with the log and with what tasks
   * print, arrives first is chance.
   */
  async says(text: string): Promise<void> {
    const found = Promise.withResolvers<void>();
    const look = (): void => {
      const output = this.#outputs.find((each) => each.text.includes(text, each.read));
      if (output === undefined) return;
      output.read = output.text.indexOf(text, output.read) + text.length;
      found.resolve();
    };
    this.#waiting.add(look);
    look();
    const ended = this.exited.then(() => Promise.reject(new Error(`It ended without "${text}":\n${this.#text}`)));
    await Promise.race([found.promise, ended]).finally(() => this.#waiting.delete(look));
  }

  /** Waits for what needs the consumer; fails with what it wrote if it ends instead. */
  async during<T>(work: Promise<T>): Promise<T> {
    return await Promise.race([work, this.exited.then(() => Promise.reject(new Error(`It ended:\n${this.#text}`)))]);
  }

  /** Not by the child's own `kill`, after which Deno reports that signal as the cause of the end, whatever it was. */
  kill(signal: NodeJS.Signals): void {
    if (this.#open) process.kill(this.pid, signal);
  }
}

/** A folder, the application in this process, and consumers for it. */
export class Stage {
  readonly huey: Huey;
  readonly tasks: Tasks;
  readonly folder: string = mkdtempSync(join(tmpdir(), "huey-program-"));
  /** The database that all use. */
  readonly file: string = join(this.folder, "tests.db");
  readonly #programs: Program[] = [];

  constructor() {
    const { huey, tasks } = makeApplication(this.file, { silent: true });
    this.huey = huey;
    this.tasks = tasks;
  }

  /** Starts a consumer of the application. */
  consume(...args: string[]): Program {
    return this.run(...args, APP);
  }

  /** Starts the command line. */
  run(...args: string[]): Program {
    return this.#run(new Program(args, { HUEY_TEST_FILE: this.file }, this.folder));
  }

  /** Starts a consumer of the application with little memory, so that it runs out of it soon and without harm. */
  consumeSmall(...args: string[]): Program {
    const limit = "--max-old-space-size=200";
    const options = `${process.env["NODE_OPTIONS"] ?? ""} ${limit}`;
    const env: Record<string, string> = DENO ? { DENO_V8_FLAGS: limit } : NODE ? { NODE_OPTIONS: options } : {};
    const command = DENO || NODE ? HERE : [...SMALL, ...HERE];
    return this.#run(new Program([...args, APP], { HUEY_TEST_FILE: this.file, ...env }, this.folder, command));
  }

  /** Starts the command line by a shell, for which it is `"$0" "$@"`. */
  shell(script: string, ...args: string[]): Program {
    return this.#run(new Program(args, { HUEY_TEST_FILE: this.file }, this.folder, ["sh", "-c", script, ...HERE]));
  }

  #run(program: Program): Program {
    this.#programs.push(program);
    return program;
  }

  /** Ends what still runs and removes the folder. */
  async end(): Promise<void> {
    for (const program of this.#programs) program.kill("SIGKILL");
    await Promise.all(this.#programs.map(({ exited }) => exited));
    await this.huey.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

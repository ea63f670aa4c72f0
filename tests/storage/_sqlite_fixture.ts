/** A folder for a SQLite file and child processes of both runtimes that use it. @module */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import type { SqliteOptions } from "../../storage/sqlite/options.ts";
import { sqliteStorage } from "../../storage/sqlite/storage.ts";

const TOOLS = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));
const CHILD = fileURLToPath(new URL("./_sqlite_child.ts", import.meta.url));

/** A folder for thousands of small writes, none of which has to reach a disk. */
export const MEMORY_FOLDER: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Both runtimes. */
export const RUNTIMES = ["bun", "deno"] as const;

/** Name of a runtime. */
export type Runtime = (typeof RUNTIMES)[number];

/** A process of its own. */
export class Child {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #said: string[] = [];
  #ended = false;
  #heard = Promise.withResolvers<void>();

  constructor(runtime: Runtime, mode: string, filename: string) {
    const args = runtime === "bun" ? [CHILD] : ["run", "-A", "--quiet", CHILD];
    this.#process = spawn(join(TOOLS, runtime), [...args, mode, filename]);
    // Not the reader's own iterator: Bun's drops what is still buffered when the process ends.
    const reader = createInterface({ input: this.#process.stdout });
    reader.on("line", (line) => {
      this.#said.push(line);
      this.#heard.resolve();
    });
    reader.on("close", () => {
      this.#ended = true;
      this.#heard.resolve();
    });
  }

  /** The next line that it says; `undefined` when it has ended. */
  async line(): Promise<string | undefined> {
    while (this.#said.length === 0 && !this.#ended) {
      this.#heard = Promise.withResolvers();
      await this.#heard.promise;
    }
    return this.#said.shift();
  }

  /** All lines until it ends. */
  async lines(): Promise<string[]> {
    const found: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) found.push(line);
    return found;
  }

  /** Lets it go on. */
  speak(): void {
    this.#process.stdin.write("go\n");
  }

  /** Ends it at once, wherever it is. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#process.kill("SIGKILL");
    await ended;
  }
}

/** A folder of its own, and what was started in it. */
export class Fixture {
  readonly folder: string;
  readonly filename: string;
  readonly #children: Child[] = [];
  readonly #storages: Storage[] = [];

  constructor(parent: string = tmpdir()) {
    this.folder = mkdtempSync(join(parent, "huey-sqlite-"));
    this.filename = join(this.folder, "huey.db");
  }

  open(options: SqliteOptions & { name?: string; clock?: Clock } = {}): Storage {
    const storage = sqliteStorage({ name: "children", filename: this.filename, ...options });
    this.#storages.push(storage);
    return storage;
  }

  /** Runs another program to its end. @returns the lines that it has written */
  async run(runtime: Runtime, program: URL, ...args: string[]): Promise<string[]> {
    const command = [fileURLToPath(program), ...args];
    const child = spawn(join(TOOLS, runtime), runtime === "bun" ? command : ["run", "-A", "--quiet", ...command]);
    const written: string[] = [];
    child.stdout.on("data", (chunk: Uint8Array) => written.push(String(chunk)));
    await new Promise((resolve) => child.once("close", resolve));
    return written.join("").split("\n").filter((line) => line !== "");
  }

  start(runtime: Runtime, mode: string): Child {
    const child = new Child(runtime, mode, this.filename);
    this.#children.push(child);
    return child;
  }

  /** Starts a process and waits until it says that it is ready. */
  async startReady(runtime: Runtime, mode: string): Promise<Child> {
    const child = this.start(runtime, mode);
    const line = await child.line();
    if (line !== "ready") throw new Error(`The child said ${JSON.stringify(line)} instead of "ready"`);
    return child;
  }

  async end(): Promise<void> {
    for (const child of this.#children) await child.kill();
    for (const storage of this.#storages) await storage.close();
    rmSync(this.folder, { recursive: true });
  }
}

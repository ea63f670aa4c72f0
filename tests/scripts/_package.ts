/** An empty project of a user, who tries a package: what he writes, and what he runs. @module */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { type Ended, runCommand } from "../../scripts/testing/command.ts";

/** How long one command may take: installing, compiling, a consumer. */
export const LIMIT_MS = 180_000;

/** Files of an application: its tasks, and a program that calls them. `@hueyjs/huey` stands for the package. */
export const APPLICATION: Readonly<Record<string, string>> = {
  "tasks.ts": `import { SqliteHuey } from "@hueyjs/huey";
export const huey = new SqliteHuey("shop", { filename: "shop.db" });
export const add = huey.task("add", (a: number, b: number): number => a + b);
`,
  "main.ts": `import { add, huey } from "./tasks.ts";
const result = await add(1, 2);
const sum: number | undefined = await result.get({ blocking: true, timeout: 100 });
console.log("sum", sum);
await huey.close();
`,
};

type Argv = readonly [string, ...string[]];

/** A project. */
export class Project {
  readonly path: string = mkdtempSync(join(tmpdir(), "huey-user-"));
  /** What its programs find in their environment. */
  readonly env: Readonly<Record<string, string>>;

  /** @param env What its programs find in their environment beside what is here. */
  constructor(files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
    this.env = {
      // Caches of their own, or what was published once would be found again.
      DENO_DIR: join(this.path, ".deno"),
      BUN_INSTALL_CACHE_DIR: join(this.path, ".bun"),
      npm_config_cache: join(this.path, ".npm"),
      NODE_OPTIONS: "",
      ...env,
    };
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** Writes a file. */
  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.path, name)), { recursive: true });
    writeFileSync(join(this.path, name), text);
  }

  /** Runs a command to its end. */
  run(...argv: Argv): Promise<Ended> {
    return runCommand({ argv, cwd: this.path, limitMs: LIMIT_MS, env: this.env });
  }

  /** Runs a command that must end well. @returns what it printed on its standard output */
  async ok(...argv: Argv): Promise<string> {
    const ended = await this.run(...argv);
    if (ended.code !== 0) throw new Error(`${argv.join(" ")} ended with ${ended.code}:\n${ended.output}`);
    return ended.stdout;
  }

  /** Runs a program while a consumer runs, and perhaps `again` when that was started anew by SIGHUP. @returns what the program printed, and the consumer's exit code after SIGTERM */
  async whileConsuming(
    consumer: Argv,
    program: Argv,
    again = false,
  ): Promise<{ readonly printed: string; readonly code: number | null }> {
    const [command, ...args] = consumer;
    const child = spawn(command, args, {
      cwd: this.path,
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    let heard = (): void => {};
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data: unknown) => (said += String(data), heard()));
    const exited = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
    const started = (times: number): Promise<void> =>
      Promise.race([
        new Promise<void>((resolve) => {
          heard = () => said.split("Consumer started").length > times && resolve();
          heard();
        }),
        exited.then(() => Promise.reject(new Error(`The consumer ended:\n${said}`))),
      ]);
    const call = (): Promise<string> =>
      this.ok(...program).catch((error: Error) => Promise.reject(new Error(`${error.message}\n${said}`)));
    try {
      await started(1);
      let printed = await call();
      if (again) {
        process.kill(child.pid!, "SIGHUP");
        await started(2);
        printed += await call();
      }
      process.kill(child.pid!, "SIGTERM");
      return { printed, code: await exited };
    } finally {
      child.kill("SIGKILL");
    }
  }

  /** Removes it. */
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

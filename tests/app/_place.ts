/** A folder with an application in it, and consumers for it. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { projectRoot } from "../../scripts/project.ts";
import { DENO, Program } from "../consumer/_program.ts";

/** What a file of the application imports from, instead of the package's name. */
const DOORS: Readonly<Record<string, string>> = {
  '"@hueyjs/huey/app"': JSON.stringify(new URL("../../app/mod.ts", import.meta.url).href),
  '"@hueyjs/huey"': JSON.stringify(new URL("../../mod.ts", import.meta.url).href),
};

/** Worker types that have isolates of their own. */
export const WORKER_TYPES: readonly string[] = ["greenlet", "thread", "process"];

/** A temporary folder with files. */
export class Place {
  readonly folder: string = realpathSync(mkdtempSync(join(tmpdir(), "huey-application-")));
  readonly #programs: Program[] = [];

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  /** Writes a file. @returns its path */
  write(path: string, text: string): string {
    const whole = join(this.folder, path);
    mkdirSync(dirname(whole), { recursive: true });
    const code = Object.entries(DOORS).reduce((code, [name, door]) => code.replaceAll(name, door), text);
    writeFileSync(whole, code);
    return whole;
  }

  /** Starts the consumer's command line here. */
  consume(args: readonly string[], env: Record<string, string> = {}): Program {
    const program = new Program(args, env, this.folder);
    this.#programs.push(program);
    return program;
  }

  /** Runs a script here. What follows its path on the command line is for the consumer's program, and the script ignores it. */
  run(path: string, env: Record<string, string> = {}): Program {
    const flags = DENO ? ["run", "-A", "--no-check", "--config", join(projectRoot, "deno.json")] : [];
    const program = new Program([], env, this.folder, [process.execPath, ...flags, resolve(this.folder, path)]);
    this.#programs.push(program);
    return program;
  }

  /** Ends what still runs and removes the folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) program.kill("SIGKILL");
    await Promise.all(this.#programs.map(({ exited }) => exited));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

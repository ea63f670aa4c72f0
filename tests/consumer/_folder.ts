/** A folder with applications that are written for a test, and consumers of them in any runtime. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "./_program.ts";

/** Where the library is. */
export const LIBRARY: string = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const BIN = join(LIBRARY, "node_modules/.bin");

/** The runtimes with all rights. */
export const RUNTIMES: Readonly<Record<"bun" | "deno", readonly string[]>> = {
  bun: [join(BIN, "bun")],
  deno: [join(BIN, "deno"), "run", "-A"],
};

/** Deno with these flags only, and nobody to ask for more. */
export function denoWith(flags: readonly string[]): string[] {
  return [join(BIN, "deno"), "run", "--no-prompt", ...flags];
}

/** The folder. */
export class Folder {
  readonly path: string = mkdtempSync(join(tmpdir(), "huey-operator-"));
  /** A folder in it for data. */
  readonly data: string = join(this.path, "data");
  readonly #programs: Program[] = [];

  constructor() {
    mkdirSync(this.data);
  }

  /** Writes a module; `Huey` classes come from the library. @returns its path */
  module(name: string, text: string): string {
    const path = join(this.path, name);
    writeFileSync(path, `import * as library from "${LIBRARY}/mod.ts";\n${text}\n`);
    return path;
  }

  /** Runs the command line in this folder, in the runtime of the test if none is given. */
  run(args: readonly string[], command?: readonly string[], env: Record<string, string> = {}): Program {
    const program = new Program(args, env, this.path, command);
    this.#programs.push(program);
    return program;
  }

  /** Ends what still runs and removes the folder. */
  async end(): Promise<void> {
    for (const program of this.#programs) program.kill("SIGKILL");
    await Promise.all(this.#programs.map(({ exited }) => exited));
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Ends a consumer by SIGTERM. @returns its exit code */
export async function terminated(program: Program): Promise<number | null> {
  program.kill("SIGTERM");
  return (await program.exited).code;
}

/**
 * Makes the JavaScript and the types of the npm package in dist/. `npm pack` and `npm publish` run it.
 *
 * Bun imports the package's TypeScript as it is; Deno and Node refuse TypeScript inside node_modules, and get this. So does the command.
 * @module
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bringParser } from "./manifest.ts";
import { projectRoot, tool } from "./project.ts";
import { runCommand } from "./testing/command.ts";

/** What tsc needs to know beside the project's own settings. */
const settings = {
  extends: "../tsconfig.json",
  compilerOptions: {
    noEmit: false,
    allowImportingTsExtensions: false,
    rewriteRelativeImportExtensions: true,
    declaration: true,
    sourceMap: true,
    // A runtime that is too old must get as far as the sentence that says so.
    target: "es2022",
    rootDir: "..",
    outDir: ".",
  },
  include: [
    "../mod.ts",
    "../consumer.ts",
    "../lib",
    "../storage",
    "../consumer",
    "../app",
    "../dashboard",
    "../otel",
    "../testing",
  ],
  exclude: [],
};

/**
 * Makes dist/ anew.
 * @param root The project's folder.
 * @throws {Error} when tsc finds anything wrong.
 */
export async function makeDist(root: string): Promise<void> {
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist);
  const config = join(dist, "tsconfig.json");
  writeFileSync(config, JSON.stringify(settings));
  const ended = await runCommand({ argv: [tool("tsc"), "-p", config], cwd: root, limitMs: 300_000 });
  rmSync(config);
  if (ended.code !== 0) throw new Error(`tsc could not make dist/:\n${ended.output}`);
}

if (import.meta.main) {
  await makeDist(projectRoot);
  bringParser(projectRoot);
}

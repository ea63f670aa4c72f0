/**
 * Where things are in the project, for the scripts.
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const projectRoot: string = fileURLToPath(new URL("..", import.meta.url));

/** Where our TypeScript is: files and folders of the project. */
const sourceRoots = [
  "mod.ts",
  "consumer.ts",
  "lib",
  "storage",
  "consumer",
  "app",
  "dashboard",
  "otel",
  "testing",
  "tests",
  "scripts",
  "examples",
];

/**
 * The files and folders that hold our TypeScript.
 * @param root The project's folder.
 * @returns Those that exist, relative to the project.
 */
export function sources(root: string): string[] {
  return sourceRoots.filter((name) => existsSync(join(root, name)));
}

/**
 * Finds files by the end of their name.
 * @param root The project's folder.
 * @param folder A folder or file in it.
 * @param ending How the name ends.
 * @returns The paths relative to the project, sorted.
 */
export function findFiles(root: string, folder: string, ending: string): string[] {
  if (folder.endsWith(ending)) return existsSync(join(root, folder)) ? [folder] : [];
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name.replaceAll("\\", "/")}`).sort();
}

/** What the tests need in versions of its own, and where that is. */
const testTools: Readonly<Record<string, string>> = { node: "node", "tsc-5.6": "tsc" };

/**
 * A tool that npm installed.
 * @param name Its command; `tsc-5.6` is the oldest TypeScript that is supported.
 * @returns The path of the command.
 */
export function tool(name: "bun" | "deno" | "node" | "tsc" | "tsc-5.6"): string {
  const own = testTools[name];
  return join(
    projectRoot,
    own === undefined ? "node_modules/.bin" : "node_modules/.cache/tools/node_modules/.bin",
    own ?? name,
  );
}

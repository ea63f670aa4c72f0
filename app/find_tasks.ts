/**
 * Finds the modules of an application that define tasks.
 * @module
 */
import { type Dirent, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { matcher } from "./patterns.ts";

/** Modules that are looked for unless the settings say otherwise. */
export const TASK_MODULES: readonly string[] = ["ts", "mts", "js", "mjs"].flatMap((end) => [`tasks.${end}`, `*.tasks.${end}`]);

const IGNORED = ["node_modules", "dist"];

/**
 * Finds modules in a folder and below, except in hidden folders, node_modules, dist, and folders that a .gitignore names simply.
 *
 * @param root The folder.
 * @param patterns Names or paths.
 * @param ignore Names of further folders to leave out.
 * @returns Paths, sorted; of `tasks.ts` and `tasks.js` side by side only the source.
 */
export function findTasks(root: string, patterns: readonly string[], ignore: readonly string[]): string[] {
  const matchers = patterns.map(matcher);
  const found: string[] = [];
  const look = (folder: string, path: string, ignored: ReadonlySet<string>): void => {
    const here = new Set([...ignored, ...gitIgnored(folder, "below")]);
    const only = new Set([...here, ...gitIgnored(folder, "here")]);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (isFolderToSearch(entry, only)) look(join(folder, entry.name), `${path}${entry.name}/`, here);
      else if (entry.isFile() && matchers.some((matches) => matches(path + entry.name))) found.push(`${path}${entry.name}`);
    }
  };
  look(root, "", new Set([...IGNORED, ...ignore]));
  return withoutCompiled(found).sort().map((path) => join(root, path));
}

function isFolderToSearch(entry: Dirent, ignored: ReadonlySet<string>): boolean {
  return entry.isDirectory() && !entry.name.startsWith(".") && !ignored.has(entry.name);
}

/** Plain names of a .gitignore: `build/` is ignored below too, `/build` here only. What has wildcards is left to git. */
function gitIgnored(folder: string, where: "here" | "below"): string[] {
  const file = join(folder, ".gitignore");
  if (!existsSync(file)) return [];
  const names = readFileSync(file, "utf8").split(/\r?\n/).map((line) => /^(\/?)([\w.@ -]+?)\/?\s*$/.exec(line));
  return names.filter((match) => match !== null && (match[1] === "/") === (where === "here")).map((match) => match![2]!);
}

/** A module that was compiled into the folder of its source would define the same tasks again. */
function withoutCompiled(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return paths.filter((path) => !all.has(path.replace(/\.(m?)js$/, ".$1ts")) || /ts$/.test(path));
}

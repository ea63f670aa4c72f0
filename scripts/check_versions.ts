/**
 * Checks that deno.json, package.json, the change log and the code agree on what this package is.
 *
 * Usage: bun scripts/check_versions.ts [FOLDER]
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { projectRoot } from "./project.ts";

interface Manifest {
  name?: string;
  version?: string;
  license?: string;
  exports?: Record<string, string | Record<string, string>>;
}

/**
 * Compares a project's manifests.
 * @param root The project's folder.
 * @returns One line for each problem; none when they agree.
 */
export function checkVersions(root: string): string[] {
  const deno = readJson(root, "deno.json");
  const npm = readJson(root, "package.json");
  const lock = readJson(root, "package-lock.json");
  const differences = (["name", "version", "license"] as const).filter((key) => deno[key] !== npm[key] || !deno[key])
    .map((key) => `"${key}" is ${JSON.stringify(deno[key])} in deno.json and ${JSON.stringify(npm[key])} in package.json`);
  const stale = lock.version === npm.version
    ? []
    : [`package-lock.json has version ${lock.version}, package.json ${npm.version}`];
  const version = npm.version ?? "";
  return [
    ...differences,
    ...stale,
    ...compareExports(root, deno, npm),
    ...checkChangelog(root, version),
    ...checkConstant(root, version),
  ];
}

function readJson(root: string, name: string): Manifest {
  return JSON.parse(readFileSync(join(root, name), "utf8")) as Manifest;
}

/** In package.json an export names the TypeScript for Bun; the other conditions point at what packing makes of it. */
function compareExports(root: string, deno: Manifest, npm: Manifest): string[] {
  const problems: string[] = [];
  const source = (target: string | Record<string, string> | undefined): string | undefined =>
    typeof target === "string" ? target : target?.bun;
  const names = new Set([...Object.keys(deno.exports ?? {}), ...Object.keys(npm.exports ?? {})]);
  for (const name of names) {
    const [ours, theirs] = [deno.exports?.[name], npm.exports?.[name]];
    if (source(ours) !== source(theirs)) {
      problems.push(`Export "${name}" is ${source(ours)} in deno.json and ${source(theirs)} in package.json`);
    }
    const file = source(ours) ?? source(theirs) ?? "";
    if (!existsSync(join(root, file))) problems.push(`Export "${name}" names ${file}, which does not exist`);
    if (typeof theirs === "object") problems.push(...checkConditions(name, theirs));
  }
  return problems;
}

function checkConditions(name: string, target: Record<string, string>): string[] {
  const made = (extension: string): string => target.bun?.replace(/^\.\/(.*)\.ts$/, `./dist/$1.${extension}`) ?? "";
  const wanted = { types: made("d.ts"), default: made("js") };
  // The first condition that fits is taken: a checker that knows Bun's must not check the sources.
  const late = Object.keys(target)[0] === "types" ? [] : [`Export "${name}" must name its types first in package.json`];
  return [
    ...late,
    ...(["types", "default"] as const).filter((key) => target[key] !== wanted[key])
      .map((key) => `Export "${name}" has ${key} ${target[key]} in package.json instead of ${wanted[key]}`),
  ];
}

function checkChangelog(root: string, version: string): string[] {
  const path = join(root, "CHANGELOG.md");
  if (!existsSync(path)) return ["There is no CHANGELOG.md"];
  const headings = readFileSync(path, "utf8").split("\n").filter((line) => line.startsWith("## "));
  return headings.some((heading) => heading.split(/[^\w.+-]+/).includes(version))
    ? []
    : [`CHANGELOG.md has no heading for ${version}`];
}

function checkConstant(root: string, version: string): string[] {
  const files = ["consumer/about.ts"].filter((file) => existsSync(join(root, file)));
  return files.flatMap((file) => {
    const found = /export const VERSION[^=]*= "([^"]+)"/.exec(readFileSync(join(root, file), "utf8"))?.[1];
    return found === version ? [] : [`VERSION in ${file} is ${found}, package.json has ${version}`];
  });
}

if (import.meta.main) {
  const problems = checkVersions(resolve(process.argv[2] ?? projectRoot));
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "The manifests agree" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

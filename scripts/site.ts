/**
 * `npm run docs`: builds the guide and the API reference into one folder that works from disk.
 *
 * Usage: npm run docs [-- FOLDER]     FOLDER is ./site unless it is given
 * @module
 */
import { copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { projectRoot, tool } from "./project.ts";
import { readGuide } from "./site/guide.ts";
import { layout } from "./site/layout.ts";
import { runCommand } from "./testing/command.ts";

const entries = ["mod.ts", "app/mod.ts", "testing/mod.ts", "dashboard/mod.ts", "otel/mod.ts"];
const limitMs = 300_000;

/** Writes the pages of the guide. @returns how many there are */
export function buildGuide(folder: string): number {
  mkdirSync(folder, { recursive: true });
  const pages = readGuide(projectRoot);
  for (const page of pages) writeFileSync(join(folder, page.file), layout(page, pages));
  const index = pages.flatMap(({ title, sections }) => sections.map((section) => ({ ...section, page: title })));
  // A script and no JSON: a page on disk may not fetch.
  writeFileSync(join(folder, "search_index.js"), `globalThis.SEARCH_INDEX = ${JSON.stringify(index)};\n`);
  for (const name of ["guide.css", "guide.js"]) copyFileSync(join(projectRoot, "scripts/site", name), join(folder, name));
  cpSync(join(projectRoot, "docs/pictures"), join(folder, "pictures"), { recursive: true });
  return pages.length;
}

/** Writes the API reference, from the docstrings. */
async function buildReference(folder: string): Promise<void> {
  const argv = [
    tool("deno"),
    "doc",
    "--html",
    "--quiet",
    "--name=Huey",
    `--output=${join(folder, "api")}`,
    ...entries,
  ] as const;
  const { code, output } = await runCommand({ argv, cwd: projectRoot, limitMs });
  if (code !== 0) throw new Error(`deno doc failed:\n${output}`);
}

if (import.meta.main) {
  const folder = resolve(process.argv[2] ?? join(projectRoot, "site"));
  rmSync(folder, { recursive: true, force: true });
  const count = buildGuide(folder);
  await buildReference(folder);
  console.log(`${count} pages of the guide and the API reference are in ${folder}: open ${join(folder, "index.html")}`);
}

/**
 * Checks the documentation: every export has what it needs, every snippet type-checks and runs on both runtimes, every command names
 * what there is, and every measured figure names the command that gave it. Deno checks the types
 * of the project in the same pass, which reads most of it anyway; those of the tests are left to tsc, which is quick.
 *
 * Usage: bun scripts/check_docs.ts [--no-run] [FOLDER]
 *
 * `--no-run` leaves the running of snippets out; FOLDER is another project to check.
 * @module
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkCommands } from "./docs/check_commands.ts";
import { readExports } from "./docs/deno_doc.ts";
import { checkFigures } from "./docs/figures.ts";
import { findMissing } from "./docs/missing.ts";
import { type Snippet, withSnippets } from "./docs/snippet_files.ts";
import { snippetJobs } from "./docs/snippet_jobs.ts";
import { projectRoot, sources, tool } from "./project.ts";
import { runCommand } from "./testing/command.ts";

/**
 * Checks one project's documentation.
 * @param root The project's folder.
 * @param run Whether to run the snippets too.
 * @returns One text for each problem; none when all is well.
 */
export async function checkDocs(root: string, run: boolean): Promise<string[]> {
  const doors = ["mod.ts", "app/mod.ts", "dashboard/mod.ts", "otel/mod.ts", "testing/mod.ts"].filter((door) =>
    existsSync(join(root, door))
  );
  const missing = (await Promise.all(doors.map((door) => readExports(root, door)))).flatMap(findMissing);
  const problems = await withSnippets(async (snippets, folder) => {
    const types = await checkTypes(root, snippets, folder);
    return run && types.length === 0 ? await runSnippets(snippets) : types;
  }, root).catch((error: Error) => [error.message]);
  return [...missing, ...checkCommands(root), ...checkFigures(root), ...problems];
}

async function checkTypes(root: string, snippets: readonly Snippet[], folder: string): Promise<string[]> {
  if (snippets.length === 0) return [];
  const rooms = sources(root).filter((name) => name !== "tests");
  const paths = [...rooms, ...snippets.map((snippet) => snippet.path)];
  const commands: [string, ...string[]][] = [
    [tool("deno"), "check", "--quiet", ...paths],
    [tool("tsc"), "--noEmit", "-p", `${folder}/tsconfig.json`],
  ];
  const ended = await Promise.all(commands.map((argv) => runCommand({ argv, cwd: root, limitMs: 600_000 })));
  const places = snippets.map((snippet) => `  ${snippet.path.slice(folder.length + 1)} is ${snippet.source}`).join("\n");
  return ended.flatMap((end, index) => end.code === 0 ? [] : [`${commands[index]![0]}:\n${end.output}\nwhere\n${places}`]);
}

async function runSnippets(snippets: readonly Snippet[]): Promise<string[]> {
  const problems: string[] = [];
  for (const job of snippetJobs(snippets, ["bun", "deno"])) {
    for (const { title, failed, reason, output } of await job.run(Infinity)) {
      if (failed > 0) problems.push(`${title}: ${reason}\n${output}`);
    }
  }
  return problems;
}

if (import.meta.main) {
  const args = process.argv.slice(2);
  const folder = args.find((arg) => !arg.startsWith("--"));
  const problems = await checkDocs(folder === undefined ? projectRoot : resolve(folder), !args.includes("--no-run"));
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? "The documentation is complete" : `${problems.length} problems`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

/**
 * Runs test files one after another in one process, where loading the library for each would take longer than its tests:
 * `node --import ./tests/_node.ts tests/_run.ts FILE...`, or `deno run -A tests/_run.ts FILE...`.
 * @module
 */
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { collectTests, runRegistered } from "./_runner.ts";

const before = { ...process.env };
let isGood = true;

collectTests();
for (const file of process.argv.slice(2)) {
  // The line by which the test command tells the files apart.
  console.log(`--- ${file}`);
  await import(pathToFileURL(resolve(file)).href);
  if (!await runRegistered()) isGood = false;
  restoreVariables();
}
// What a test has left open must not keep the process.
process.exit(isGood ? 0 : 1);

/** What one file sets, the next must not see. */
function restoreVariables(): void {
  for (const name of Object.keys(process.env)) if (!Object.hasOwn(before, name)) delete process.env[name];
  for (const [name, value] of Object.entries(before)) if (process.env[name] !== value) process.env[name] = value;
}

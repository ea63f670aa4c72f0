/**
 * Runs a test file on Node: `node --import ./tests/_node.ts tests/_node_run.ts FILE`.
 * @module
 */
import { resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { runRegistered } from "./_runner.ts";

await import(pathToFileURL(resolve(process.argv[2]!)).href);
// What a test has left open must not keep the process.
process.exit(await runRegistered() ? 0 : 1);

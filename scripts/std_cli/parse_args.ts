/**
 * `@std/cli` of JSR for development, where deno.json links it: the same code, as npm has it, so that nothing but npm is needed.
 * @module
 */
// @ts-ignore -- the npm package has no types
export { parseArgs } from "npm:deno-std@1.4.0/cli/parse_args.js";

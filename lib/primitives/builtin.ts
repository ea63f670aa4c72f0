/**
 * What the runtime gives. Modules that take megabytes and milliseconds, and that many processes never need, are loaded at the first use.
 * Each front door imports this file first: one that is too old is told so in one sentence, before anything fails for a reason that nobody
 * understands.
 * @module
 */
import process from "node:process";

if (typeof AsyncDisposableStack === "undefined") {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  const found = bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
  throw new Error(`Huey needs Bun 1.4, Deno 2.9, Node 24, or a later version of one of them: this is ${found}`);
}

let zlibModule: typeof import("node:zlib") | undefined;
let cryptoModule: typeof import("node:crypto") | undefined;
let utilModule: typeof import("node:util") | undefined;

/** `node:zlib`. */
export function zlib(): typeof import("node:zlib") {
  return zlibModule ??= process.getBuiltinModule("node:zlib");
}

/** `node:crypto`. */
export function nodeCrypto(): typeof import("node:crypto") {
  return cryptoModule ??= process.getBuiltinModule("node:crypto");
}

/** `node:util`. */
export function util(): typeof import("node:util") {
  return utilModule ??= process.getBuiltinModule("node:util");
}

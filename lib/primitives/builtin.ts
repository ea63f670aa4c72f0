/**
 * Modules of the runtime that take megabytes and milliseconds, and that many processes never need: each is loaded at the first use.
 * @module
 */
import process from "node:process";

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

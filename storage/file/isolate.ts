/**
 * Who this isolate is, so that others can tell whether what it left behind still has an owner.
 * @module
 */
import { Buffer } from "node:buffer";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { nodeCrypto } from "../../lib/builtin.ts";
import { codeOf } from "./errors.ts";

/** Tells this isolate's files from those of all others. */
export const ISOLATE_SUFFIX: string = Buffer.from(crypto.getRandomValues(new Uint8Array(6))).toString("hex");

let ownHost: string | undefined;
let lastNumber = 0;

/** Host, process and isolate, as the name of a folder. */
export function isolateName(): string {
  return `${host()}-${process.pid}-${ISOLATE_SUFFIX}`;
}

/** A number that this isolate has not used yet. */
export function nextNumber(): number {
  return ++lastNumber;
}

/**
 * Whether the process of an isolate is known to have ended. One on another host counts as alive.
 *
 * @param isolate As `isolateName` makes it.
 */
export function hasEnded(isolate: string): boolean {
  const [itsHost, pid] = isolate.split("-");
  if (itsHost !== host()) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
}

/** A hash, since the name of a host may be no name for a file. */
function host(): string {
  return ownHost ??= nodeCrypto().hash("sha256", `${hostName()} ${processNamespace()}`).slice(0, 8);
}

/** Deno may not be allowed to tell. */
function hostName(): string {
  try {
    return hostname();
  } catch {
    // Processes on hosts that share a disk then hold each other's process ids for their own, unless their name spaces differ.
    return "";
  }
}

/** Containers may share a host name, but not their process ids. */
function processNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    // Not Linux: the host name has to do.
    return "";
  }
}

/**
 * Who this isolate is, so that others can tell whether what it left behind still has an owner.
 * @module
 */
import { hash, randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { codeOf } from "./errors.ts";

/** Tells this isolate's files from those of all others. */
export const ISOLATE_SUFFIX: string = randomBytes(6).toString("hex");

const HOST = hash("sha256", `${hostName()} ${processNamespace()}`).slice(0, 8);

/** Host, process and isolate, as the name of a folder. */
export const ISOLATE: string = `${HOST}-${process.pid}-${ISOLATE_SUFFIX}`;

let lastNumber = 0;

/** A number that this isolate has not used yet. */
export function nextNumber(): number {
  return ++lastNumber;
}

/**
 * Whether the process of an isolate is known to have ended. One on another host counts as alive.
 *
 * @param isolate As in `ISOLATE`.
 */
export function hasEnded(isolate: string): boolean {
  const [host, pid] = isolate.split("-");
  if (host !== HOST) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return codeOf(error) === "ESRCH";
  }
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

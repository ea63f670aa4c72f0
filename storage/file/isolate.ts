/**
 * Who holds a lock: machine, process and isolate, and whether it is still there.
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import { isMainThread } from "node:worker_threads";
import { nodeCrypto } from "../../lib/primitives/builtin.ts";

/** An isolate, as the name of the lock tells it. */
export interface Isolate {
  /** Host, boot and process name space, as a hash; all zeros where they cannot be read. */
  readonly machine: string;
  readonly pid: number;
  /** When the process started, in ticks since the boot; 0 where it cannot be read. */
  readonly start: number;
  /** Whether it lives exactly as long as its process. One of a worker thread may end before. */
  readonly isMain: boolean;
  /** Tells this isolate from all others. */
  readonly id: string;
}

const UNKNOWN = "0".repeat(16);

let own: Isolate | undefined;

/** This isolate. */
export function ownIsolate(): Isolate {
  if (own !== undefined) return own;
  const id = nodeCrypto().randomBytes(6).toString("hex");
  const start = startOf("self") ?? 0;
  // Deno calls every isolate the main thread.
  const isMain = isMainThread && !("WorkerGlobalScope" in globalThis);
  return own = { machine: start === 0 ? UNKNOWN : machineHash(), pid: process.pid, start, isMain, id };
}

/** Whether an isolate has ended; `undefined` where that cannot be known from here. */
export function hasEnded(isolate: Isolate): boolean | undefined {
  if (isolate.machine === UNKNOWN || isolate.machine !== ownIsolate().machine) return undefined;
  const isThere = startOf(isolate.pid) === isolate.start;
  if (!isThere) return true;
  return isolate.isMain ? false : undefined;
}

/** When a process started. A process that has ended and that its parent has not asked about yet (`Z`) is gone. */
function startOf(pid: number | "self"): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program comes first, and may hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

function machineHash(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return nodeCrypto().hash("sha256", `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`).slice(0, 16);
  } catch {
    // Not Linux, or the runtime may not tell. Processes then count as if they were on different machines.
    return UNKNOWN;
  }
}

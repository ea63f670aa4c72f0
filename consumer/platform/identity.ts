/**
 * Who a consumer is, and whether another one on the same host is gone.
 * @module
 */
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import process from "node:process";
import type { Lease } from "../../lib/storage.ts";

/** What identifies a consumer in its leases. */
export interface Identity {
  /** Unique for ever: host, process id, start of the process, and something random. */
  readonly consumer: string;
  /** Equal only where the process ids of both mean the same: one boot of one machine, one container. */
  readonly host: string;
  readonly pid: number;
}

/** A new identity for a consumer in this process. */
export function newIdentity(): Identity {
  const host = thisHost();
  const { pid } = process;
  const random = crypto.randomUUID().slice(0, 8);
  return { consumer: `${host.split("/")[0]}-${pid}-${startOf(pid) ?? 0}-${random}`, host, pid };
}

/** Whether the consumer of a lease ran on this host and its process does not exist any more. When in doubt: no. */
export function isGone(lease: Lease, host: string): boolean {
  if (lease.host !== host || lease.pid === process.pid) return false;
  if (!processExists(lease.pid)) return true;
  // The id may have been given to another process since.
  const started = /-(\d+)-[^-]+$/.exec(lease.consumer)?.[1] ?? "0";
  const current = startOf(lease.pid);
  return started !== "0" && current !== undefined && current !== started;
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user exists although it may not be signalled; without permission to ask, it counts as existing.
    return (error as { code?: string }).code !== "ESRCH";
  }
}

/** Start of a process, in ticks since the boot; `undefined` where that cannot be read. */
function startOf(pid: number): string | undefined {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  // The name of the program, in parentheses, may contain spaces.
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function thisHost(): string {
  const name = read(() => hostname());
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const space = read(() => readlinkSync("/proc/self/ns/pid"));
  // A name alone may be shared by machines; then only the lease tells that a consumer is gone.
  if (name === undefined || (process.platform === "linux" && boot === undefined)) return `unknown/${crypto.randomUUID()}`;
  return [name, boot, space].filter((part) => part !== undefined).join("/");
}

function read(from: () => string): string | undefined {
  try {
    return from();
  } catch {
    // Not this operating system, or not permitted.
    return undefined;
  }
}

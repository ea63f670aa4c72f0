/**
 * Calls of the file system that fail: the nth one, or all from the nth one on, with an error that a system would give. Reaches all code
 * that uses the default export of `node:fs`, as the file driver does.
 * @module
 */
import fs from "node:fs";
import { StorageError } from "../../lib/errors.ts";

/** What the file driver calls, and the errors that each may meet. */
const CALLS = {
  openSync: ["EIO", "ENOSPC", "EACCES", "EMFILE"],
  closeSync: ["EIO"],
  readSync: ["EIO"],
  readFileSync: ["EIO"],
  writeSync: ["EIO", "ENOSPC"],
  fsyncSync: ["EIO", "ENOSPC"],
  fdatasyncSync: ["EIO", "ENOSPC"],
  fstatSync: ["EIO"],
  lstatSync: ["EIO", "EACCES"],
  statSync: ["EIO", "EACCES"],
  watch: ["EMFILE", "ENOSPC"],
  readdirSync: ["EIO", "EACCES", "EMFILE"],
  mkdirSync: ["EIO", "ENOSPC", "EACCES"],
  chmodSync: ["EIO", "EACCES"],
  fchmodSync: ["EIO"],
  linkSync: ["EIO", "ENOSPC", "EACCES"],
  renameSync: ["EIO", "ENOSPC", "EACCES"],
  utimesSync: ["EIO", "EACCES"],
  rmSync: ["EIO", "EACCES"],
} as const;

type Name = keyof typeof CALLS;
type Call = (...args: unknown[]) => unknown;

const live = fs as unknown as Record<Name, Call>;
const originals = Object.fromEntries(Object.keys(CALLS).map((name) => [name, live[name as Name]])) as Record<Name, Call>;

/** All errors of all calls. */
export const CODES: readonly string[] = [...new Set(Object.values(CALLS).flat())];

/** What happens at the nth call, and to those that follow. */
export type Fault =
  /** It fails. Calls that cannot meet the error are not counted. */
  | { readonly kind: "once"; readonly code: string }
  /** It fails, and so do all that follow and can meet the error. */
  | { readonly kind: "for good"; readonly code: string }
  /** It is carried out, a write by half, and fails all the same. */
  | { readonly kind: "late" }
  /** The process ends before it: none is carried out any more. */
  | { readonly kind: "killed" }
  /** Somebody removes a folder before it. */
  | { readonly kind: "removed"; readonly folder: string };

/** Thrown instead of a call by a process that is dead. */
class Killed extends StorageError {}

/** What an action has come to. */
export interface Suffered {
  /** How many calls were counted. */
  readonly count: number;
  /** The call that the fault has met; `undefined` if the action got through before. */
  readonly met?: string | undefined;
  /** What the action has thrown. */
  readonly error?: unknown;
}

/** Runs an action with a fault at a call. @param at Counted from 1. */
export async function withFault(fault: Fault, at: number, action: () => Promise<unknown>): Promise<Suffered> {
  let count = 0;
  let met: string | undefined;
  for (const name of Object.keys(CALLS) as Name[]) {
    live[name] = (...args: unknown[]): unknown => {
      if ("code" in fault && !(CALLS[name] as readonly string[]).includes(fault.code)) return originals[name](...args);
      if (++count === at) met = `${name} ${String(args[0]).slice(0, 200)}`;
      if (count < at) return originals[name](...args);
      return suffer(fault, count === at, name, args);
    };
  }
  try {
    await action();
    return { count, met };
  } catch (error) {
    return { count, met, error };
  } finally {
    Object.assign(live, originals);
  }
}

function suffer(fault: Fault, isFirst: boolean, name: Name, args: unknown[]): unknown {
  const go = (): unknown => originals[name](...args);
  if (fault.kind === "killed") throw new Killed();
  if (fault.kind === "removed" && isFirst) originals.rmSync(fault.folder, { recursive: true, force: true });
  if (fault.kind === "removed" || !isFirst && fault.kind !== "for good") return go();
  if (fault.kind === "late" && name === "writeSync") return originals.writeSync(args[0], ...half(args.slice(1)));
  // A file is closed whatever a close says, and what was not opened has nothing to be closed by.
  if (name === "closeSync" || fault.kind === "late" && name !== "openSync" && name !== "watch") go();
  const { code } = { code: "EIO", ...fault };
  throw Object.assign(new Error(`${code}: ${name} of a test`), { code });
}

/** What is written of some bytes, from an offset on. */
function half(args: unknown[]): [Uint8Array, number] {
  const [bytes, offset = 0] = args as [Uint8Array, number?];
  return [bytes.subarray(0, offset + Math.ceil((bytes.length - offset) / 2)), offset];
}

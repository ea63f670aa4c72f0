/**
 * Revocations: stopping invocations before they run, and running ones as soon as they look.
 * @module
 */
import { CancelExecution, DecodeError } from "./errors.ts";
import type { Core, Running } from "./core.ts";
import { instantMs } from "./time.ts";
import type { RevokeOptions, TaskInfo } from "./types/calling.ts";

interface Revocation {
  /** The invocation that a one-shot revocation of its task has stopped; the entry goes with its settlement. */
  readonly by?: string | undefined;
  /** The invocation goes on as another one, which also takes its place in a chord. */
  readonly moved?: boolean | undefined;
  readonly until?: number | undefined;
  readonly once?: boolean | undefined;
}

/** Why a running task is aborted when it is revoked. */
export class RevokedWhileRunning extends CancelExecution {
  override name = "RevokedWhileRunning";
  readonly taskId: string;
  constructor(id: string) {
    super(`Task ${id} was revoked while it ran`, { retry: false });
    this.taskId = id;
  }
}

/** Stores a revocation under `r:<task id>` or `rt:<task name>`; a new one replaces the old one. */
export async function revokeKey(core: Core, key: string, options: RevokeOptions): Promise<void> {
  const until = options.until === undefined ? undefined : instantMs(options.until, "until");
  const revocation: Revocation = { until, once: options.once };
  await core.storage.revocations.put(key, encode(revocation));
}

/** Revokes an invocation that goes on under another id. */
export async function revokeMoved(core: Core, id: string): Promise<void> {
  const revocation: Revocation = { once: true, moved: true };
  await core.storage.revocations.put(`r:${id}`, encode(revocation));
}

/** Deletes a revocation. @returns whether it was there */
export async function restoreKey(core: Core, key: string): Promise<boolean> {
  return await core.storage.revocations.delete(key);
}

/** Whether a key is revoked at a time; consumes nothing. */
export async function isKeyRevoked(core: Core, key: string, atMs: number): Promise<boolean> {
  return applies(parse(await core.storage.revocations.peek(key)), atMs);
}

/** Whether an invocation is revoked: its own revocation first, then that of its task. Consumes nothing. */
export async function isTaskRevoked(core: Core, task: Pick<TaskInfo, "id" | "name">, atMs: number): Promise<boolean> {
  const found = await core.storage.revocations.peekMany([`r:${task.id}`, `rt:${task.name}`]);
  return found.some((data) => applies(parse(data), atMs));
}

/** What the check before a run found. */
export interface RevocationCheck {
  readonly revoked: boolean;
  /** The invocation goes on under another id. */
  readonly moved: boolean;
  /** Keys that the check uses up: a one-shot revocation. */
  readonly used: readonly string[];
}

/**
 * The check before a run (huey-behaviour section 3): an invocation's own revocation hides that of its task, so that a one-shot
 * revocation of the task stays for the next invocation.
 */
export async function checkRevocation(core: Core, task: Pick<TaskInfo, "id" | "name">): Promise<RevocationCheck> {
  const keys = [`r:${task.id}`, `rt:${task.name}`];
  const found = await core.storage.revocations.peekMany(keys);
  const nowMs = Date.now();
  for (const [index, key] of keys.entries()) {
    const data = found[index];
    const revocation = parse(data);
    if (data === undefined || revocation === undefined) continue;
    if (revocation.by === task.id || applies(revocation, nowMs)) {
      // Several invocations may look at once, and only one is to be stopped.
      if (revocation.once && !await takeOnce(core, key, data, revocation, task.id)) return await checkRevocation(core, task);
      return { revoked: true, moved: revocation.moved ?? false, used: revocation.once ? [key] : [] };
    }
    // One whose time has passed.
    if (revocation.by === undefined) await core.storage.revocations.deleteIfEqual(key, data);
  }
  return { revoked: false, moved: false, used: [] };
}

/** Those of the running attempts that are revoked now. */
export async function revokedNow(core: Core, running: readonly Running[]): Promise<Running[]> {
  const keys = running.flatMap(({ message }) => [`r:${message.id}`, `rt:${message.name}`]);
  const found = await core.storage.revocations.peekMany(keys);
  const nowMs = Date.now();
  return running.filter((_, index) =>
    [found[2 * index], found[2 * index + 1]].some((data) => {
      const revocation = parse(data);
      return applies(revocation, nowMs) && !(revocation?.once && data === found[2 * index + 1]);
    })
  );
}

/** Claims a one-shot revocation for an invocation. @returns false if somebody else was faster */
async function takeOnce(core: Core, key: string, seen: Uint8Array, revocation: Revocation, id: string): Promise<boolean> {
  if (revocation.by === id) return true;
  return await core.storage.revocations.replaceIfEqual(key, seen, encode({ ...revocation, by: id }));
}

function encode(revocation: Revocation): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(revocation));
}

function applies(revocation: Revocation | undefined, atMs: number): boolean {
  if (revocation === undefined || revocation.by !== undefined) return false;
  return revocation.once === true || revocation.until === undefined || revocation.until > atMs;
}

function parse(data: Uint8Array | undefined): Revocation | undefined {
  if (data === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(data));
    if (typeof parsed !== "object" || parsed === null) throw new TypeError("It is no object");
    return parsed as Revocation;
  } catch (cause) {
    throw new DecodeError("A stored revocation cannot be read", { cause });
  }
}

/**
 * Revocations: stopping invocations before they run, and running ones as soon as they look. They are stored as JSON, so that other
 * programs can revoke too.
 * @module
 */
import { CancelExecution } from "../errors.ts";
import { isEnded } from "../core/about.ts";
import type { Core, Running } from "../core/core.ts";
import { jsonBytes, readJson } from "../primitives/json.ts";
import { isRecord } from "../primitives/limits.ts";
import { DAY_MS, instantMs } from "../primitives/time.ts";
import type { RevokeOptions, TaskInfo } from "../types/calling.ts";

/** How much of an invocation goes on under another id: with all that follows it, or alone; its place in a chord in both cases. */
export type RescheduleExtent = "whole" | "alone";

/** Under which key the revocation of an invocation is stored. */
export function revocationKey(id: string): string {
  return `r:${id}`;
}

/** Under which key the revocation of a whole task is stored. */
export function taskRevocationKey(name: string): string {
  return `rt:${name}`;
}

/** A revocation, as it stands under `r:<task id>` or `rt:<task name>`. */
interface Revocation {
  /** The invocation that a one-shot revocation of its task has stopped; the entry goes with its settlement. */
  readonly by?: string | undefined;
  readonly rescheduled?: RescheduleExtent | undefined;
  readonly until?: number | undefined;
  readonly once?: boolean | undefined;
}

/** Why a running task is aborted when it is revoked. */
export class RevokedWhileRunning extends CancelExecution {
  override name = "RevokedWhileRunning";
  /** It goes on as another invocation. */
  readonly rescheduled: RescheduleExtent | undefined;
  constructor(id: string, rescheduled?: RescheduleExtent) {
    super(`Task ${id} was revoked while it ran`, { retry: false });
    this.rescheduled = rescheduled;
  }
}

/** The invocation that is to be revoked, and what is known of it. */
export interface RevokeTarget {
  readonly id: string;
  /** This Huey has enqueued it: if the storage knows nothing of it, it has ended. */
  readonly enqueued?: boolean | undefined;
  readonly etaMs?: number | undefined;
}

/** How long a revocation waits for a task of which nothing is known: one that is not enqueued yet, */
const KEPT_MS = 7 * DAY_MS;
/** or, without `trackState`, any that has not ended. */
const KEPT_UNTRACKED_MS = 366 * DAY_MS;

/**
 * Revokes an invocation. Of one that has ended nothing is kept: nobody would use it up, or the next task of that id would.
 *
 * @param rescheduled It goes on as another invocation.
 */
export async function revokeTask(
  core: Core,
  target: RevokeTarget,
  options: RevokeOptions,
  rescheduled?: RescheduleExtent,
): Promise<void> {
  const until = options.until === undefined ? undefined : instantMs(options.until, "until");
  const key = revocationKey(target.id);
  const stored = await core.storage.state(target.id);
  if (hasEnded(core, target, stored)) return;
  const lifeMs = stored === undefined ? keptMs(core, target) : undefined;
  const data = await write(core, key, { until, once: options.once, rescheduled }, lifeMs);
  // It may have ended between the look and the note.
  const now = await core.storage.state(target.id);
  if (now?.state !== "revoked" && hasEnded(core, target, now)) await core.storage.revocations.deleteIfEqual(key, data);
}

/** Revokes a whole task; a new revocation replaces the old one. */
export async function revokeAll(core: Core, name: string, { once, until }: RevokeOptions): Promise<void> {
  const atMs = until === undefined ? undefined : instantMs(until, "until");
  await write(core, taskRevocationKey(name), { until: atMs, once }, undefined);
}

/** @param lifeMs How long it is kept, if its time does not end it. */
async function write(core: Core, key: string, revocation: Revocation, lifeMs: number | undefined): Promise<Uint8Array> {
  const { once, until } = revocation;
  const data = jsonBytes(revocation);
  const leftMs = once || until === undefined ? undefined : until - core.clock.now();
  if (leftMs !== undefined && leftMs <= 0) await core.storage.revocations.delete(key);
  else await core.storage.revocations.put(key, data, leftMs ?? lifeMs);
  return data;
}

/** Deletes a revocation. @returns whether it was there */
export async function restoreKey(core: Core, key: string): Promise<boolean> {
  return await core.storage.revocations.delete(key);
}

/** Whether a key is revoked at a time; consumes nothing. */
export async function isKeyRevoked(core: Core, key: string, atMs: number): Promise<boolean> {
  return applies(revocationOf(core, key, await core.storage.revocations.peek(key)), atMs);
}

/**
 * Whether an invocation is revoked: its own revocation first, then that of its task. Consumes nothing.
 *
 * @param running It runs: a revocation for the next invocation of its task is not for it.
 */
export async function isTaskRevoked(
  core: Core,
  task: Pick<TaskInfo, "id" | "name">,
  atMs: number,
  running: boolean = false,
): Promise<boolean> {
  const [own, ofTask] = await read(core, [revocationKey(task.id), taskRevocationKey(task.name)]);
  return applies(own!.revocation, atMs) || (running ? stopsRunning : applies)(ofTask!.revocation, atMs);
}

/** Those of the registered tasks that are revoked as a whole. @param running Asks for what stops invocations that run. */
export async function revokedTasks(core: Core, running: boolean = false): Promise<string[]> {
  const names = core.registry.known().map(({ name }) => name);
  const found = names.length === 0 ? [] : await read(core, names.map((name) => taskRevocationKey(name)));
  const nowMs = core.clock.now();
  const isStopped = running ? stopsRunning : applies;
  return names.filter((_, index) => isStopped(found[index]!.revocation, nowMs));
}

/** Whether the revocation of a task stops its running invocations: one for the next invocation is for one that has not begun. */
function stopsRunning(revocation: Revocation | undefined, atMs: number): boolean {
  return applies(revocation, atMs) && !revocation?.once;
}

/** What the check before a run found. */
export interface RevocationCheck {
  readonly revoked: boolean;
  /** The invocation goes on under another id. */
  readonly rescheduled: RescheduleExtent | undefined;
  /** Keys that the check uses up: a one-shot revocation. */
  readonly used: readonly string[];
}

/**
 * The check before a run: an invocation's own revocation hides that of its task, so that a one-shot
 * revocation of the task stays for the next invocation.
 */
export async function checkRevocation(core: Core, task: Pick<TaskInfo, "id" | "name">): Promise<RevocationCheck> {
  for (const found of await read(core, [revocationKey(task.id), taskRevocationKey(task.name)])) {
    const { key, data, revocation } = found;
    if (data === undefined || revocation === undefined) continue;
    if (revocation.by === task.id || applies(revocation, core.clock.now())) {
      // Several invocations may look at once, and only one is to be stopped.
      if (!await use(core, found, task.id)) return await checkRevocation(core, task);
      return { revoked: true, rescheduled: revocation.rescheduled, used: revocation.once ? [key] : [] };
    }
    // One whose time has passed.
    if (revocation.by === undefined) await core.storage.revocations.deleteIfEqual(key, data);
  }
  return { revoked: false, rescheduled: undefined, used: [] };
}

/** A running attempt that is revoked. */
export interface RevokedAttempt {
  readonly running: Running;
  /** It goes on as another invocation. */
  readonly rescheduled: RescheduleExtent | undefined;
}

/** Those of the running attempts that are revoked now. */
export async function findRevokedAttempts(core: Core, running: readonly Running[]): Promise<RevokedAttempt[]> {
  const found = await read(
    core,
    running.flatMap(({ message }) => [revocationKey(message.id), taskRevocationKey(message.name)]),
  );
  const nowMs = core.clock.now();
  return running.flatMap((each, index) => {
    const [own, ofTask] = [found[2 * index]!.revocation, found[2 * index + 1]!.revocation];
    const stops = applies(own, nowMs) || stopsRunning(ofTask, nowMs);
    return stops ? [{ running: each, rescheduled: own?.rescheduled }] : [];
  });
}

interface Found {
  readonly key: string;
  readonly data: Uint8Array | undefined;
  /** `undefined` also for what is no revocation. */
  readonly revocation: Revocation | undefined;
}

async function read(core: Core, keys: readonly string[]): Promise<Found[]> {
  const found = await core.storage.revocations.peekMany(keys);
  return keys.map((key, index) => ({ key, data: found[index], revocation: revocationOf(core, key, found[index]) }));
}

/** Claims a one-shot revocation for an invocation; keeps another for as long as it is used. @returns false if somebody was faster */
async function use(core: Core, { key, data, revocation }: Found, id: string): Promise<boolean> {
  const { once, by, until } = revocation!;
  if (by === id) return true;
  const { revocations } = core.storage;
  if (once) return await revocations.replaceIfEqual(key, data, jsonBytes({ ...revocation, by: id }), KEPT_MS);
  if (until === undefined && key === revocationKey(id)) await revocations.replaceIfEqual(key, data, data!, KEPT_MS);
  return true;
}

function applies(revocation: Revocation | undefined, atMs: number): boolean {
  if (revocation === undefined || revocation.by !== undefined) return false;
  return revocation.once === true || revocation.until === undefined || revocation.until > atMs;
}

function hasEnded(core: Core, { enqueued }: RevokeTarget, stored: Awaited<ReturnType<Core["storage"]["state"]>>): boolean {
  return stored === undefined ? enqueued === true && core.settings.trackState : isEnded(stored);
}

function keptMs(core: Core, { etaMs = 0 }: RevokeTarget): number {
  return Math.max(0, etaMs - core.clock.now()) + (core.settings.trackState ? KEPT_MS : KEPT_UNTRACKED_MS);
}

/** What stands under a key; `undefined` for nothing, and, with a line in the log, for what is no revocation. */
function revocationOf(core: Core, key: string, data: Uint8Array | undefined): Revocation | undefined {
  const found = readJson(data);
  if (isRevocation(found)) return found;
  if (data !== undefined) tell(core, key);
  return undefined;
}

function isRevocation(found: unknown): found is Revocation {
  if (!isRecord(found)) return false;
  const { by, rescheduled, until, once } = found;
  const isNote = by === undefined || typeof by === "string";
  const isTime = until === undefined || Number.isFinite(until);
  return isNote && isTime && (once === undefined || typeof once === "boolean") &&
    (rescheduled === undefined || rescheduled === "whole" || rescheduled === "alone");
}

const told = new WeakMap<Core, Set<string>>();
const MOST_TOLD = 1000;

/** Once for each: every task asks for the revocation of its kind. */
function tell(core: Core, key: string): void {
  let keys = told.get(core);
  if (keys === undefined || keys.size >= MOST_TOLD) told.set(core, keys = new Set());
  if (keys.has(key)) return;
  keys.add(key);
  core.logger.warn(`The revocation stored under ${JSON.stringify(key)} cannot be read: it is skipped`);
}

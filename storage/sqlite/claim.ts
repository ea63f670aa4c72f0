/**
 * Waiting operations of the SQLite storage: claim, the due time, the end of a task.
 * @module
 */
import type { ClaimBatch, ClaimOptions, WaitOptions } from "../../lib/storage.ts";
import { hasAny, hasRevocations } from "./entries.ts";
import { soonestMs } from "./schedule.ts";
import { KIND } from "./schema.ts";
import type { Session } from "./session.ts";
import { hasEnded } from "./settle.ts";
import { claimTasks, hasWaiting } from "./tasks.ts";
import type { SqliteWaits } from "./waits.ts";
import type { SqliteWriter } from "./writer.ts";
import { Deadline } from "../waiters.ts";

/** The schedule is looked at this often at least, so that a clock that was set is noticed. */
const LONGEST_DUE_WAIT_MS = 1000;

/** See `Storage.claim`. */
export async function claim(
  writer: SqliteWriter,
  waits: SqliteWaits,
  limit: number,
  options: ClaimOptions,
): Promise<ClaimBatch> {
  const { waitMs, signal } = options;
  const deadline = new Deadline(waitMs);
  let batch = await claimNow(writer, limit, options);
  while (batch.claims.length === 0 && limit > 0 && !deadline.passed && !signal?.aborted && !writer.closed) {
    const sleep = waits.forTopic("queue", deadline.remainingMs, signal);
    try {
      batch = await claimNow(writer, limit, options);
      if (batch.claims.length > 0) break;
      finishEnded(writer);
      await sleep.ended;
    } finally {
      sleep.cancel();
    }
  }
  return batch;
}

/** See `Storage.waitDue`. */
export async function waitDue(writer: SqliteWriter, waits: SqliteWaits, maxMs: number, signal?: AbortSignal): Promise<void> {
  const deadline = new Deadline(maxMs);
  while (!deadline.passed && !signal?.aborted) {
    const sleep = waits.forTopic("schedule", Math.min(deadline.remainingMs ?? Infinity, LONGEST_DUE_WAIT_MS), signal);
    try {
      const dueMs = await writer.read(soonestMs);
      const inMs = dueMs === undefined ? Infinity : dueMs - Date.now();
      if (inMs <= 0) return;
      if (inMs < LONGEST_DUE_WAIT_MS) sleep.shorten(inMs);
      await sleep.ended;
      if (writer.closed) return;
    } finally {
      sleep.cancel();
    }
  }
}

/** See `Storage.waitForResult`. */
export async function waitForResult(
  writer: SqliteWriter,
  waits: SqliteWaits,
  id: string,
  options: WaitOptions,
): Promise<boolean> {
  const { timeoutMs, signal } = options;
  const deadline = new Deadline(timeoutMs);
  const look = (): Promise<boolean> => writer.read((session) => hasEnded(session, id));
  while (!await look()) {
    signal?.throwIfAborted();
    if (deadline.passed) return false;
    const sleep = waits.forTask(id, deadline.remainingMs, signal);
    try {
      if (await look()) return true;
      await sleep.ended;
    } finally {
      sleep.cancel();
    }
  }
  return true;
}

/** Does what was put off while there was work to do. Nobody depends on it: what fails now is done with the next ending. */
function finishEnded(writer: SqliteWriter): void {
  if (writer.glance((session) => session.ended.some)) writer.write((session) => session.ended.finish(session)).catch(() => {});
}

async function claimNow(writer: SqliteWriter, limit: number, options: ClaimOptions): Promise<ClaimBatch> {
  // A transaction that is made anyway is joined without looking: settling and claiming together cost one.
  if (!writer.pending || options.signal?.aborted || limit < 1) {
    const look = await writer.read((session) => limit >= 1 && hasWaiting(session) ? undefined : emptyBatch(session));
    if (look !== undefined) return look;
  }
  return await claimUnlessAborted(writer, limit, options);
}

/** An abort ends it at once, even while another process holds the lock, and then nothing is claimed. */
function claimUnlessAborted(writer: SqliteWriter, limit: number, { signal, owner }: ClaimOptions): Promise<ClaimBatch> {
  let isTaken = false;
  const written = writer.write((session) => {
    const claims = signal?.aborted ? [] : claimTasks(session, limit, owner);
    isTaken = claims.length > 0;
    return { claims, revocations: hasRevocations(session) };
  });
  if (signal === undefined) return written;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      if (!isTaken) resolve({ claims: [], revocations: true });
    };
    signal.addEventListener("abort", onAbort);
    written.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    if (signal.aborted) onAbort();
  });
}

function emptyBatch(session: Session): ClaimBatch {
  return { claims: [], revocations: hasAny(session, KIND.revocation) };
}

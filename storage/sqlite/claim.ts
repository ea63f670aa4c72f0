/**
 * Claiming, and the waiting for it.
 * @module
 */
import { type Clock, sleep } from "../../lib/primitives/clock.ts";
import type { ClaimBatch, ClaimOptions, Topic } from "../../lib/storage.ts";
import { Deadline } from "../waiters.ts";
import { hasAny, hasRevocations } from "./entries.ts";
import { soonestMs } from "./schedule.ts";
import { KIND } from "./schema.ts";
import type { Session } from "./session.ts";
import { claimTasks, hasWaiting } from "./tasks.ts";
import type { SqliteWaits } from "./waits.ts";
import type { SqliteWriter } from "./writer.ts";

/** The schedule is looked at this often at least, so that a clock that was set is noticed. */
const LONGEST_DUE_WAIT_MS = 1000;

/** What waiting needs. */
export interface Waiting {
  readonly clock: Clock;
  readonly writer: SqliteWriter;
  readonly waits: SqliteWaits;
}

/** See `Storage.claim`. */
export async function claim(waiting: Waiting, limit: number, options: ClaimOptions): Promise<ClaimBatch> {
  const { clock, writer } = waiting;
  const { waitMs, signal } = options;
  const deadline = new Deadline(waitMs, clock);
  let batch = await claimNow(writer, limit, options);
  while (batch.claims.length === 0 && limit > 0 && !deadline.passed && !signal?.aborted && !writer.closed) {
    await untilRing(waiting, "queue", signal, async () => {
      batch = await claimNow(writer, limit, options);
      return batch.claims.length > 0 ? 0 : deadline.remainingMs;
    });
  }
  return batch;
}

/** See `Storage.waitDue`. */
export async function waitDue(waiting: Waiting, maxMs: number, signal?: AbortSignal): Promise<void> {
  const { clock, writer } = waiting;
  const deadline = new Deadline(maxMs, clock);
  let isDue = false;
  await writer.read(() => {});
  while (!isDue && !deadline.passed && !signal?.aborted && !writer.closed) {
    await untilRing(waiting, "schedule", signal, async () => {
      const dueMs = await writer.read(soonestMs) ?? Infinity;
      isDue = dueMs <= clock.now();
      return isDue ? 0 : Math.min(dueMs - clock.now(), deadline.remainingMs ?? Infinity, LONGEST_DUE_WAIT_MS);
    });
  }
}

/** Looks, and then waits for a ring, an abort, or as long as `look` says; `undefined`: without a limit. */
async function untilRing(
  { clock, waits }: Waiting,
  topic: Topic,
  signal: AbortSignal | undefined,
  look: () => Promise<number | undefined>,
): Promise<void> {
  const rung = new AbortController();
  const stop = waits.listen(topic, () => rung.abort());
  const wake = (): void => rung.abort();
  signal?.addEventListener("abort", wake);
  if (signal?.aborted) rung.abort();
  try {
    const waitMs = await look() ?? Infinity;
    if (waitMs > 0) await sleep(clock, waitMs, rung.signal);
  } finally {
    signal?.removeEventListener("abort", wake);
    stop();
  }
}

/** Does what was put off while there was work to do. Nobody depends on it: what fails now is done with the next ending. */
function finishEnded(writer: SqliteWriter): void {
  if (writer.glance((session) => session.ended.some)) writer.write((session) => session.ended.finish(session)).catch(() => {});
}

async function claimNow(writer: SqliteWriter, limit: number, options: ClaimOptions): Promise<ClaimBatch> {
  // A transaction that is made anyway is joined without looking: settling and claiming together cost one.
  if (!writer.pending || options.signal?.aborted || limit < 1) {
    const look = await writer.read((session) => limit >= 1 && hasWaiting(session) ? undefined : emptyBatch(session));
    if (look !== undefined) {
      finishEnded(writer);
      return look;
    }
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

/**
 * The statements on locks that end with whoever holds them. A holder is the token of a claim or, once a function goes on running
 * after its claim, a worker: the queue's number, the consumer and the worker as JSON, so that those of a consumer stand together.
 * @module
 */
import type { Owner, OwnerFilter } from "../../../lib/storage.ts";
import { readText } from "../connection/columns.ts";
import type { Session } from "../connection/session.ts";

/** Behind every text that begins with the one before it. */
const LAST = "\u{10ffff}";

const LIVING = "select 1 from huey_lease where queue = ? and consumer = ? and expires_ms + 0 > ?";

const HOLDERS = "select distinct holder from huey_entry where holder >= ? and holder < ?";

/** Deletes the locks that a claim holds. */
export function dropLocks(session: Session, token: string): void {
  session.run("delete from huey_entry where holder = ?", token);
}

/** The locks of a claim belong to a worker from now on. */
export function passLocks(session: Session, token: string, owner: Owner): void {
  session.run("update huey_entry set holder = ? where holder = ?", workerHolder(session, owner), token);
}

/** The first and the last that can stand for the workers of a consumer, or for one of them. */
export function rangeOf(session: Session, { consumer, worker }: OwnerFilter): [string, string] {
  const start = worker === undefined
    ? `${JSON.stringify([session.queue, consumer]).slice(0, -1)},`
    : workerHolder(session, { consumer, worker });
  return [start, worker === undefined ? start + LAST : start];
}

/** The holders of locks that were passed to consumers without a lease. @param own A consumer that is not looked at */
export function lostHolders(session: Session, own: string | undefined): string[] {
  const start = `[${session.queue},`;
  return session.all(HOLDERS, start, start + LAST).map(({ holder }) => readText(holder)).filter((holder) => {
    const consumer = consumerOf(holder);
    if (consumer === undefined || consumer === own) return false;
    return session.get(LIVING, session.queue, consumer, session.now()) === undefined;
  });
}

/** What stands for a worker. */
export function workerHolder(session: Session, { consumer, worker }: Owner): string {
  return JSON.stringify([session.queue, consumer, worker]);
}

function consumerOf(holder: string): string | undefined {
  try {
    const consumer: unknown = (JSON.parse(holder) as unknown[])[1];
    return typeof consumer === "string" ? consumer : undefined;
  } catch {
    return undefined;
  }
}

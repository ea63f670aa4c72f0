/**
 * The statements on locks that end with whoever holds them. A holder is the token of a claim or, once a function goes on running
 * after its claim, a worker: the queue's number, the consumer and the worker as JSON, so that those of a consumer stand together.
 * @module
 */
import type { Owner, OwnerFilter } from "../../../lib/storage.ts";
import { readText } from "../connection/columns.ts";
import type { Connection } from "../connection/connection.ts";

/** Behind every text that begins with the one before it. */
const LAST = "\u{10ffff}";

const LIVING = "select 1 from huey_lease where queue = ? and consumer = ? and expires_ms + 0 > ?";

const HOLDERS = "select distinct holder from huey_entry where holder >= ? and holder < ?";

/** Deletes the locks that a claim holds. */
export function dropLocks(connection: Connection, token: string): void {
  connection.run("delete from huey_entry where holder = ?", token);
}

/** The locks of a claim belong to a worker from now on. */
export function passLocks(connection: Connection, token: string, owner: Owner): void {
  connection.run("update huey_entry set holder = ? where holder = ?", workerHolder(connection, owner), token);
}

/** The first and the last that can stand for the workers of a consumer, or for one of them. */
export function rangeOf(connection: Connection, { consumer, worker }: OwnerFilter): [string, string] {
  const start = worker === undefined
    ? `${JSON.stringify([connection.queue, consumer]).slice(0, -1)},`
    : workerHolder(connection, { consumer, worker });
  return [start, worker === undefined ? start + LAST : start];
}

/** The holders of locks that were passed to consumers without a lease. @param own A consumer that is not looked at */
export function lostHolders(connection: Connection, own: string | undefined): string[] {
  const start = `[${connection.queue},`;
  return connection.all(HOLDERS, start, start + LAST).map(({ holder }) => readText(holder)).filter((holder) => {
    const consumer = consumerOf(holder);
    if (consumer === undefined || consumer === own) return false;
    return connection.get(LIVING, connection.queue, consumer, connection.now()) === undefined;
  });
}

/** What stands for a worker. */
export function workerHolder(connection: Connection, { consumer, worker }: Owner): string {
  return JSON.stringify([connection.queue, consumer, worker]);
}

function consumerOf(holder: string): string | undefined {
  try {
    const consumer: unknown = (JSON.parse(holder) as unknown[])[1];
    return typeof consumer === "string" ? consumer : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The statements on the signs of life of consumers, and the recovery of what they left behind.
 * @module
 */
import type { Claim, Lease, StoredLease } from "../../lib/storage.ts";
import type { Session } from "./session.ts";
import { text } from "./text.ts";
import { CLAIMED, claimsOf, orphanedClaims, unclaim } from "./tasks.ts";

/** A consumer, or one of its workers. */
export interface Target {
  readonly consumer: string;
  readonly worker?: string;
}

/** Grants or renews a lease. */
export function renewLease(session: Session, lease: Lease): void {
  const { consumer, ttlMs, host, pid } = lease;
  session.run(
    "insert or replace into huey_lease (queue, consumer, ttl_ms, host, pid, expires_ms) values (?, ?, ?, ?, ?, ?)",
    session.queue,
    consumer,
    ttlMs,
    host,
    pid,
    Date.now() + ttlMs,
  );
}

/** Ends a lease. */
export function endLease(session: Session, consumer: string): void {
  session.run("delete from huey_lease where queue = ? and consumer = ?", session.queue, consumer);
  dropIdleOwners(session);
}

/** All leases, also those that have run out. */
export function storedLeases(session: Session): StoredLease[] {
  return session.all("select * from huey_lease where queue = ? order by consumer", session.queue).map((row) => ({
    consumer: text(row.consumer),
    ttlMs: Number(row.ttl_ms),
    host: text(row.host),
    pid: Number(row.pid),
    expiresMs: Number(row.expires_ms),
  }));
}

/** Whether `recover` would find anything to do; takes no lock. */
export function isRecoveryNeeded(session: Session, target: Target | undefined): boolean {
  if (recoverable(session, target).length > 0) return true;
  if (target !== undefined) return false;
  return session.get("select 1 from huey_lease where queue = ? and expires_ms <= ?", session.queue, Date.now()) !== undefined;
}

/** Puts claims back and drops the locks that they hold. @returns the claims */
export function recover(session: Session, target: Target | undefined): Claim[] {
  const claims = recoverable(session, target).filter((claim) => unclaim(session, claim.token, true));
  if (target === undefined) {
    session.run("delete from huey_lease where queue = ? and expires_ms <= ?", session.queue, Date.now());
    dropIdleOwners(session);
  }
  return claims;
}

function recoverable(session: Session, target: Target | undefined): Claim[] {
  return target === undefined ? orphanedClaims(session) : claimsOf(session, target);
}

/** Owners without claims and without a lease are not needed; those who are still there are made again at their next claim. */
function dropIdleOwners(session: Session): void {
  session.run(
    `delete from huey_owner where queue = ?1
      and id not in (select owner ${CLAIMED})
      and consumer not in (select consumer from huey_lease where queue = ?1)`,
    session.queue,
  );
}

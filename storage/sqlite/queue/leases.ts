/**
 * The statements on the signs of life of consumers, and the recovery of what they left behind.
 * @module
 */
import type { Claim, Lease, StoredLease } from "../../../lib/storage.ts";
import { areSound, mend } from "../records/bounds.ts";
import { CLAIMED } from "./claimed.ts";
import { readNumber, readText } from "../connection/columns.ts";
import { noteLeases } from "../records/lines.ts";
import { dropLocks, dropPassedTo, lostHolders, type Target } from "../records/locks.ts";
import { leaveAllOf, leaveAllPassedTo } from "./passed.ts";
import type { Session } from "../connection/session.ts";
import { claimsOf, orphanedClaims, unclaim, unclaimRow } from "./tasks.ts";

/** What a consumer has said of itself stays until it says something else. */
const RENEW = `insert into huey_lease (queue, consumer, ttl_ms, host, pid, expires_ms, about) values (?, ?, ?, ?, ?, ?, ?)
  on conflict do update set ttl_ms = excluded.ttl_ms, host = excluded.host, pid = excluded.pid, expires_ms = excluded.expires_ms,
  about = ifnull(excluded.about, about)`;

/** What is no number counts as over. */
const OVER = "from huey_lease where queue = ? and expires_ms + 0 <= ?";

/** Grants or renews a lease. */
export function renewLease(session: Session, lease: Lease): void {
  const { consumer, ttlMs, host, pid, about = null } = lease;
  session.run(RENEW, session.queue, consumer, ttlMs, host, pid, session.now() + ttlMs, about);
}

/** Ends a lease. */
export function endLease(session: Session, consumer: string): void {
  session.run("delete from huey_lease where queue = ? and consumer = ?", session.queue, consumer);
  leaveAllPassedTo(session, { consumer });
  dropPassedTo(session, { consumer });
  dropIdleOwners(session);
}

/** All leases, also those that have run out. */
export function storedLeases(session: Session): StoredLease[] {
  return session.all("select * from huey_lease where queue = ? order by consumer", session.queue).map((row) => ({
    consumer: readText(row.consumer),
    ttlMs: readNumber(row.ttl_ms, 0),
    host: readText(row.host),
    pid: readNumber(row.pid, 0),
    expiresMs: readNumber(row.expires_ms, 0),
    ...typeof row.about === "string" && { about: readText(row.about) },
  }));
}

/** Whether `recover` would find anything to do; takes no lock. */
export function isRecoveryNeeded(session: Session, target: Target | undefined): boolean {
  // Locks of its own may have been passed to it, which to look for costs as much as to delete them.
  if (target !== undefined) return true;
  if (orphanedClaims(session, undefined).length > 0 || lostHolders(session, undefined).length > 0) return true;
  return !areSound(session) || session.get(`select 1 ${OVER}`, session.queue, session.now()) !== undefined;
}

/** Puts claims back and drops the locks that they hold. @param own The lease of who recovers @returns the claims */
export function recover(session: Session, target: Target | undefined, own: Lease | undefined): Claim[] {
  if (own !== undefined) renewLease(session, own);
  const lost = target === undefined ? orphanedClaims(session, own?.consumer) : claimsOf(session, target);
  const claims = lost.filter(({ token }) => unclaim(session, token, true) || unclaimRow(session, token));
  if (target !== undefined) {
    leaveAllPassedTo(session, target);
    dropPassedTo(session, target);
    return claims;
  }
  for (const holder of lostHolders(session, own?.consumer)) {
    leaveAllOf(session, holder);
    dropLocks(session, holder);
  }
  noteLeases(session);
  session.run(`delete ${OVER}`, session.queue, session.now());
  dropIdleOwners(session);
  mend(session);
  return claims;
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

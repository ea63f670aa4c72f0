/**
 * The statements on the signs of life of consumers, and the recovery of what they left behind.
 * @module
 */
import type { Claim, Lease, OwnerFilter, StoredLease } from "../../../lib/storage.ts";
import { readNumber, readText } from "../connection/columns.ts";
import type { Connection } from "../connection/connection.ts";
import { mendBounds } from "../records/bounds.ts";
import { noteLeases } from "../records/lines.ts";
import { lostHolders } from "../records/locks.ts";
import { CLAIMED, claimsOf, orphanedClaims, takeBack } from "./claims.ts";
import { endPassed } from "./passed.ts";

/** What a consumer has said of itself stays until it says something else. */
const RENEW = `insert into huey_lease (queue, consumer, ttl_ms, host, pid, expires_ms, about) values (?, ?, ?, ?, ?, ?, ?)
  on conflict do update set ttl_ms = excluded.ttl_ms, host = excluded.host, pid = excluded.pid, expires_ms = excluded.expires_ms,
  about = ifnull(excluded.about, about)`;

/** What is no number counts as over. */
const DROP_OVER = "delete from huey_lease where queue = ? and expires_ms + 0 <= ?";

/** Owners without claims and without a lease are not needed; those who are still there are made again at their next claim. */
const DROP_IDLE_OWNERS = `delete from huey_owner where queue = ?1 and id not in (select owner ${CLAIMED})
  and consumer not in (select consumer from huey_lease where queue = ?1)`;

/** Grants or renews a lease. */
export function renewLease(connection: Connection, lease: Lease): void {
  const { consumer, ttlMs, host, pid, about = null } = lease;
  connection.run(RENEW, connection.queue, consumer, ttlMs, host, pid, connection.now() + ttlMs, about);
}

/** Ends a lease. */
export function endLease(connection: Connection, consumer: string): void {
  connection.run("delete from huey_lease where queue = ? and consumer = ?", connection.queue, consumer);
  endPassed(connection, { consumer });
  connection.run(DROP_IDLE_OWNERS, connection.queue);
}

/** All leases, also those that have run out. */
export function storedLeases(connection: Connection): StoredLease[] {
  return connection.all("select * from huey_lease where queue = ? order by consumer", connection.queue).map((row) => ({
    consumer: readText(row.consumer),
    ttlMs: readNumber(row.ttl_ms, 0),
    host: readText(row.host),
    pid: readNumber(row.pid, 0),
    expiresMs: readNumber(row.expires_ms, 0),
    ...typeof row.about === "string" && { about: readText(row.about) },
  }));
}

/** Puts claims back and drops the locks that they hold. @param own The lease of who recovers @returns the claims */
export function recover(connection: Connection, target?: OwnerFilter, own?: Lease): Claim[] {
  if (own !== undefined) renewLease(connection, own);
  const claims = target === undefined ? orphanedClaims(connection, own?.consumer) : claimsOf(connection, target);
  for (const claim of claims) takeBack(connection, claim);
  for (const holder of target === undefined ? lostHolders(connection, own?.consumer) : [target]) endPassed(connection, holder);
  if (target !== undefined) return claims;
  noteLeases(connection);
  connection.run(DROP_OVER, connection.queue, connection.now());
  connection.run(DROP_IDLE_OWNERS, connection.queue);
  mendBounds(connection);
  return claims;
}

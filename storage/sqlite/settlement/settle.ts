/**
 * Finishing an attempt: everything that it means is written in one transaction.
 * @module
 */
import type { CanceledStep, Claim, Settled, Settlement } from "../../../lib/storage.ts";
import { KIND } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { forget } from "../records/entries.ts";
import { type KeyedItem, toStoredAbout } from "../records/item.ts";
import { dropLocks, passLocks } from "../records/locks.ts";
import { dropSteps } from "./steps.ts";
import { placeItems } from "../queue/arrivals.ts";
import { addChord, callbackOf, dropChord, report } from "./chords.ts";
import { dropClaim, isLost } from "../queue/claims.ts";
import { bury } from "./dead_letters.ts";
import { dropEnded } from "./endings.ts";
import { leave } from "../queue/gates.ts";
import { passGate } from "../queue/passed.ts";
import { freeKey, handKeyOn } from "../queue/unique.ts";

const PUT_RESULT = `insert into huey_entry (queue, kind, key, value, ending, notice_ttl_ms, more, expires_ms, notice_ms)
  values (?, ${KIND.result}, ?, ?, ?, ?, ?, ?, ?)
  on conflict do update set value = excluded.value, ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  more = excluded.more, expires_ms = excluded.expires_ms, notice_ms = excluded.notice_ms, holder = null`;

/** An older result stays what it is. */
const PUT_NOTICE = `insert into huey_entry (queue, kind, key, ending, notice_ttl_ms, expires_ms, more)
  values (?2, ${KIND.result}, ?3, ?4, ?5, ?1 + ?5, ?6)
  on conflict do update set ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  more = excluded.more, expires_ms = iif(value is null or expires_ms <= ?1, excluded.expires_ms, expires_ms),
  notice_ms = iif(value is null or expires_ms <= ?1, null, excluded.expires_ms),
  value = iif(expires_ms <= ?1, null, value)`;

/** What the message leaves behind at its gate and of its unique key. */
interface Departure {
  /** Items that waited at the gate, and are on the queue now. */
  readonly admitted: readonly KeyedItem[];
  /** The next attempt, with the unique key that it takes over. */
  readonly next?: KeyedItem | undefined;
  /** Whether that stands behind the gate. */
  readonly hasPassed: boolean;
}

/** Writes what finishing an attempt means, or nothing if the claim is no longer held. */
export function settle(connection: Connection, settlement: Settlement): Settled {
  const { claim, id, canceled = [], chords = [], enqueue = [], chord } = settlement;
  const dropped = claim && dropClaim(connection, claim);
  if (claim !== undefined && dropped === undefined) return settledBefore(connection, settlement, claim.token);
  end(connection, settlement);
  for (const step of canceled) cancel(connection, step, settlement);
  if (settlement.dropRevocations !== undefined) forget(connection, settlement.dropRevocations);
  const { admitted, next, hasPassed } = depart(connection, settlement, dropped?.hold);
  for (const record of chords) addChord(connection, record);
  const items = next === undefined ? enqueue : [...enqueue, next];
  const placed = items.length === 0 ? undefined : placeItems(connection, items, { passed: hasPassed ? next : undefined });
  const reported = chord && report(connection, chord, claim?.token);
  if (settlement.dropChord !== undefined) dropChord(connection, settlement.dropChord);
  if (settlement.bury !== undefined) bury(connection, settlement.bury, id, claim, settlement.buryBounds);
  if (settlement.dropSteps !== undefined) dropSteps(connection, settlement.dropSteps);
  if (claim !== undefined) endLocks(connection, settlement, claim);
  const settled = { held: true, callback: reported?.callback, blocked: placed?.blocked };
  const all = [...admitted, ...placed?.admitted ?? [], ...reported?.admitted ?? []];
  return all.length === 0 ? settled : { ...settled, admitted: all };
}

/** The answer when the claim is gone: if nobody took it, this settlement was written before. */
function settledBefore(connection: Connection, { again, chord }: Settlement, token: string): Settled {
  if (!again || isLost(connection, token)) return { held: false };
  return { held: true, callback: chord && callbackOf(connection, chord.id, token) };
}

function end(connection: Connection, { id, claim, result, resultTtlMs, ending, noticeTtlMs, about }: Settlement): void {
  if (result === undefined && ending === undefined) return;
  dropEnded(connection, id);
  connection.round.written++;
  connection.changes.ended.push(id);
  const { queue } = connection;
  const more = claim?.track === false ? null : toStoredAbout(about);
  if (result === undefined) return void connection.run(PUT_NOTICE, connection.now(), queue, id, ending!, noticeTtlMs, more);
  const expiresMs = resultTtlMs === undefined ? null : connection.now() + resultTtlMs;
  const outlives = ending !== undefined && resultTtlMs !== undefined && noticeTtlMs > resultTtlMs;
  const notice = ending === undefined ? [null, null] : [ending, noticeTtlMs];
  connection.run(PUT_RESULT, queue, id, result, ...notice, more, expiresMs, outlives ? connection.now() + noticeTtlMs : null);
}

/** A step that will never run ends with this task. */
function cancel(connection: Connection, { id, result }: CanceledStep, { noticeTtlMs, resultTtlMs }: Settlement): void {
  end(connection, { id, result, resultTtlMs, ending: "canceled", noticeTtlMs });
}

/** Leaves the gate and frees the key, or hands them on to the next attempt. @param hold The number by which the claim holds its key */
function depart(connection: Connection, { claim, next, passLocks: owner }: Settlement, hold: number | undefined): Departure {
  const { gate, unique, token } = claim ?? {};
  const isHandedOn = next?.unique !== undefined && next.unique.key === unique?.key && handKeyOn(connection, next, hold);
  if (!isHandedOn && unique !== undefined) freeKey(connection, unique, hold);
  const follower = isHandedOn ? { ...next!, hold } : next;
  const hasPassed = gate !== undefined && owner === undefined && next?.gate?.key === gate.key && next.dueMs === undefined;
  if (gate === undefined || hasPassed) return { admitted: [], next: follower, hasPassed };
  if (owner === undefined) return { admitted: leave(connection, gate.key), next: follower, hasPassed };
  // The function still runs behind the gate, so the next attempt has to wait for it.
  passGate(connection, token!, gate.key, owner);
  return { admitted: [], next: follower, hasPassed };
}

function endLocks(connection: Connection, { dropLocks: areOver, passLocks: owner }: Settlement, { token }: Claim): void {
  if (areOver) dropLocks(connection, token);
  else if (owner !== undefined) passLocks(connection, token, owner);
}

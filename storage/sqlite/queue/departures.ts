/**
 * What a message that is settled leaves behind: its place at the gate, and its unique key.
 * @module
 */
import type { Claim, Item, Settlement } from "../../../lib/storage.ts";
import { leave } from "./gates.ts";
import { passGate } from "./passed.ts";
import type { Session } from "../connection/session.ts";
import { freeKey, handKeyOn } from "./unique.ts";

/** What the next attempt has of the one before. */
export interface Departure {
  /** Items that waited at the gate, and are on the queue now. */
  readonly admitted: readonly Item[];
  /** The number by which the next attempt holds the unique key. */
  readonly hold?: number | undefined;
  /** The next attempt stands behind the gate. */
  readonly hasPassed: boolean;
}

/**
 * Leaves the gate and frees the key, or hands them on to the next attempt.
 *
 * @param hold The number by which the claim holds its key.
 */
export function depart(session: Session, claim: Claim, settlement: Settlement, hold: number | undefined): Departure {
  const { next } = settlement;
  const isHandedOn = next?.unique !== undefined && next.unique.key === claim.unique?.key && handKeyOn(session, next, hold);
  if (!isHandedOn && claim.unique !== undefined) freeKey(session, claim.unique, hold);
  return { ...departGate(session, claim, settlement), hold: isHandedOn ? hold : undefined };
}

function departGate(session: Session, { gate, token }: Claim, { next, passLocks }: Settlement): Departure {
  if (gate === undefined) return { admitted: [], hasPassed: false };
  if (passLocks !== undefined) {
    // The function still runs behind the gate, so the next attempt has to wait for it.
    passGate(session, token, gate.key, passLocks);
    return { admitted: [], hasPassed: false };
  }
  const hasPassed = next?.gate?.key === gate.key && next.dueMs === undefined;
  return { admitted: hasPassed ? [] : leave(session, gate.key), hasPassed };
}

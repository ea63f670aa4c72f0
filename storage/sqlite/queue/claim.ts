/**
 * Claiming.
 * @module
 */
import type { ClaimBatch, Owner } from "../../../lib/storage.ts";
import { hasAny, hasRevocations } from "../records/entries.ts";
import { KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
import { claimTasks, hasWaiting } from "./tasks.ts";
import type { SqliteWriter } from "../connection/writer.ts";

/** See `Storage.claim`. */
export async function claim(writer: SqliteWriter, limit: number, owner: Owner): Promise<ClaimBatch> {
  // A transaction that is made anyway is joined without looking: settling and claiming together cost one.
  if (!writer.pending || limit < 1) {
    const look = await writer.read((session) => limit >= 1 && hasWaiting(session) ? undefined : emptyBatch(session));
    if (look !== undefined) {
      finishEnded(writer);
      return look;
    }
  }
  return await writer.write((session) => ({
    claims: claimTasks(session, limit, owner),
    revocations: hasRevocations(session),
  }));
}

/** Does what was put off while there was work to do. Nobody depends on it: what fails now is done with the next ending. */
function finishEnded(writer: SqliteWriter): void {
  if (writer.glance((session) => session.ended.some)) writer.write((session) => session.ended.finish(session)).catch(() => {});
}

function emptyBatch(session: Session): ClaimBatch {
  return { claims: [], revocations: hasAny(session, KIND.revocation) };
}

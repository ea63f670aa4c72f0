/**
 * The statements on messages that were set aside.
 * @module
 */
import type { Burial, Claim, StoredDeadLetter } from "../../lib/storage.ts";
import type { Row } from "./database.ts";
import type { Session } from "./session.ts";
import { readBytes, readNumber, readOptionalText, readPlace, readText, toStoredPlace } from "./columns.ts";
import { dropEnded } from "./endings.ts";
import { KIND } from "./schema.ts";
import { addTasks } from "./tasks.ts";

const BURY =
  `insert or replace into huey_dead (queue, id, at_ms, reason, priority, track, item_id, task_id, task_name, data, chord)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const FORGET_END = `delete from huey_entry where queue = ? and kind = ${KIND.result} and key = ?`;

/** Sets a message aside; it keeps the priority of its claim. `itemId` is what the storage knows the message by. */
export function bury(session: Session, burial: Burial, itemId: string, claim: Claim | undefined): void {
  const { id, atMs, reason, taskId, taskName, data } = burial;
  const { priority = 0, track = true, chord } = claim ?? {};
  const values = [priority, track ? 1 : 0, itemId, taskId ?? null, taskName ?? null, data, toStoredPlace(chord)];
  session.run(BURY, session.queue, id, atMs, reason, ...values);
}

/** Dead letters, oldest first. */
export function deadLetters(session: Session, limit: number): StoredDeadLetter[] {
  return session.all("select * from huey_dead where queue = ? order by at_ms, seq limit ?", session.queue, limit).map(toLetter);
}

/** How many dead letters there are. */
export function countDead(session: Session): number {
  return Number(session.get("select count(*) as n from huey_dead where queue = ?", session.queue)?.n);
}

/** Deletes a dead letter. @returns whether it was there */
export function deleteDead(session: Session, id: string): boolean {
  return session.run("delete from huey_dead where queue = ? and id = ?", session.queue, id) > 0;
}

/** Puts a message back on the queue, as new: its end and its result are forgotten. @returns whether it was there */
export function requeueDead(session: Session, id: string): boolean {
  const row = session.get("select * from huey_dead where queue = ? and id = ?", session.queue, id);
  if (row === undefined) return false;
  const { data, priority } = toLetter(row);
  const taskId = readText(row.item_id);
  session.run(FORGET_END, session.queue, taskId);
  dropEnded(session, taskId);
  addTasks(session, [{ id: taskId, data, priority, track: row.track === 1, chord: readPlace(row.chord) }]);
  return deleteDead(session, id);
}

function toLetter(row: Row): StoredDeadLetter {
  return {
    id: readText(row.id),
    kind: "unreadable",
    reason: readText(row.reason),
    atMs: readNumber(row.at_ms, 0),
    data: readBytes(row.data),
    priority: readNumber(row.priority, 0),
    taskId: readOptionalText(row.task_id),
    taskName: readOptionalText(row.task_name),
  };
}

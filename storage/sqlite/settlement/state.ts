/**
 * What is known of a task: where it waits or runs, and how it has ended.
 * @module
 */
import { ENDINGS, type StoredState } from "../../../lib/storage.ts";
import { readOptionalText, readTime } from "../connection/columns.ts";
import type { Row } from "../connection/database.ts";
import { ENDED, FLAG, KIND, NOBODY } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import { peek } from "../records/entries.ts";
import { idNumber } from "../records/id_number.ts";
import { hasFlag, readMore } from "../records/item.ts";

/** Notices of the end of a task, and its messages that wait or run or are the last notice. Parameters: number, id, queue, now. */
const MESSAGES = `select ${ENDED} as owner, null as flags, null as since_ms, null as worker, more from huey_ended
    where id_number = ?1 and task_id = ?2 and queue = ?3 and expires_ms > ?4
  union all
  select owner, flags, since_ms, worker, more from huey_task left join huey_owner on huey_owner.id = owner
    where id_number = ?1 and task_id = ?2 and huey_task.queue = ?3 and (owner <> ${ENDED} or since_ms > ?4)`;

/** What waits for its time, or at a gate. */
const ELSEWHERE =
  `select 'scheduled' as state, flags, more from huey_schedule where id_number = ?1 and task_id = ?2 and queue = ?3
  union all select 'blocked', flags, more from huey_blocked where id_number = ?1 and task_id = ?2 and queue = ?3 limit 1`;

const ENDING =
  `select ending, more from huey_entry where queue = ?1 and kind = ${KIND.result} and key = ?2 and ending is not null
  and (expires_ms is null or expires_ms > ?3 or notice_ms > ?3)`;

/** One that has failed is not dead. */
const DEAD = "select 1 from huey_dead where queue = ? and item_id = ? and track = 1 and kind <> 'failed'";

/** What an ending can be; whatever else is in the file is none. */
const ALL_ENDINGS: ReadonlySet<unknown> = new Set(ENDINGS);

/** Whether a result is stored or the task has ended. */
export function hasEnded(connection: Connection, id: string): boolean {
  return peek(connection, KIND.result, id) !== undefined || ALL_ENDINGS.has(stateOf(connection, id)?.state);
}

/** Where a task is. An ending is no longer true when the task waits again. */
export function stateOf(connection: Connection, id: string): StoredState | undefined {
  const { queue } = connection;
  const number = idNumber(id);
  const rows = connection.all(MESSAGES, number, id, queue, connection.now());
  const active = activeState(rows);
  if (active !== undefined) return active;
  const waiting = connection.get(ELSEWHERE, number, id, queue);
  if (waiting?.state === "scheduled" && hasFlag(waiting, FLAG.retry)) return { state: "retrying", ...aboutOf(waiting) };
  if (waiting !== undefined) return { state: waiting.state as "scheduled" | "blocked", ...aboutOf(waiting) };
  return endedState(connection, id, rows.at(-1));
}

function activeState(rows: readonly Row[]): StoredState | undefined {
  const row = rows.find(({ owner }) => Number(owner) > NOBODY) ?? rows.find(({ owner }) => owner === NOBODY);
  if (row === undefined) return undefined;
  if (row.owner === NOBODY) return { state: hasFlag(row, FLAG.retry) ? "retrying" : "waiting", ...aboutOf(row) };
  return {
    state: "running",
    worker: readOptionalText(row.worker),
    sinceMs: readTime(row.since_ms),
    ...aboutOf(row),
  };
}

/** @param notice Of a plain ending: see endings.ts */
function endedState(connection: Connection, id: string, notice: Row | undefined): StoredState | undefined {
  const row = connection.get(ENDING, connection.queue, id, connection.now());
  if (connection.get(DEAD, connection.queue, id) !== undefined) return { state: "dead", ...aboutOf(row) };
  if (notice !== undefined) return { state: "empty", ...aboutOf(notice) };
  return ALL_ENDINGS.has(row?.ending) ? { state: row!.ending as StoredState["state"], ...aboutOf(row) } : undefined;
}

function aboutOf(row: Row | undefined): Pick<StoredState, "about"> {
  return { about: readMore(row?.more).about };
}

/**
 * The tables. Several queues share them; other tables in the same file are left alone.
 *
 * The cost of every statement is independent of the depth of the queue and of the schedule.
 * @module
 */
import { ConfigurationError } from "../../../lib/errors.ts";
import { type Database, within } from "./database.ts";
import { firstPlain, MOST_QUEUES } from "./numbers.ts";

/** Stored in the file. Another number is another layout. */
const SCHEMA_VERSION = 6;

/** The name spaces of `huey_entry`. */
export const KIND = { data: 0, revocation: 1, meta: 2, counter: 3, result: 4, lock: 5, passed: 6, line: 7 } as const;

/** The bits of `flags`. */
export const FLAG = { retry: 1, begun: 2 } as const;

/**
 * The token and the owner of a message that waits. As wide as those of a claim and never equal to one, so that claiming does not
 * change the size of a row, which is then overwritten in place.
 */
export const NO_TOKEN: number = 2 ** 46;
export const NOBODY: number = 2 ** 16;

/** The last number of an owner that is no wider. */
export const LAST_OWNER: number = 2 ** 23 - 1;

/** The same of a message whose task has ended, see endings.ts. */
export const ENDED_TOKEN: number = 2 ** 45;
export const ENDED: number = NOBODY - 1;

const TABLES = [
  `create table huey_schema (version integer not null)`,
  // low, high: see numbers.ts. pause_ms: see pause.ts.
  `create table huey_queue (
    id integer primary key, name text not null unique, low integer not null, high integer not null, pause_ms integer
  )`,
  `create table huey_owner (
    id integer primary key, queue integer not null, consumer text not null, worker text not null,
    unique (queue, consumer, worker)
  )`,
  // Waiting and claimed messages. seq: see numbers.ts. owner: NOBODY while waiting, ENDED as a notice. entered_ms: when it came to
  // the queue. since_ms: when it was claimed, or until when the notice is kept. id_number: of a tracked task, see id_number.ts.
  // flags: see FLAG. more: what few messages have, see item.ts; of a notice, what was said about its task.
  `create table huey_task (
    seq integer primary key, queue integer not null, owner integer not null, token integer not null, since_ms integer not null,
    deliveries integer not null, entered_ms integer not null, priority real not null, flags integer not null, id_number integer,
    task_id text not null, data blob not null, more text
  )`,
  // Only a priority other than 0 needs an index: the others are in order by themselves.
  `create index huey_task_priority on huey_task (queue, owner, priority desc, seq) where priority <> 0`,
  `create index huey_task_id on huey_task (id_number) where id_number is not null`,
  `create table huey_schedule (
    seq integer primary key, queue integer not null, due_ms integer not null, priority real not null,
    flags integer not null, id_number integer, task_id text not null, data blob not null, more text
  )`,
  `create index huey_schedule_order on huey_schedule (queue, due_ms, seq)`,
  `create index huey_schedule_id on huey_schedule (id_number) where id_number is not null`,
  `create index huey_schedule_untracked on huey_schedule (queue, task_id) where id_number is null`,
  // Keys and values; kind: see KIND. A result knows its ending; when its value is taken, the row stays as the notice. notice_ms: of
  // a result that goes before its notice, until when that is kept. more: what was said about the ended task. holder: of a lock, or a
  // gate that stays taken, the token of a claim, or a worker, see locks.ts. Rows past their end are found by going round, see sweep.ts.
  `create table huey_entry (
    queue integer not null, kind integer not null, key text not null, expires_ms integer, ending text, notice_ttl_ms integer,
    notice_ms integer, more text, holder text, value, primary key (queue, kind, key)
  ) without rowid`,
  `create index huey_entry_holder on huey_entry (holder) where holder is not null`,
  // Tasks that have ended and left nothing, see endings.ts. more: what was said about them.
  `create table huey_ended (
    seq integer primary key, queue integer not null, id_number integer, task_id text not null, expires_ms integer not null,
    more text
  )`,
  `create index huey_ended_id on huey_ended (id_number)`,
  // filled_ms, filled_by: when the last place was filled, and by which claim.
  `create table huey_chord (
    queue integer not null, id text not null, size integer not null, reported integer not null, filled_ms integer, filled_by text,
    primary key (queue, id)
  ) without rowid`,
  // Apart, since a row is written anew with each report. The columns are those of huey_schedule.
  `create table huey_callback (
    queue integer not null, id text not null, due_ms integer, priority real not null, flags integer not null, id_number integer,
    task_id text not null, data blob not null, more text, primary key (queue, id)
  ) without rowid`,
  `create table huey_chord_value (
    queue integer not null, id text not null, place integer not null, value blob not null, primary key (queue, id, place)
  ) without rowid`,
  `create table huey_lease (
    queue integer not null, consumer text not null, ttl_ms integer not null, host text not null, pid integer not null,
    expires_ms integer not null, about text, primary key (queue, consumer)
  ) without rowid`,
  // item_id: what the storage knew the message by; steps: the key of what is kept for a further run.
  `create table huey_dead (
    seq integer primary key, queue integer not null, id text not null, kind text not null, at_ms integer not null,
    reason text not null, priority real not null, track integer not null, item_id text not null, task_id text, task_name text,
    data blob not null, error blob, attempts integer, steps text, unique (queue, id)
  )`,
  // The name makes it possible to look for those of one task without reading the messages.
  `create index huey_dead_order on huey_dead (queue, at_ms, seq, task_name)`,
  `create index huey_dead_kind on huey_dead (queue, kind, at_ms, seq, task_name)`,
  `create index huey_dead_item on huey_dead (queue, item_id, at_ms)`,
  // Claims that were taken from their holder, for settlements that are sent again.
  `create table huey_lost (id integer primary key, seq integer not null, token integer not null, at_ms integer not null)`,
  `create index huey_lost_claim on huey_lost (seq, token)`,
  // Gates that somebody has passed or waits for, and who waits; most: how many may be admitted at once. See gates.ts.
  `create table huey_gate (
    queue integer not null, key text not null, admitted integer not null, most integer not null, primary key (queue, key)
  ) without rowid`,
  `create table huey_blocked (
    seq integer primary key, queue integer not null, gate text not null, priority real not null, flags integer not null,
    id_number integer, task_id text not null, data blob not null, more text
  )`,
  `create index huey_blocked_order on huey_blocked (queue, seq)`,
  `create index huey_blocked_line on huey_blocked (queue, gate, seq)`,
  `create index huey_blocked_id on huey_blocked (id_number) where id_number is not null`,
  // Keys that are held; hold: names the one message that holds it. See unique.ts.
  `create table huey_unique (
    queue integer not null, key text not null, hold integer not null, task_id text not null, expires_ms integer,
    primary key (queue, key)
  ) without rowid`,
  `create index huey_unique_end on huey_unique (expires_ms) where expires_ms is not null`,
  `create table huey_step (
    queue integer not null, key text not null, name text not null, value blob not null, primary key (queue, key, name)
  ) without rowid`,
  // sums, maxima: numbers by name, as JSON.
  `create table huey_count (
    queue integer not null, step text not null, at_ms integer not null, task_name text not null, sums text not null,
    maxima text not null, primary key (queue, step, at_ms, task_name)
  ) without rowid`,
  `create index huey_count_task on huey_count (queue, step, task_name, at_ms)`,
  `create table huey_recent (seq integer primary key, queue integer not null, data blob not null)`,
  `create index huey_recent_order on huey_recent (queue, seq)`,
  // How many rows the long lists of a queue have, since to count a million rows takes a tenth of a second.
  `create table huey_length (
    queue integer not null, list text not null, n integer not null, primary key (queue, list)
  ) without rowid`,
  ...countingTriggers("huey_schedule", () => "'schedule'"),
  ...countingTriggers("huey_blocked", () => "'blocked'"),
  ...countingTriggers("huey_dead", (row) => `${row}.kind`),
];

/**
 * Makes the tables if they are missing.
 *
 * @param database An open database.
 * @param filename For the error message.
 * @param name Name of the queue.
 * @returns The number of the queue within the file.
 * @throws {ConfigurationError} If the file has another version of the tables.
 */
export function prepareSchema(database: Database, filename: string, name: string): number {
  const found = hasTables(database) ? queueNumber(database, filename, name) : undefined;
  if (found !== undefined) return found;
  return within("begin immediate", (sql) => database.exec(sql), () => {
    if (!hasTables(database)) makeTables(database);
    return queueNumber(database, filename, name) ?? addQueue(database, name);
  });
}

/** @param list What names the list of a row, in SQL */
function countingTriggers(table: string, list: (row: "new" | "old") => string): string[] {
  return [
    `create trigger ${table}_added after insert on ${table} begin
      insert into huey_length (queue, list, n) values (new.queue, ${list("new")}, 1) on conflict do update set n = n + 1;
    end`,
    `create trigger ${table}_deleted after delete on ${table} begin
      update huey_length set n = n - 1 where queue = old.queue and list = ${list("old")};
    end`,
  ];
}

function hasTables(database: Database): boolean {
  return database.prepare("select 1 from sqlite_master where type = 'table' and name = 'huey_schema'").get() !== undefined;
}

function makeTables(database: Database): void {
  for (const table of TABLES) database.exec(table);
  database.prepare("insert into huey_schema (version) values (?)").run(SCHEMA_VERSION);
}

function queueNumber(database: Database, filename: string, name: string): number | undefined {
  const version = database.prepare("select version from huey_schema").get()?.version;
  if (version !== SCHEMA_VERSION) {
    const found = `SQLite file ${JSON.stringify(filename)} has version ${version} of the tables`;
    const advice = "use another file, and drain this one: run a consumer of the release that made it, and no producers, " +
      "until nothing waits and nothing is scheduled";
    throw new ConfigurationError(`${found}, and this release uses version ${SCHEMA_VERSION}: ${advice}`);
  }
  const id = database.prepare("select id from huey_queue where name = ?").get(name)?.id;
  // Another number is none that was given here.
  return Number(id) >= 1 && Number(id) <= MOST_QUEUES ? Number(id) : undefined;
}

function addQueue(database: Database, name: string): number {
  const next = `select ifnull(max(id), 0) + 1 as id from huey_queue where id between 1 and ${MOST_QUEUES}`;
  const id = Number(database.prepare(next).get()?.id);
  if (id > MOST_QUEUES) throw new ConfigurationError(`A SQLite file can hold ${MOST_QUEUES} queues, and this one holds them`);
  const first = firstPlain(id);
  database.prepare("delete from huey_queue where name = ?").run(name);
  database.prepare("insert into huey_queue (id, name, low, high) values (?, ?, ?, ?)").run(id, name, first, first);
  return id;
}

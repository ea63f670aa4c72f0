/**
 * The plain way for a task to end: empty, with nothing to store and nothing to follow. Its row of `huey_task` is overwritten in
 * place and is the notice of the end for a moment; many such rows together become entries. So one task at a time costs one page
 * of the write-ahead log instead of three. Many that end together become entries at once, by two statements.
 * @module
 */
import type { Settlement } from "../../../lib/storage.ts";
import { toStored } from "../connection/columns.ts";
import { firstPlain } from "../connection/numbers.ts";
import { ENDED, ENDED_TOKEN, KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
import type { SqliteWriter } from "../connection/writer.ts";
import { forget } from "../records/entries.ts";
import { idNumber } from "../records/id_number.ts";
import { toStoredAbout } from "../records/item.ts";
import { splitToken } from "../queue/claims.ts";

/** Rows that have ended before they become entries. */
const ROWS_AT_ONCE = 64;

/** So many that became entries at once pay for a look for rows that another process has left behind. */
const ENTRIES_AT_ONCE = 1024;

/** The time for which a notice is kept is stored above {@linkcode ENDED_TOKEN}, within the width of a token. */
const LONGEST_TTL_MS = 2 ** 40;

const HOLDS = "select count(*) as n from huey_task where seq >= ? + 0 and seq <= ? + 0 and token = ?";

const END = `update huey_task set owner = ${ENDED}, token = ?, since_ms = ?, more = ? where seq = ? and token = ?`;

/** The same of several, with what is said about each. */
const END_EACH = `update huey_task set owner = ${ENDED}, token = ?1, since_ms = ?2, more = said.value from json_each(?3) as said
  where seq = ?4 + said.key and token = ?5`;

/** An older result stays what it is. */
export const KEEP_OTHERS: string = `on conflict do update set ending = excluded.ending, notice_ttl_ms = excluded.notice_ttl_ms,
  more = excluded.more, expires_ms = iif(value is null or expires_ms <= ?1, excluded.expires_ms, expires_ms),
  notice_ms = iif(value is null or expires_ms <= ?1, null, excluded.expires_ms),
  value = iif(expires_ms <= ?1, null, value)`;

const ADD_ENTRIES = `insert into huey_entry (queue, kind, key, ending, notice_ttl_ms, expires_ms, more)
  select queue, ${KIND.result}, task_id, 'empty'`;

const TO_ENTRIES = `${ADD_ENTRIES}, token - ${ENDED_TOKEN}, since_ms, more from huey_task
  where seq >= ?2 + 0 and seq <= ?3 + 0 and owner = ${ENDED} and since_ms > ?1 ${KEEP_OTHERS}`;

/** So many together become entries at once. */
const ROWS_TO_ENTRIES = 16;

const CLAIMS_TO_ENTRIES = `${ADD_ENTRIES}, ?2 + 0, ?1 + ?2, said.value from json_each(?3) as said, huey_task
  where seq = ?4 + said.key and token = ?5 ${KEEP_OTHERS}`;

const DROP_CLAIMS = "delete from huey_task where seq >= ? + 0 and seq <= ? + 0 and token = ?";

const DROP = `delete from huey_task where seq >= ? + 0 and seq <= ? + 0 and owner = ${ENDED}`;

const DROP_ONE = `delete from huey_task where id_number = ? and task_id = ? and owner = ${ENDED} and queue = ?`;

/** Whether there is something to finish. */
export function hasUnfinished({ ended }: Session): boolean {
  return ended.rows > 0 || ended.entries > 0;
}

/** Makes rows that have ended entries, if there are many. */
export function tidyEnded(session: Session): void {
  if (session.ended.rows >= ROWS_AT_ONCE || session.ended.entries >= ENTRIES_AT_ONCE) finishEnded(session);
}

/** Makes them entries, and those that a process has left behind. */
export function finishEnded(session: Session): void {
  const { ended } = session;
  const first = firstPlain(session.queue);
  session.round.written += session.run(TO_ENTRIES, session.now(), first, ended.last);
  session.run(DROP, first, ended.last);
  ended.rows = ended.entries = 0;
}

/** What a plain ending does not have. */
const NOTHING_MORE = ["enqueue", "chords", "chord", "bury", "canceled", "dropChord", "passLocks", "next", "dropSteps"] as const;

/** Whether a settlement can be written in place. */
export function isPlainEnding(settlement: Settlement): boolean {
  const { claim, ending, noticeTtlMs } = settlement;
  if (claim === undefined || ending !== "empty" || settlement.result !== undefined || settlement.again) return false;
  if (claim.priority !== 0 || !claim.track || claim.id !== settlement.id) return false;
  if (claim.gate !== undefined || claim.unique !== undefined) return false;
  if (!Number.isInteger(noticeTtlMs) || noticeTtlMs < 0 || noticeTtlMs >= LONGEST_TTL_MS) return false;
  return !settlement.dropLocks && NOTHING_MORE.every((part) => settlement[part] === undefined);
}

/** Ends the tasks whose claims are still held. @returns for each whether it was */
export function endInPlace(session: Session, settlements: readonly Settlement[]): boolean[] {
  const held: boolean[] = [];
  for (let start = 0; start < settlements.length;) {
    const [first, token] = splitToken(settlements[start]!.claim!.token);
    let end = start + 1;
    for (; end < settlements.length && isNext(settlements[end]!, settlements[end - 1]!, first + end - start, token); end++);
    if (end - start > 1 && !holds(session, first, end - start, token)) end = start + 1;
    const isHeld = endRows(session, settlements.slice(start, end), first, token);
    for (; start < end; start++) held.push(isHeld);
  }
  settlements.forEach(({ id, dropRevocations: keys }, index) => {
    if (!held[index]) return;
    if (keys !== undefined) forget(session, keys);
    session.changes.ended.push(id);
  });
  return held;
}

/** Forgets that a task had ended in place: it ends once more. */
export function dropEnded(session: Session, id: string): void {
  session.run(DROP_ONE, idNumber(id), id, session.queue);
}

function isNext(settlement: Settlement, before: Settlement, seq: number, token: number): boolean {
  return settlement.noticeTtlMs === before.noticeTtlMs && settlement.claim!.token === `${seq}.${token}`;
}

function holds(session: Session, first: number, count: number, token: number): boolean {
  return session.get(HOLDS, first, first + count - 1, token)?.n === count;
}

/** @param settlements Of claims with the same token, from the number `first` on without a gap. */
function endRows(session: Session, settlements: readonly Settlement[], first: number, token: number): boolean {
  const { noticeTtlMs: ttlMs, about } = settlements[0]!;
  const { ended } = session;
  const now = session.now();
  const last = first + settlements.length - 1;
  ended.last = Math.max(ended.last, last);
  if (settlements.length >= ROWS_TO_ENTRIES) {
    session.run(CLAIMS_TO_ENTRIES, now, ttlMs, JSON.stringify(settlements.map(said)), first, token);
    session.round.written += settlements.length;
    ended.entries += settlements.length;
    return session.run(DROP_CLAIMS, first, last, token) > 0;
  }
  const written = [ENDED_TOKEN + ttlMs, now + ttlMs];
  const count = settlements.length === 1
    ? session.run(END, ...written, toStoredAbout(about), first, token)
    : session.run(END_EACH, ...written, JSON.stringify(settlements.map(said)), first, token);
  ended.rows += count;
  return count > 0;
}

function said({ about }: Settlement): string | null {
  const more = toStoredAbout(about);
  return more === null ? null : toStored(more);
}

/** Endings that are written together. */
interface Group {
  readonly settlements: Settlement[];
  /** For each settlement whether its claim was held. */
  readonly written: Promise<readonly boolean[]>;
}

/** Collects endings until the writer gets to them, so that tasks that were claimed together are settled by one statement. */
export class EndingGroup {
  readonly #writer: SqliteWriter;
  #open: Group | undefined;

  constructor(writer: SqliteWriter) {
    this.#writer = writer;
  }

  /**
   * @param settlement One that `isPlainEnding`.
   * @returns whether the claim was still held
   * @throws {StorageError} If the medium fails, stays locked, or is closed.
   */
  async end(settlement: Settlement): Promise<boolean> {
    const group = this.#writer.waiting ? this.#begin() : this.#open ?? this.#begin();
    const index = group.settlements.push(settlement) - 1;
    return (await group.written)[index]!;
  }

  #begin(): Group {
    const settlements: Settlement[] = [];
    const written = this.#writer.write((session) => {
      this.#close(group);
      return endInPlace(session, settlements);
    });
    const group = { settlements, written };
    written.catch(() => this.#close(group));
    return this.#open = group;
  }

  #close(group: Group): void {
    if (this.#open === group) this.#open = undefined;
  }
}

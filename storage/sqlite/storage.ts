/**
 * The driver of the SQLite storage, put together of its parts: a file that any number of processes on one machine share.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Storage } from "../../lib/storage.ts";
import { ALL_PARTS } from "../flush_parts.ts";
import { enqueueItems, placeDue } from "./queue/arrivals.ts";
import { addChord, collect } from "./queue/chords.ts";
import { claim } from "./queue/claim.ts";
import { addCounts, addRecent, recentEnds, storedCounts, trimCounts } from "./records/counts.ts";
import { countDead, deadLetter, deadLetters, deleteDead, requeueDead } from "./queue/dead_letters.ts";
import { EndingGroup } from "./queue/ending_group.ts";
import { isPlainEnding } from "./queue/endings.ts";
import { increment, putIfEmpty } from "./records/entries.ts";
import { flushPart } from "./flush.ts";
import { blockedItems, countBlocked } from "./queue/gates.ts";
import { checkItem } from "./records/item.ts";
import { SqliteKeyValue } from "./records/key_value.ts";
import { takeLines } from "./records/lines.ts";
import { endLease, isRecoveryNeeded, recover, renewLease, storedLeases } from "./queue/leases.ts";
import { countWaiting, examined, oldestMs, rowLimit, runningTasks, waitingTasks } from "./queue/listings.ts";
import { type SqliteOptions, sqliteSettings } from "./options.ts";
import { leavePassed } from "./queue/passed.ts";
import { noticePauseEnd, pause, pauseEndMs, pauseOf, resume } from "./queue/pause.ts";
import { countScheduled, scheduledItems, soonestMs, takeDue, takeScheduled } from "./queue/schedule.ts";
import { KIND } from "./connection/schema.ts";
import { Session } from "./connection/session.ts";
import { hasEnded, settle, stateOf } from "./queue/settle.ts";
import { keepStep, keptSteps } from "./records/steps.ts";
import { addTasks, beginClaim, claimsOf, isOneStatement, unclaim } from "./queue/tasks.ts";
import { SqliteWaits } from "./waits.ts";
import { SqliteWriter } from "./connection/writer.ts";

/** What a key without a value holds. */
const NOTHING = new Uint8Array();

/**
 * Makes a storage. The file is opened at the first use.
 *
 * @param options Name of the queue (default "huey"), the clock (default: the machine's) and {@linkcode SqliteOptions}.
 * @returns The storage.
 * @throws {ConfigurationError} For an unknown journal mode or an empty file name.
 * @throws {TypeError | RangeError} For a wrong size or time.
 */
export function sqliteStorage(options: { name?: string; clock?: Clock } & SqliteOptions = {}): Storage {
  const settings = sqliteSettings(options);
  const { name, shared, clock, filename, timeoutMs } = settings;
  const waits: SqliteWaits = new SqliteWaits({
    clock,
    place: () => writer.glance(({ path, queue }) => path === undefined ? undefined : { path, queue }),
    changeCount: () => writer.glance((session) => Number(session.get("pragma data_version")?.data_version)),
  });
  const writer: SqliteWriter = new SqliteWriter({
    filename,
    timeoutMs,
    clock,
    open: () => new Session(settings),
    committed: (changes) => waits.announce(changes),
    tidy: (session) => {
      session.ended.continue(session);
      session.sweep.continue(session);
    },
  });
  let closing: Promise<void> | undefined;
  return {
    name,
    shared,
    descriptor: undefined,
    ...spaces(writer),
    ...enqueuing(writer),
    ...claims(writer),
    ...settling(writer),
    ...scheduling(writer, clock),
    ...listings(writer),
    ...letters(writer),
    ...countsAndLeases(writer),
    ...waiting(writer, waits),
    flush: (parts = ALL_PARTS) => writer.write((session) => parts.forEach((part) => flushPart(session, part))),
    close: () => closing ??= close(writer, waits),
  };
}

async function close(writer: SqliteWriter, waits: SqliteWaits): Promise<void> {
  const written = writer.close();
  waits.end();
  await written;
  waits.close();
}

function spaces(writer: SqliteWriter): Pick<Storage, "results" | "locks" | "data" | "revocations" | "meta" | "increment"> {
  return {
    results: new SqliteKeyValue(writer, KIND.result),
    locks: new SqliteKeyValue(writer, KIND.lock),
    data: new SqliteKeyValue(writer, KIND.data),
    revocations: new SqliteKeyValue(writer, KIND.revocation),
    meta: new SqliteKeyValue(writer, KIND.meta),
    increment: (key, by, ttlMs) => writer.write((session) => increment(session, key, by, ttlMs)),
  };
}

function enqueuing(writer: SqliteWriter): Pick<Storage, "check" | "enqueue" | "enqueueOnce"> {
  return {
    check: checkItem,
    async enqueue(items, chords = []) {
      items.forEach(checkItem);
      for (const { callback } of chords) checkItem(callback);
      if (chords.length > 0 || !isOneStatement(items)) {
        return await writer.write((session) => {
          for (const chord of chords) addChord(session, chord);
          return enqueueItems(session, items);
        });
      }
      await writer.write((session) => addTasks(session, items), true);
      return {};
    },
    async enqueueOnce(key, ttlMs, item) {
      checkItem(item);
      if (!writer.pending && await new SqliteKeyValue(writer, KIND.meta).has(key)) return undefined;
      return await writer.write((session) => {
        const isFree = putIfEmpty(session, KIND.meta, key, NOTHING, { ttlMs });
        return isFree ? enqueueItems(session, [item]) : undefined;
      });
    },
  };
}

function claims(writer: SqliteWriter): Pick<Storage, "claim" | "begin" | "release" | "claimed" | "recover" | "leaveGate"> {
  return {
    claim: (limit, owner) => claim(writer, limit, owner),
    begin: ({ token }) => writer.write((session) => beginClaim(session, token), true),
    async release(held) {
      if (held.length === 0) return await writer.read(() => {});
      await writer.write((session) => held.forEach(({ token }) => unclaim(session, token, false)));
    },
    claimed: (owner) => writer.read((session) => claimsOf(session, owner)),
    async recover(target, own) {
      const isNeeded = own !== undefined || await writer.readTogether((session) => isRecoveryNeeded(session, target));
      return isNeeded ? await writer.write((session) => recover(session, target, own)) : [];
    },
    leaveGate: (held) => writer.write((session) => leavePassed(session, held)),
  };
}

function settling(writer: SqliteWriter): Pick<Storage, "settle" | "keep" | "kept" | "collect"> {
  const endings = new EndingGroup(writer);
  return {
    async settle(settlement) {
      if (isPlainEnding(settlement)) return { held: await endings.end(settlement) };
      const { enqueue, next, chords } = settlement;
      enqueue?.forEach(checkItem);
      if (next !== undefined) checkItem(next);
      for (const { callback } of chords ?? []) checkItem(callback);
      return await writer.write((session) => settle(session, settlement));
    },
    keep: (held, name, value) => writer.write((session) => keepStep(session, held, name, value)),
    kept: (key) => writer.read((session) => keptSteps(session, key)),
    collect: (chordId) => writer.readTogether((session) => collect(session, chordId)),
  };
}

/** When the soonest message is due, or the pause ends. */
function nextDueMs(session: Session): number | undefined {
  const times = [soonestMs(session), pauseEndMs(session)].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function scheduling(
  writer: SqliteWriter,
  clock: Clock,
): Pick<Storage, "promoteDue" | "promote" | "dueMs" | "pause" | "resume" | "paused"> {
  return {
    async promoteDue(limit) {
      const dueMs = await writer.readTogether(nextDueMs);
      if (dueMs === undefined || dueMs > clock.now()) return [];
      return await writer.write((session) => {
        noticePauseEnd(session);
        return placeDue(session, takeDue(session, session.now(), rowLimit(limit)));
      });
    },
    promote: (id) => writer.write((session) => placeDue(session, takeScheduled(session, id))[0]),
    dueMs: () => writer.readTogether(nextDueMs),
    pause: (asked) => writer.write((session) => pause(session, asked)),
    resume: () => writer.write(resume),
    paused: () => writer.read(pauseOf),
  };
}

type Listings =
  | "state"
  | "pending"
  | "pendingCount"
  | "scheduled"
  | "scheduledCount"
  | "running"
  | "blocked"
  | "blockedCount"
  | "oldestMs";

function listings(writer: SqliteWriter): Pick<Storage, Listings> {
  return {
    state: (id) => writer.readTogether((session) => stateOf(session, id)),
    pending: (limit) => writer.readTogether((session) => waitingTasks(session, rowLimit(limit))),
    pendingCount: () => writer.readTogether(countWaiting),
    scheduled: (limit) => writer.read((session) => scheduledItems(session, rowLimit(limit))),
    scheduledCount: () => writer.read(countScheduled),
    running: (limit) => writer.readTogether((session) => runningTasks(session, examined(limit))),
    blocked: (limit) => writer.read((session) => blockedItems(session, examined(limit))),
    blockedCount: () => writer.read(countBlocked),
    oldestMs: () => writer.readTogether(oldestMs),
  };
}

type Letters = "deadLetters" | "deadLetterCount" | "deadLetter" | "requeueDeadLetter" | "deleteDeadLetter";

function letters(writer: SqliteWriter): Pick<Storage, Letters> {
  return {
    deadLetters: (query = {}) => writer.read((session) => deadLetters(session, query)),
    deadLetterCount: (query = {}) => writer.readTogether((session) => countDead(session, query)),
    deadLetter: (id) => writer.readTogether((session) => deadLetter(session, id)),
    async requeueDeadLetter(id, item, others = []) {
      checkItem(item);
      return await writer.write((session) => requeueDead(session, id, item, others));
    },
    deleteDeadLetter: (id) => writer.write((session) => deleteDead(session, id)),
  };
}

function countsAndLeases(
  writer: SqliteWriter,
): Pick<Storage, "count" | "counts" | "recent" | "renewLease" | "endLease" | "leases"> {
  return {
    count: (rows, ends, bounds) =>
      writer.write((session) => {
        addCounts(session, rows);
        addRecent(session, ends);
        trimCounts(session, bounds, ends.length);
      }),
    counts: (query) => writer.read((session) => storedCounts(session, query)),
    recent: (limit) => writer.read((session) => recentEnds(session, examined(limit))),
    renewLease: (lease) =>
      writer.write((session) => {
        renewLease(session, lease);
        return takeLines(session);
      }),
    endLease: (consumer) => writer.write((session) => endLease(session, consumer)),
    leases: () => writer.read(storedLeases),
  };
}

function waiting(writer: SqliteWriter, waits: SqliteWaits): Pick<Storage, "endedOf" | "listen"> {
  return {
    async endedOf(ids) {
      waits.await(ids);
      return await writer.readTogether((session) => ids.filter((id) => hasEnded(session, id)));
    },
    async listen(topic, wake) {
      // The bells stand beside the file, which has to be there.
      await writer.read(() => {});
      return waits.listen(topic, wake);
    },
  };
}

/**
 * The driver of the SQLite storage, put together of its parts: a file that any number of processes on one machine share.
 *
 * Most operations read in one snapshot or write in one transaction, and nothing else: they stand in two tables. Below are the others,
 * which look before they lock.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Owner, Storage } from "../../lib/storage.ts";
import type { StorageOptions } from "../options.ts";
import { checkItem } from "./check_item.ts";
import { KIND } from "./connection/schema.ts";
import { Connection } from "./connection/connection.ts";
import { SqliteWriter } from "./connection/writer.ts";
import { flush } from "./flush.ts";
import { type SqliteOptions, sqliteSettings } from "./options.ts";
import { enqueueItems, placeDue } from "./queue/arrivals.ts";
import { beginClaim, claimsOf, releaseClaim } from "./queue/claims.ts";
import { blockedItems } from "./queue/gates.ts";
import { endLease, recover, renewLease, storedLeases } from "./queue/leases.ts";
import { countWaiting, oldestMs, runningTasks, waitingTasks } from "./queue/listings.ts";
import { leavePassed } from "./queue/passed.ts";
import { noticePauseEnd, pause, pauseEndMs, pauseOf, resume } from "./queue/pause.ts";
import { scheduledItems, soonestMs, takeDue, takeScheduled } from "./queue/schedule.ts";
import { addBatches, claimBatch, goesStraight, hasWaiting } from "./queue/tasks.ts";
import { addCounts, recentEnds, storedCounts } from "./records/counts.ts";
import { forgetNow, hasAny, increment, peek, put } from "./records/entries.ts";
import { SqliteKeyValue } from "./records/key_value.ts";
import { lengthOf } from "./records/lengths.ts";
import { takeLines } from "./records/lines.ts";
import { sweep } from "./records/sweep.ts";
import { addChord, collect } from "./settlement/chords.ts";
import { countDead, deadLetter, deadLetters, deleteDead, requeueDead } from "./settlement/dead_letters.ts";
import { endInPlace, finishEnded, hasUnfinished, isPlainEnding, tidyEnded } from "./settlement/endings.ts";
import { settle } from "./settlement/settle.ts";
import { hasEnded, stateOf } from "./settlement/state.ts";
import { keepStep, keptSteps } from "./settlement/steps.ts";
import { SqliteWaits } from "./waits.ts";

/** What an operation does with an open connection. */
type Works = {
  readonly [Name in keyof Storage]?: Storage[Name] extends (...asked: infer Asked) => Promise<infer Answer>
    ? (connection: Connection, ...asked: Asked) => Answer
    : never;
};

/** Each reads in one snapshot. */
const READS = {
  claimed: claimsOf,
  kept: keptSteps,
  collect,
  state: stateOf,
  dueMs: nextDueMs,
  paused: pauseOf,
  leases: storedLeases,
  pending: waitingTasks,
  pendingCount: countWaiting,
  scheduled: scheduledItems,
  scheduledCount: (connection) => lengthOf(connection, "schedule"),
  running: runningTasks,
  blocked: blockedItems,
  blockedCount: (connection) => lengthOf(connection, "blocked"),
  oldestMs,
  deadLetters,
  deadLetterCount: countDead,
  deadLetter,
  counts: storedCounts,
  recent: recentEnds,
} satisfies Works;

/** Each writes in one transaction. */
const WRITES = {
  keep: keepStep,
  leaveGate: leavePassed,
  release: (connection, claims) => claims.forEach((claim) => releaseClaim(connection, claim)),
  recover,
  endLease,
  renewLease(connection, lease) {
    renewLease(connection, lease);
    return takeLines(connection);
  },
  promote: (connection, id) => placeDue(connection, takeScheduled(connection, id))[0],
  pause,
  resume,
  increment,
  requeueDeadLetter: requeueDead,
  deleteDeadLetter: deleteDead,
  count: addCounts,
  flush,
} satisfies Works;

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
export function sqliteStorage(options: StorageOptions & SqliteOptions = {}): Storage {
  const settings = sqliteSettings(options);
  const { name, shared, clock, filename, timeoutMs } = settings;
  const waits: SqliteWaits = new SqliteWaits({
    clock,
    place: () => writer.tryRead(({ path, queue }) => path === undefined ? undefined : { path, queue }),
    changeCount: () => writer.tryRead((connection) => Number(connection.get("pragma data_version")?.data_version)),
  });
  const writer: SqliteWriter = new SqliteWriter({
    filename,
    timeoutMs,
    clock,
    open: () => new Connection(settings),
    committed: (changes) => waits.announce(changes),
    tidy(connection) {
      forgetNow(connection);
      tidyEnded(connection);
      sweep(connection);
    },
  });
  return {
    name,
    shared,
    descriptor: undefined,
    results: new SqliteKeyValue(writer, KIND.result),
    locks: new SqliteKeyValue(writer, KIND.lock),
    data: new SqliteKeyValue(writer, KIND.data),
    revocations: new SqliteKeyValue(writer, KIND.revocation),
    meta: new SqliteKeyValue(writer, KIND.meta),
    check: checkItem,
    ...bind(READS, (work) => writer.readTogether(work)),
    ...bind(WRITES, (work) => writer.write(work)),
    ...enqueuing(writer),
    ...working(writer, clock),
    ...waiting(writer, waits),
  };
}

/** Gives each work its connection when it is called. */
function bind<T extends Works>(
  works: T,
  run: (work: (connection: Connection) => unknown) => Promise<unknown>,
): Pick<Storage, keyof T & keyof Storage> {
  const bound = Object.entries(works).map(([name, work]) => {
    return [name, (...asked: never[]) => run((connection) => (work as (...all: unknown[]) => unknown)(connection, ...asked))];
  });
  return Object.fromEntries(bound);
}

function nextDueMs(connection: Connection): number | undefined {
  const times = [soonestMs(connection), pauseEndMs(connection)].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

function enqueuing(writer: SqliteWriter): Pick<Storage, "enqueue" | "enqueueOnce"> {
  return {
    async enqueue(items, chords = []) {
      items.forEach(checkItem);
      for (const { callback } of chords) checkItem(callback);
      if (chords.length === 0 && items.every(goesStraight)) {
        return await writer.writeShared(addBatches, items, items.length === 1) ?? {};
      }
      return await writer.write((connection) => {
        for (const chord of chords) addChord(connection, chord);
        return enqueueItems(connection, items);
      });
    },
    async enqueueOnce(key, ttlMs, item) {
      checkItem(item);
      const isTaken = (connection: Connection): boolean => peek(connection, KIND.meta, key) !== undefined;
      if (!writer.pending && await writer.read(isTaken)) return undefined;
      return await writer.write((connection) => {
        if (isTaken(connection)) return undefined;
        put(connection, KIND.meta, key, NOTHING, { ttlMs });
        return enqueueItems(connection, [item]);
      });
    },
  };
}

function working(writer: SqliteWriter, clock: Clock): Pick<Storage, "claim" | "begin" | "settle" | "promoteDue"> {
  return {
    async claim(limit: number, owner: Owner) {
      // A transaction that is made anyway is joined without looking: settling and claiming together cost one.
      const isWorth = limit >= 1 && (writer.pending || await writer.read(hasWaiting));
      if (isWorth) return await writer.write((connection) => claimBatch(connection, limit, owner));
      // Moves the notices that plain endings have left in huey_task while there was work. If it fails, the next ending tries again.
      if (writer.tryRead(hasUnfinished)) writer.write(finishEnded).catch(() => {});
      return { claims: [], revocations: await writer.read((connection) => hasAny(connection, KIND.revocation)) };
    },
    begin: (claim) => writer.write((connection) => beginClaim(connection, claim), true),
    async settle(settlement) {
      if (isPlainEnding(settlement)) return { held: await writer.writeShared(endInPlace, settlement) };
      const { enqueue, next, chords } = settlement;
      enqueue?.forEach(checkItem);
      if (next !== undefined) checkItem(next);
      for (const { callback } of chords ?? []) checkItem(callback);
      return await writer.write((connection) => settle(connection, settlement));
    },
    async promoteDue(limit) {
      const dueMs = await writer.readTogether(nextDueMs);
      if (dueMs === undefined || dueMs > clock.now()) return [];
      return await writer.write((connection) => {
        noticePauseEnd(connection);
        return placeDue(connection, takeDue(connection, limit));
      });
    },
  };
}

function waiting(writer: SqliteWriter, waits: SqliteWaits): Pick<Storage, "endedOf" | "listen" | "close"> {
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const written = writer.close();
    waits.end();
    await written;
    waits.close();
  };
  return {
    async endedOf(ids) {
      waits.await(ids);
      return await writer.readTogether((connection) => ids.filter((id) => hasEnded(connection, id)));
    },
    async listen(topic, wake) {
      // The bells stand beside the file, which has to be there.
      await writer.read(() => {});
      return waits.listen(topic, wake);
    },
    close: () => closing ??= close(),
  };
}

/**
 * The driver of the SQLite storage, put together of its parts: a file that any number of processes on one machine share.
 *
 * Most operations read in one snapshot or write in one transaction, and nothing else: they stand in two tables. Below are the others,
 * which look before they lock.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Owner, Storage } from "../../lib/storage.ts";
import { checkItem } from "./check_item.ts";
import { KIND } from "./connection/schema.ts";
import { Session } from "./connection/session.ts";
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
    ? (session: Session, ...asked: Asked) => Answer
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
  scheduledCount: (session) => lengthOf(session, "schedule"),
  running: runningTasks,
  blocked: blockedItems,
  blockedCount: (session) => lengthOf(session, "blocked"),
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
  release: (session, claims) => claims.forEach((claim) => releaseClaim(session, claim)),
  recover,
  endLease,
  renewLease(session, lease) {
    renewLease(session, lease);
    return takeLines(session);
  },
  promote: (session, id) => placeDue(session, takeScheduled(session, id))[0],
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
    tidy(session) {
      forgetNow(session);
      tidyEnded(session);
      sweep(session);
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
  run: (work: (session: Session) => unknown) => Promise<unknown>,
): Pick<Storage, keyof T & keyof Storage> {
  const bound = Object.entries(works).map(([name, work]) => {
    return [name, (...asked: never[]) => run((session) => (work as (...all: unknown[]) => unknown)(session, ...asked))];
  });
  return Object.fromEntries(bound);
}

function nextDueMs(session: Session): number | undefined {
  const times = [soonestMs(session), pauseEndMs(session)].filter((time) => time !== undefined);
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
      return await writer.write((session) => {
        for (const chord of chords) addChord(session, chord);
        return enqueueItems(session, items);
      });
    },
    async enqueueOnce(key, ttlMs, item) {
      checkItem(item);
      const isTaken = (session: Session): boolean => peek(session, KIND.meta, key) !== undefined;
      if (!writer.pending && await writer.read(isTaken)) return undefined;
      return await writer.write((session) => {
        if (isTaken(session)) return undefined;
        put(session, KIND.meta, key, NOTHING, { ttlMs });
        return enqueueItems(session, [item]);
      });
    },
  };
}

function working(writer: SqliteWriter, clock: Clock): Pick<Storage, "claim" | "begin" | "settle" | "promoteDue"> {
  return {
    async claim(limit: number, owner: Owner) {
      // A transaction that is made anyway is joined without looking: settling and claiming together cost one.
      const isWorth = limit >= 1 && (writer.pending || await writer.read(hasWaiting));
      if (isWorth) return await writer.write((session) => claimBatch(session, limit, owner));
      // What was put off while there was work to do. Nobody depends on it: what fails now is done with the next ending.
      if (writer.glance(hasUnfinished)) writer.write(finishEnded).catch(() => {});
      return { claims: [], revocations: await writer.read((session) => hasAny(session, KIND.revocation)) };
    },
    begin: (claim) => writer.write((session) => beginClaim(session, claim), true),
    async settle(settlement) {
      if (isPlainEnding(settlement)) return { held: await writer.writeShared(endInPlace, settlement) };
      const { enqueue, next, chords } = settlement;
      enqueue?.forEach(checkItem);
      if (next !== undefined) checkItem(next);
      for (const { callback } of chords ?? []) checkItem(callback);
      return await writer.write((session) => settle(session, settlement));
    },
    async promoteDue(limit) {
      const dueMs = await writer.readTogether(nextDueMs);
      if (dueMs === undefined || dueMs > clock.now()) return [];
      return await writer.write((session) => {
        noticePauseEnd(session);
        return placeDue(session, takeDue(session, limit));
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
      return await writer.readTogether((session) => ids.filter((id) => hasEnded(session, id)));
    },
    async listen(topic, wake) {
      // The bells stand beside the file, which has to be there.
      await writer.read(() => {});
      return waits.listen(topic, wake);
    },
    close: () => closing ??= close(),
  };
}

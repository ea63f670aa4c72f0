/**
 * A storage in a SQLite file, shared by any number of processes on one machine.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Collected,
  CountBounds,
  CountQuery,
  CountRow,
  DeadLetterQuery,
  Enqueued,
  FlushPart,
  Item,
  KeyValue,
  Lease,
  Moved,
  Owner,
  Pause,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredRunning,
  StoredState,
  Topic,
} from "../../lib/storage.ts";
import { ALL_PARTS } from "../flush_parts.ts";
import { enqueueItems, placeDue } from "./arrivals.ts";
import { addChord, collect } from "./chords.ts";
import { claim } from "./claim.ts";
import { addCounts, addRecent, recentEnds, storedCounts, trimCounts } from "./counts.ts";
import { countDead, deadLetter, deadLetters, deleteDead, requeueDead } from "./dead_letters.ts";
import { EndingGroup } from "./ending_group.ts";
import { isPlainEnding } from "./endings.ts";
import { increment, putIfEmpty } from "./entries.ts";
import { flushPart } from "./flush.ts";
import { blockedItems, countBlocked } from "./gates.ts";
import { checkItem } from "./item.ts";
import { SqliteKeyValue } from "./key_value.ts";
import { takeLines } from "./lines.ts";
import { endLease, isRecoveryNeeded, recover, renewLease, storedLeases } from "./leases.ts";
import { countWaiting, examined, oldestMs, rowLimit, runningTasks, waitingTasks } from "./listings.ts";
import type { Target } from "./locks.ts";
import { sqliteDescriptor, type SqliteOptions, type SqliteSettings, sqliteSettings } from "./options.ts";
import { leavePassed } from "./passed.ts";
import { noticePauseEnd, pause, pauseEndMs, pauseOf, resume } from "./pause.ts";
import { countScheduled, scheduledItems, soonestMs, takeDue, takeScheduled } from "./schedule.ts";
import { KIND } from "./schema.ts";
import { Session } from "./session.ts";
import { hasEnded, settle, stateOf } from "./settle.ts";
import { keepStep, keptSteps } from "./steps.ts";
import { addTasks, beginClaim, claimsOf, isOneStatement, unclaim } from "./tasks.ts";
import { SqliteWaits } from "./waits.ts";
import { SqliteWriter } from "./writer.ts";

export type { SqliteOptions } from "./options.ts";

/** What a key without a value holds. */
const NOTHING = new Uint8Array();

/** The driver: see `SqliteStorage` in `front.ts`. The file is opened at the first use. */
export class SqliteStorage implements Storage {
  readonly name: string;
  readonly shared: boolean;
  readonly data: KeyValue;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;
  readonly #settings: SqliteSettings;
  readonly #writer: SqliteWriter;
  readonly #endings: EndingGroup;
  readonly #waits: SqliteWaits;
  #closing: Promise<void> | undefined;

  /**
   * @param options Name of the queue (default "huey") and {@linkcode SqliteOptions}.
   * @throws {ConfigurationError} For an unknown journal mode or an empty file name.
   * @throws {TypeError | RangeError} For a wrong size or time.
   */
  constructor(options: { name?: string; clock?: Clock } & SqliteOptions = {}) {
    const settings = sqliteSettings(options);
    this.name = settings.name;
    this.shared = settings.shared;
    this.#settings = settings;
    const { clock } = settings;
    this.#waits = new SqliteWaits({
      clock,
      place: () => this.#writer.glance(({ path, queue }) => path === undefined ? undefined : { path, queue }),
      changeCount: () => this.#writer.glance((session) => Number(session.get("pragma data_version")?.data_version)),
    });
    this.#writer = new SqliteWriter({
      filename: settings.filename,
      timeoutMs: settings.timeoutMs,
      clock,
      open: () => new Session(settings),
      committed: (changes) => this.#waits.announce(changes),
      tidy: (session) => {
        session.ended.continue(session);
        session.sweep.continue(session);
      },
    });
    this.#endings = new EndingGroup(this.#writer);
    this.results = new SqliteKeyValue(this.#writer, KIND.result);
    this.locks = new SqliteKeyValue(this.#writer, KIND.lock);
    this.data = new SqliteKeyValue(this.#writer, KIND.data);
    this.revocations = new SqliteKeyValue(this.#writer, KIND.revocation);
    this.meta = new SqliteKeyValue(this.#writer, KIND.meta);
  }

  get descriptor(): StorageDescriptor | undefined {
    return sqliteDescriptor(import.meta.url, this.#settings);
  }

  check(item: Item): void {
    checkItem(item);
  }

  async enqueue(items: readonly Item[], chords: readonly ChordRecord[] = []): Promise<Enqueued> {
    items.forEach(checkItem);
    for (const { callback } of chords) checkItem(callback);
    if (chords.length > 0 || !isOneStatement(items)) {
      return await this.#writer.write((session) => {
        for (const chord of chords) addChord(session, chord);
        return enqueueItems(session, items);
      });
    }
    await this.#writer.write((session) => addTasks(session, items), true);
    return {};
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    checkItem(item);
    if (!this.#writer.pending && await this.meta.has(key)) return undefined;
    return await this.#writer.write((session) => {
      const isFree = putIfEmpty(session, KIND.meta, key, NOTHING, { ttlMs });
      return isFree ? enqueueItems(session, [item]) : undefined;
    });
  }

  claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    return claim(this.#writer, limit, owner);
  }

  begin({ token }: Claim): Promise<boolean> {
    return this.#writer.write((session) => beginClaim(session, token), true);
  }

  async settle(settlement: Settlement): Promise<Settled> {
    if (isPlainEnding(settlement)) return { held: await this.#endings.end(settlement) };
    const { enqueue, next, chords } = settlement;
    enqueue?.forEach(checkItem);
    if (next !== undefined) checkItem(next);
    for (const { callback } of chords ?? []) checkItem(callback);
    return await this.#writer.write((session) => settle(session, settlement));
  }

  keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    return this.#writer.write((session) => keepStep(session, claim, name, value));
  }

  kept(key: string): Promise<Map<string, Uint8Array>> {
    return this.#writer.read((session) => keptSteps(session, key));
  }

  leaveGate(claim: Claim): Promise<readonly Item[]> {
    return this.#writer.write((session) => leavePassed(session, claim));
  }

  async release(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return await this.#writer.read(() => {});
    await this.#writer.write((session) => claims.forEach((claim) => unclaim(session, claim.token, false)));
  }

  claimed(owner: Target): Promise<Claim[]> {
    return this.#writer.read((session) => claimsOf(session, owner));
  }

  renewLease(lease: Lease): Promise<readonly string[]> {
    return this.#writer.write((session) => {
      renewLease(session, lease);
      return takeLines(session);
    });
  }

  endLease(consumer: string): Promise<void> {
    return this.#writer.write((session) => endLease(session, consumer));
  }

  /**
   * Lists the leases of this queue.
   *
   * @returns All of them, those that have run out too.
   */
  leases(): Promise<StoredLease[]> {
    return this.#writer.read(storedLeases);
  }

  async recover(target?: Target, own?: Lease): Promise<Claim[]> {
    const isNeeded = own !== undefined || await this.#writer.readTogether((session) => isRecoveryNeeded(session, target));
    return isNeeded ? await this.#writer.write((session) => recover(session, target, own)) : [];
  }

  async promoteDue(limit: number): Promise<Moved[]> {
    const dueMs = await this.dueMs();
    if (dueMs === undefined || dueMs > this.#settings.clock.now()) return [];
    return await this.#writer.write((session) => {
      noticePauseEnd(session);
      return placeDue(session, takeDue(session, session.now(), rowLimit(limit)));
    });
  }

  promote(id: string): Promise<Moved | undefined> {
    return this.#writer.write((session) => placeDue(session, takeScheduled(session, id))[0]);
  }

  /**
   * Looks at the schedule and the pause.
   *
   * @returns When the soonest message is due, or the pause ends.
   */
  dueMs(): Promise<number | undefined> {
    return this.#writer.readTogether((session) => {
      const times = [soonestMs(session), pauseEndMs(session)].filter((time) => time !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    });
  }

  async endedOf(ids: readonly string[]): Promise<string[]> {
    this.#waits.await(ids);
    return await this.#writer.readTogether((session) => ids.filter((id) => hasEnded(session, id)));
  }

  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    // The bells stand beside the file, which has to be there.
    await this.#writer.read(() => {});
    return this.#waits.listen(topic, wake);
  }

  pause(request: Pause): Promise<void> {
    return this.#writer.write((session) => pause(session, request));
  }

  resume(): Promise<boolean> {
    return this.#writer.write(resume);
  }

  /**
   * Looks for a pause.
   *
   * @returns That of the queue, unless it is over.
   */
  paused(): Promise<Pause | undefined> {
    return this.#writer.read(pauseOf);
  }

  state(id: string): Promise<StoredState | undefined> {
    return this.#writer.readTogether((session) => stateOf(session, id));
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return this.#writer.write((session) => increment(session, key, by, ttlMs));
  }

  collect(chordId: string): Promise<Collected> {
    return this.#writer.readTogether((session) => collect(session, chordId));
  }

  pending(limit?: number): Promise<Item[]> {
    return this.#writer.readTogether((session) => waitingTasks(session, rowLimit(limit)));
  }

  scheduled(limit?: number): Promise<Item[]> {
    return this.#writer.read((session) => scheduledItems(session, rowLimit(limit)));
  }

  /**
   * Counts the queue.
   *
   * @returns How many messages wait; claimed ones do not.
   */
  pendingCount(): Promise<number> {
    return this.#writer.readTogether(countWaiting);
  }

  /**
   * Counts the schedule.
   *
   * @returns How many messages wait for their time.
   */
  scheduledCount(): Promise<number> {
    return this.#writer.read(countScheduled);
  }

  running(limit?: number): Promise<StoredRunning[]> {
    return this.#writer.readTogether((session) => runningTasks(session, examined(limit)));
  }

  blocked(limit?: number): Promise<Item[]> {
    return this.#writer.read((session) => blockedItems(session, examined(limit)));
  }

  /**
   * Counts the lines of the gates.
   *
   * @returns How many messages wait at one.
   */
  blockedCount(): Promise<number> {
    return this.#writer.read(countBlocked);
  }

  /**
   * Looks at the first messages of the queue.
   *
   * @returns When the oldest of them came.
   */
  oldestMs(): Promise<number | undefined> {
    return this.#writer.readTogether(oldestMs);
  }

  deadLetters(query: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    return this.#writer.read((session) => deadLetters(session, query));
  }

  deadLetterCount(query: DeadLetterQuery = {}): Promise<number> {
    return this.#writer.readTogether((session) => countDead(session, query));
  }

  deadLetter(id: string): Promise<StoredDeadLetter | undefined> {
    return this.#writer.readTogether((session) => deadLetter(session, id));
  }

  async requeueDeadLetter(id: string, item: Item, others: readonly string[] = []): Promise<Enqueued | undefined> {
    checkItem(item);
    return await this.#writer.write((session) => requeueDead(session, id, item, others));
  }

  /**
   * Deletes a dead letter.
   *
   * @param id Id of the dead letter, not of the task.
   * @returns Whether it was there.
   */
  deleteDeadLetter(id: string): Promise<boolean> {
    return this.#writer.write((session) => deleteDead(session, id));
  }

  count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): Promise<void> {
    return this.#writer.write((session) => {
      addCounts(session, rows);
      addRecent(session, recent);
      trimCounts(session, bounds, recent.length);
    });
  }

  counts(query: CountQuery): Promise<CountRow[]> {
    return this.#writer.read((session) => storedCounts(session, query));
  }

  recent(limit: number): Promise<Uint8Array[]> {
    return this.#writer.read((session) => recentEnds(session, examined(limit)));
  }

  flush(parts: readonly FlushPart[] = ALL_PARTS): Promise<void> {
    return this.#writer.write((session) => parts.forEach((part) => flushPart(session, part)));
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const written = this.#writer.close();
    this.#waits.end();
    await written;
    this.#waits.close();
  }
}

/**
 * A storage in a SQLite file, shared by any number of processes on one machine.
 * @module
 */
import { unbuilt } from "../unbuilt.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type {
  ChordRecord,
  Claim,
  ClaimBatch,
  Collected,
  DeadLetterQuery,
  Enqueued,
  FlushPart,
  Item,
  KeyValue,
  Lease,
  Owner,
  Settled,
  Settlement,
  Storage,
  StorageDescriptor,
  StoredDeadLetter,
  StoredLease,
  StoredState,
  Topic,
} from "../../lib/storage.ts";
import { ALL_PARTS } from "../flush_parts.ts";
import { addChord, collect } from "./chords.ts";
import { claim } from "./claim.ts";
import { countDead, deadLetters, deleteDead, requeueDead } from "./dead_letters.ts";
import { EndingGroup } from "./ending_group.ts";
import { isPlainEnding } from "./endings.ts";
import { increment, putIfEmpty } from "./entries.ts";
import { flushPart } from "./flush.ts";
import { checkItem } from "./item.ts";
import { SqliteKeyValue } from "./key_value.ts";
import { endLease, isRecoveryNeeded, recover, renewLease, storedLeases } from "./leases.ts";
import type { Target } from "./locks.ts";
import { sqliteDescriptor, type SqliteOptions, type SqliteSettings, sqliteSettings } from "./options.ts";
import { addItems, countScheduled, promote, scheduledItems, soonestMs } from "./schedule.ts";
import { KIND } from "./schema.ts";
import { Session } from "./session.ts";
import { hasEnded, settle, stateOf } from "./settle.ts";
import { beginClaim, claimsOf, countWaiting, isOneStatement, unclaim, waitingTasks } from "./tasks.ts";
import { SqliteWaits } from "./waits.ts";
import { SqliteWriter } from "./writer.ts";

export type { SqliteOptions } from "./options.ts";

/** What a key without a value holds. */
const NOTHING = new Uint8Array();

/** The driver: see `SqliteStorage` in `front.ts`. The file is opened at the first use. */
export class SqliteStorage implements Storage {
  readonly keep: Storage["keep"] = unbuilt;
  readonly kept: Storage["kept"] = unbuilt;
  readonly leaveGate: Storage["leaveGate"] = unbuilt;
  readonly promote: Storage["promote"] = unbuilt;
  readonly pause: Storage["pause"] = unbuilt;
  readonly resume: Storage["resume"] = unbuilt;
  readonly paused: Storage["paused"] = unbuilt;
  readonly running: Storage["running"] = unbuilt;
  readonly blocked: Storage["blocked"] = unbuilt;
  readonly blockedCount: Storage["blockedCount"] = unbuilt;
  readonly oldestMs: Storage["oldestMs"] = unbuilt;
  readonly deadLetter: Storage["deadLetter"] = unbuilt;
  readonly count: Storage["count"] = unbuilt;
  readonly counts: Storage["counts"] = unbuilt;
  readonly recent: Storage["recent"] = unbuilt;

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
    if (chords.length === 0) {
      await this.#writer.write((session) => addItems(session, items), isOneStatement(items));
      return {};
    }
    for (const { callback } of chords) checkItem(callback);
    await this.#writer.write((session) => {
      for (const chord of chords) addChord(session, chord);
      addItems(session, items);
    });
    return {};
  }

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    checkItem(item);
    if (!this.#writer.pending && await this.meta.has(key)) return undefined;
    return await this.#writer.write((session) => {
      const isFree = putIfEmpty(session, KIND.meta, key, NOTHING, { ttlMs });
      if (isFree) addItems(session, [item]);
      return isFree ? {} : undefined;
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
    const { enqueue, chords } = settlement;
    enqueue?.forEach(checkItem);
    for (const { callback } of chords ?? []) checkItem(callback);
    return await this.#writer.write((session) => settle(session, settlement));
  }

  async release(claims: readonly Claim[]): Promise<void> {
    if (claims.length === 0) return await this.#writer.read(() => {});
    await this.#writer.write((session) => claims.forEach((claim) => unclaim(session, claim.token, false)));
  }

  claimed(owner: Target): Promise<Claim[]> {
    return this.#writer.read((session) => claimsOf(session, owner));
  }

  renewLease(lease: Lease): Promise<void> {
    return this.#writer.write((session) => renewLease(session, lease));
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

  async promoteDue(limit: number): Promise<Item[]> {
    const nowMs = this.#settings.clock.now();
    const soonest = await this.#writer.read(soonestMs);
    if (soonest === undefined || soonest > nowMs) return [];
    return await this.#writer.write((session) => promote(session, nowMs, rowLimit(limit)));
  }

  /**
   * Looks at the schedule.
   *
   * @returns When its soonest message is due.
   */
  dueMs(): Promise<number | undefined> {
    return this.#writer.read(soonestMs);
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

  deadLetters({ limit }: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    return this.#writer.read((session) => deadLetters(session, rowLimit(limit)));
  }

  /**
   * Counts the dead letters.
   *
   * @returns How many messages were set aside.
   */
  deadLetterCount(): Promise<number> {
    return this.#writer.read(countDead);
  }

  requeueDeadLetter(id: string, _item?: Item): Promise<Enqueued | undefined> {
    return this.#writer.write((session) => requeueDead(session, id) ? {} : undefined);
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

/** SQLite's way of saying that there is no limit is a negative one. */
function rowLimit(limit: number = Infinity): number {
  return Number.isFinite(limit) ? limit : -1;
}

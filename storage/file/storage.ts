/**
 * The storage that keeps everything in files of one folder, for several processes of one computer (or of several that share a
 * file system which renames atomically). No server, no library: one lock for the queue and a journal.
 *
 * `names.ts` says what is where, `lock.ts` who may change it, `journal.ts` why a crash loses nothing, `turns.ts` how operations share
 * a hold of the lock, `queue.ts` what they do.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
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
import { folderOf, type Target } from "./claims.ts";
import { codeOf, Disk } from "./disk.ts";
import { checkItem, checkItems, type FileOptions, type FileSettings, fileSettings, rootOf } from "./options.ts";
import { Queue } from "./queue.ts";
import { stepsKey } from "./steps.ts";
import type { Transaction } from "./transaction.ts";
import { type Operation, Turns } from "./turns.ts";
import { FileKeyValue, resultsOf, valuesOf } from "./values.ts";
import { Waits } from "./waits.ts";

export type { FileOptions };

/** Ids that are looked for in one hold of the lock, so that others get their turn in between. */
const IDS_AT_ONCE = 256;
/** Records that a recovery looks at along the way, in case their time is over. */
const LOOKS_PER_RECOVERY = 200;

/** The driver: see `FileStorage` in `front.ts`. */
export class FileStorage implements Storage {
  readonly name: string;
  readonly shared: boolean = true;
  readonly place: string;
  readonly descriptor: StorageDescriptor;
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly data: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;

  readonly #clock: Clock;
  readonly #disk: Disk;
  readonly #queue: Queue;
  readonly #turns: Turns;
  readonly #waits: Waits;

  /**
   * @param options Name of the queue (default "huey"; each name has a folder of its own below `path`) and {@linkcode FileOptions}.
   * @throws {TypeError} For an unknown option, or a value of a wrong type.
   * @throws {RangeError} If `levels` or `mode` is out of range.
   * @throws {ConfigurationError} If there is no path, something else than a folder is there, or a queue of Huey 0.1.
   * @throws {StorageError} If the folder cannot be made.
   */
  constructor(options: { readonly name?: string; readonly clock?: Clock } & FileOptions) {
    const settings = fileSettings(options);
    const { name, path, levels, clock = systemClock } = settings;
    this.name = name;
    this.place = path;
    this.descriptor = descriptorOf(settings);
    this.#clock = clock;
    const disk = this.#disk = openDisk(settings);
    const queue = this.#queue = new Queue({ disk, clock, levels });
    const turns = this.#turns = new Turns({
      name,
      disk,
      clock,
      forget: () => queue.forget(),
      undone: () => queue.news.forget(),
      balance: () => queue.balance(),
      recount: (what) => queue.recount(what),
      ring: (topics) => this.#waits.ring(topics),
    });
    this.#waits = new Waits({ disk, clock, changeCount: () => turns.changeCount() });
    this.data = new FileKeyValue(turns, valuesOf(queue.data, clock));
    this.results = new FileKeyValue(turns, resultsOf(queue.tasks));
    this.locks = new FileKeyValue(turns, queue.heldLocks.noted(valuesOf(queue.locks, clock)));
    this.revocations = new FileKeyValue(turns, valuesOf(queue.revocations, clock), "revocations");
    this.meta = new FileKeyValue(turns, valuesOf(queue.meta, clock));
  }

  check(item: Item): void {
    checkItem(item);
  }

  async enqueue(items: readonly Item[], chords: readonly ChordRecord[] = []): Promise<Enqueued> {
    checkItems(items, chords);
    const [copies, records] = [items.map(copyOfItem), chords.map(copyOfChord)];
    return await this.#run((transaction) => this.#queue.enqueue(transaction, copies, records));
  }

  // deno-lint-ignore require-await -- what is thrown must become a rejection
  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    checkItem(item);
    const copy = copyOfItem(item);
    return this.#run((transaction) => {
      const { meta } = this.#queue;
      if (meta.get(transaction, key) !== undefined) return undefined;
      meta.set(transaction, key, new Uint8Array(), {}, this.#clock.now() + ttlMs);
      return this.#queue.enqueue(transaction, [copy], []);
    });
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    return this.#run((transaction) => {
      const isPaused = transaction.total("paused") > 0 && this.#queue.pause.now(transaction) !== undefined;
      const claims = isPaused ? [] : this.#queue.claims.take(transaction, limit, owner);
      return { claims, revocations: transaction.total("revocations") > 0 };
    });
  }

  begin(claim: Claim): Promise<boolean> {
    return this.#run((transaction) => this.#queue.claims.begin(transaction, claim));
  }

  // deno-lint-ignore require-await -- what is thrown must become a rejection
  async settle(settlement: Settlement): Promise<Settled> {
    const { enqueue = [], next, chords } = settlement;
    checkItems(next === undefined ? enqueue : [...enqueue, next], chords);
    return this.#run((transaction) => this.#queue.settle(transaction, settlement));
  }

  async keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    const copy = value.slice();
    return await this.#run((transaction) => {
      if (!this.#queue.claims.isHeld(transaction, claim)) return false;
      this.#queue.steps.keep(transaction, stepsKey(claim), name, copy);
      return true;
    });
  }

  kept(key: string): Promise<Map<string, Uint8Array>> {
    return this.#turns.run((transaction) => this.#queue.steps.kept(transaction, key), true);
  }

  leaveGate(claim: Claim): Promise<readonly Item[]> {
    return this.#run((transaction) => this.#queue.claims.leaveGate(transaction, claim));
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#run((transaction) => {
      for (const { token } of claims) this.#queue.claims.giveBack(transaction, token, "not counted");
    });
  }

  claimed(owner: Target): Promise<Claim[]> {
    return this.#turns.run((transaction) => this.#queue.claims.of(transaction, folderOf(owner)), true);
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  async renewLease(lease: Lease): Promise<readonly string[]> {
    await this.#run((transaction) => this.#queue.leases.renew(transaction, lease));
    return this.#disk.takeLines();
  }

  endLease(consumer: string): Promise<void> {
    return this.#turns.run((transaction) => {
      this.#queue.leases.end(transaction, consumer);
      this.#queue.claims.dropPassed(transaction, folderOf({ consumer }));
    }, true);
  }

  leases(): Promise<StoredLease[]> {
    return this.#turns.run(() => this.#queue.leases.list(), true);
  }

  async recover(target?: Target, own?: Lease): Promise<Claim[]> {
    const recovered = await this.#turns.run((transaction) => this.#queue.recover(transaction, target, own), true);
    void this.#sweep(LOOKS_PER_RECOVERY);
    return recovered;
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  promoteDue(limit: number): Promise<Moved[]> {
    return this.#run((transaction) => this.#queue.promoteDue(transaction, this.#clock.now(), limit));
  }

  promote(id: string): Promise<Moved | undefined> {
    return this.#run((transaction) => this.#queue.promote(transaction, id));
  }

  dueMs(): Promise<number | undefined> {
    return this.#run((transaction) => this.#queue.dueMs(transaction));
  }

  pause(pause: Pause): Promise<void> {
    return this.#run((transaction) => this.#queue.pause.begin(transaction, pause));
  }

  resume(): Promise<boolean> {
    return this.#run((transaction) => this.#queue.pause.end(transaction));
  }

  paused(): Promise<Pause | undefined> {
    return this.#run((transaction) => this.#queue.pause.now(transaction));
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  async endedOf(ids: readonly string[]): Promise<string[]> {
    this.#turns.assertOpen();
    const ended: string[] = [];
    for (let start = 0; start < ids.length; start += IDS_AT_ONCE) {
      ended.push(...await this.#endedAmong(ids.slice(start, start + IDS_AT_ONCE)));
    }
    return ended;
  }

  // deno-lint-ignore require-await -- what is thrown must become a rejection
  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    this.#turns.assertOpen();
    return this.#waits.listen(topic, wake);
  }

  state(id: string): Promise<StoredState | undefined> {
    return this.#turns.run((transaction) => this.#queue.state(transaction, id), true);
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return this.#run((transaction) => this.#queue.increment(transaction, key, by, ttlMs));
  }

  collect(chordId: string): Promise<Collected> {
    return this.#turns.run((transaction) => this.#queue.chords.collect(transaction, chordId), true);
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  pending(limit: number = Infinity): Promise<Item[]> {
    return this.#run((transaction) => this.#queue.messages.list(transaction, "waiting", limit));
  }

  scheduled(limit: number = Infinity): Promise<Item[]> {
    return this.#run((transaction) => this.#queue.messages.list(transaction, "later", limit));
  }

  pendingCount(): Promise<number> {
    return this.#run((transaction) => transaction.total("waiting"));
  }

  scheduledCount(): Promise<number> {
    return this.#run((transaction) => transaction.total("later"));
  }

  running(limit: number = Infinity): Promise<StoredRunning[]> {
    return this.#turns.run((transaction) => this.#queue.claims.running(transaction, limit), true);
  }

  blocked(limit: number = Infinity): Promise<Item[]> {
    return this.#run((transaction) => this.#queue.messages.listBlocked(transaction, limit));
  }

  blockedCount(): Promise<number> {
    return this.#run((transaction) => transaction.total("blocked"));
  }

  oldestMs(): Promise<number | undefined> {
    return this.#run(() => this.#queue.messages.oldestMs());
  }

  deadLetters(query: DeadLetterQuery = {}): Promise<StoredDeadLetter[]> {
    return this.#run((transaction) => this.#queue.deadLetters.list(transaction, query));
  }

  deadLetterCount(query: DeadLetterQuery = {}): Promise<number> {
    return this.#run((transaction) => this.#queue.deadLetters.count(transaction, query));
  }

  deadLetter(id: string): Promise<StoredDeadLetter | undefined> {
    return this.#run((transaction) => this.#queue.deadLetters.find(transaction, id));
  }

  // deno-lint-ignore require-await -- what is thrown must become a rejection
  async requeueDeadLetter(id: string, item: Item, others: readonly string[] = []): Promise<Enqueued | undefined> {
    checkItem(item);
    const [copy, ended] = [copyOfItem(item), [...others]];
    return this.#run((transaction) => this.#queue.requeue(transaction, id, copy, ended));
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return this.#run((transaction) => this.#queue.deleteLetter(transaction, id));
  }

  // ---- counts -------------------------------------------------------------------------------------------------------

  count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): Promise<void> {
    const copies = recent.map((end) => end.slice());
    return this.#turns.run((transaction) => this.#queue.counts.add(transaction, rows, copies, bounds), true);
  }

  counts(query: CountQuery): Promise<CountRow[]> {
    return this.#turns.run((transaction) => this.#queue.counts.list(transaction, query), true);
  }

  recent(limit: number): Promise<Uint8Array[]> {
    return this.#run((transaction) => this.#queue.counts.recent(transaction, limit));
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  async flush(parts: readonly FlushPart[] = ALL_PARTS): Promise<void> {
    this.#turns.assertOpen();
    // One by one, since each looks at what the one before has left.
    for (const part of parts) await this.#turns.run((transaction) => this.#queue.flush(transaction, part), true);
  }

  async close(): Promise<void> {
    this.#waits.close();
    await this.#turns.close();
  }

  async #run<T>(operation: Operation<T>): Promise<T> {
    const value = await this.#turns.run(operation);
    if (this.#queue.sweep.isDue || this.#queue.messages.places.isDue) void this.#sweep(0);
    return value;
  }

  /** Where the wish cannot be noted, on a full disk, whoever waits looks now and then. */
  async #endedAmong(ids: readonly string[]): Promise<string[]> {
    const { tasks, news } = this.#queue;
    const seen = this.#turns.isIdle ? tasks.glanceEnded(ids) : undefined;
    if (seen !== undefined) return seen;
    try {
      return await this.#turns.run((transaction) => tasks.endedOf(transaction, ids));
    } catch (error) {
      news.forget();
      if (!(error instanceof StorageError)) throw error;
      return await this.#turns.run((transaction) => ids.filter((id) => tasks.hasEnded(transaction, id)));
    }
  }

  /** Nothing is wrong if it fails: the next one looks at the same. */
  async #sweep(looks: number): Promise<void> {
    const tidy = (transaction: Transaction): void => {
      this.#queue.sweep.continue(transaction, looks);
      this.#queue.messages.places.compact(transaction);
    };
    await this.#turns.run(tidy, true).catch(() => {});
  }
}

function descriptorOf({ clock: _, ...options }: FileSettings): StorageDescriptor {
  return { module: import.meta.url, className: "FileStorage", options };
}

function openDisk(settings: FileSettings): Disk {
  try {
    return new Disk(rootOf(settings), settings);
  } catch (error) {
    if (codeOf(error) === undefined || !(error instanceof Error)) throw error;
    throw new StorageError(`File storage "${settings.name}" failed: ${error.message}`, { cause: error });
  }
}

function copyOfItem(item: Item): Item {
  return { ...item, data: item.data.slice() };
}

function copyOfChord(chord: ChordRecord): ChordRecord {
  return { ...chord, callback: copyOfItem(chord.callback) };
}

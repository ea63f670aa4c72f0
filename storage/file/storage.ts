/**
 * The storage that keeps everything in files of one folder, for several processes of one computer. No server, no library and no lock:
 * everybody appends commands to one log, and carries out what is in it.
 *
 * `folder.ts` says what is where, `log.ts` and `record.ts` how commands are written, `replica.ts` what becomes of them,
 * `generations.ts` how a log ends, `large.ts` where large values are.
 * @module
 */
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
import type { Target } from "../memory/claims.ts";
import type { MemoryStore } from "../memory/store.ts";
import { checkCommand } from "./commands.ts";
import { Folder } from "./folder.ts";
import { LargeValues } from "./large.ts";
import { checkItem, type FileOptions, type FileSettings, fileSettings, rootOf } from "./options.ts";
import { Replica } from "./replica.ts";
import { Turns, type Ways } from "./turns.ts";
import { FileKeyValue } from "./values.ts";
import { Waits } from "./waits.ts";

export type { FileOptions };

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
  readonly #large: LargeValues;
  readonly #replica: Replica;
  readonly #turns: Turns;
  readonly #waits: Waits;

  /**
   * @param options Name of the queue (default "huey"; each name has a folder of its own below `path`) and {@linkcode FileOptions}.
   * @throws {TypeError} For an unknown option, or a value of a wrong type.
   * @throws {RangeError} If `levels` or `mode` is out of range.
   * @throws {ConfigurationError} If there is no path, something else than a folder is there, or a queue that this version cannot read.
   */
  constructor(options: { readonly name?: string; readonly clock?: Clock } & FileOptions) {
    const settings = fileSettings(options);
    const { name, path, levels, mode, fsync, clock = systemClock } = settings;
    this.name = name;
    this.place = path;
    this.descriptor = descriptorOf(settings);
    this.#clock = clock;
    const folder = new Folder({ path: rootOf(settings), mode, fsync });
    const large = this.#large = new LargeValues(folder, levels);
    const replica = this.#replica = new Replica(folder, large, clock);
    const turns = this.#turns = new Turns({ name, replica, ring: (topics) => this.#waits.ring(topics) });
    this.#waits = new Waits({ folder, clock, catchUp: () => void turns.read(() => {}).catch(() => {}) });
    this.data = new FileKeyValue("data", turns, large);
    this.results = new FileKeyValue("results", turns, large);
    this.locks = new FileKeyValue("locks", turns, large);
    this.revocations = new FileKeyValue("revocations", turns, large);
    this.meta = new FileKeyValue("meta", turns, large);
  }

  check(item: Item): void {
    checkItem(item);
  }

  enqueue(items: readonly Item[], chords?: readonly ChordRecord[]): Promise<Enqueued> {
    const isNothing = items.length === 0 && (chords ?? []).length === 0;
    return this.#write("enqueue", [items, chords], isNothing ? () => ({ value: {} }) : undefined);
  }

  enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    return this.#write("enqueueOnce", [key, ttlMs, item], (store) => store.meta.has(key) ? { value: undefined } : undefined);
  }

  // ---- claims -------------------------------------------------------------------------------------------------------

  claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    return this.#write("claim", [limit, owner], (store) => {
      if (limit > 0 && store.pendingCount() > 0 && store.paused() === undefined) return undefined;
      return { value: { claims: [], revocations: store.revocations.size() > 0 } };
    });
  }

  begin(claim: Claim): Promise<boolean> {
    return this.#write("begin", [claim]);
  }

  keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    return this.#write("keep", [claim, name, value]);
  }

  kept(key: string): Promise<Map<string, Uint8Array>> {
    return this.#read((store) => store.kept(key));
  }

  settle(settlement: Settlement): Promise<Settled> {
    return this.#write("settle", [settlement]);
  }

  leaveGate(claim: Claim): Promise<readonly Item[]> {
    return this.#write("leaveGate", [claim]);
  }

  release(claims: readonly Claim[]): Promise<void> {
    return this.#write("release", [claims], claims.length === 0 ? () => ({ value: undefined }) : undefined);
  }

  claimed(owner: Target): Promise<Claim[]> {
    return this.#read((store) => store.claimed(owner));
  }

  // ---- leases and recovery ------------------------------------------------------------------------------------------

  async renewLease(lease: Lease): Promise<readonly string[]> {
    await this.#write("renewLease", [lease]);
    return this.#replica.takeLines();
  }

  endLease(consumer: string): Promise<void> {
    return this.#write("endLease", [consumer]);
  }

  leases(): Promise<StoredLease[]> {
    return this.#read((store) => store.leases());
  }

  recover(target?: Target, own?: Lease): Promise<Claim[]> {
    return this.#write("recover", [target, own]);
  }

  // ---- schedule -----------------------------------------------------------------------------------------------------

  promoteDue(limit: number): Promise<Moved[]> {
    return this.#write(
      "promoteDue",
      [limit],
      (store) => (store.dueMs() ?? Infinity) > this.#clock.now() ? { value: [] } : undefined,
    );
  }

  promote(id: string): Promise<Moved | undefined> {
    return this.#write("promote", [id]);
  }

  dueMs(): Promise<number | undefined> {
    return this.#read((store) => store.dueMs());
  }

  pause(pause: Pause): Promise<void> {
    return this.#write("pause", [pause]);
  }

  resume(): Promise<boolean> {
    return this.#write("resume", []);
  }

  paused(): Promise<Pause | undefined> {
    return this.#read((store) => store.paused());
  }

  // ---- results, states, counters, chords ----------------------------------------------------------------------------

  endedOf(ids: readonly string[]): Promise<string[]> {
    return this.#read((store) => store.endedOf(ids));
  }

  // deno-lint-ignore require-await -- what is thrown must become a rejection
  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    this.#turns.assertOpen();
    const [forget, stop] = [this.#replica.store.listen(topic, wake), this.#waits.listen(topic)];
    return () => (forget(), stop());
  }

  state(id: string): Promise<StoredState | undefined> {
    return this.#read((store) => store.state(id));
  }

  increment(key: string, by: number, ttlMs?: number): Promise<number> {
    return this.#write("increment", [key, by, ttlMs]);
  }

  collect(chordId: string): Promise<Collected> {
    return this.#read((store) => store.collect(chordId));
  }

  // ---- listings -----------------------------------------------------------------------------------------------------

  pending(limit?: number): Promise<Item[]> {
    return this.#read((store) => store.pending(limit));
  }

  scheduled(limit?: number): Promise<Item[]> {
    return this.#read((store) => store.scheduled(limit));
  }

  pendingCount(): Promise<number> {
    return this.#read((store) => store.pendingCount());
  }

  scheduledCount(): Promise<number> {
    return this.#read((store) => store.scheduledCount());
  }

  running(limit?: number): Promise<StoredRunning[]> {
    return this.#read((store) => store.running(limit));
  }

  blocked(limit?: number): Promise<Item[]> {
    return this.#read((store) => store.blocked(limit));
  }

  blockedCount(): Promise<number> {
    return this.#read((store) => store.blockedCount());
  }

  oldestMs(): Promise<number | undefined> {
    return this.#read((store) => store.oldestMs());
  }

  // ---- dead letters -------------------------------------------------------------------------------------------------

  deadLetters(query?: DeadLetterQuery): Promise<StoredDeadLetter[]> {
    return this.#read((store) => store.deadLetters(query));
  }

  deadLetterCount(query?: DeadLetterQuery): Promise<number> {
    return this.#read((store) => store.deadLetterCount(query));
  }

  deadLetter(id: string): Promise<StoredDeadLetter | undefined> {
    return this.#read((store) => store.deadLetter(id));
  }

  requeueDeadLetter(id: string, item: Item, others?: readonly string[]): Promise<Enqueued | undefined> {
    const isGone = (store: MemoryStore): boolean => store.deadLetter(id) === undefined;
    return this.#write("requeueDeadLetter", [id, item, others], (store) => isGone(store) ? { value: undefined } : undefined);
  }

  deleteDeadLetter(id: string): Promise<boolean> {
    return this.#write("deleteDeadLetter", [id], (store) => store.deadLetter(id) === undefined ? { value: false } : undefined);
  }

  // ---- counts -------------------------------------------------------------------------------------------------------

  count(rows: readonly CountRow[], recent: readonly Uint8Array[], bounds: CountBounds): Promise<void> {
    return this.#write("count", [rows, recent, bounds]);
  }

  counts(query: CountQuery): Promise<CountRow[]> {
    return this.#read((store) => store.counts(query));
  }

  recent(limit: number): Promise<Uint8Array[]> {
    return this.#read((store) => store.recent(limit));
  }

  // ---- end ----------------------------------------------------------------------------------------------------------

  flush(parts?: readonly FlushPart[]): Promise<void> {
    return this.#write("flush", [parts]);
  }

  async close(): Promise<void> {
    this.#waits.close();
    await this.#turns.close();
    this.#replica.store.waits.end();
  }

  #read<T>(look: (store: MemoryStore) => T): Promise<T> {
    return this.#turns.read((store) => this.#large.resolve(look(store)));
  }

  async #write<T>(name: string, args: readonly unknown[], look?: Ways["look"]): Promise<T> {
    this.#turns.assertOpen();
    const command = this.#turns.attempt(() => checkCommand(name, args, this.#large.hold));
    return await this.#turns.write<T>(command, { look, present: this.#large.resolve });
  }
}

function descriptorOf({ clock: _, ...options }: FileSettings): StorageDescriptor {
  return { module: import.meta.url, className: "FileStorage", options };
}

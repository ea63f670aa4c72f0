// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * A storage of your own, in plain maps and lists: what each method of the contract has to do, and nothing besides. To keep the same
 * in a medium, put its transactions in the place of `#step`. docs/writing_a_storage.md goes through it part by part.
 * @module
 */
import { unbuilt } from "../../storage/unbuilt.ts";
import { BaseKeyValue, StorageError } from "@hueyjs/huey";
import type { ChordRecord, Claim, ClaimBatch, Clock, Ending, Enqueued, FlushPart, Item, Lease, Owner } from "@hueyjs/huey";
import type { PutIfEmptyOptions, Settled, Settlement, Storage, StoredDeadLetter, StoredLease } from "@hueyjs/huey";
import type { StoredState, Topic } from "@hueyjs/huey";

// ---- what is kept ---------------------------------------------------------------------------------------------------

/** A message, from its enqueueing to its end. */
interface Row {
  item: Item;
  where: "queue" | "schedule" | "claimed" | "dead";
  /** Among those of the same priority. It is kept when a claim is put back. */
  place: number;
  deliveries: number;
  begun?: boolean;
  /** While it is claimed. */
  held?: { token: string; owner: Owner; sinceMs: number };
  /** While it is set aside. */
  letter?: StoredDeadLetter;
}
type Entry = { value: Uint8Array; endsMs: number; holder?: string | undefined; worker?: Owner | undefined };
type Chord = ChordRecord & { values: (Uint8Array | undefined)[]; filledMs?: number; filledBy?: string | undefined };

const PARTS: FlushPart[] = ["queue", "schedule", "results", "locks", "data", "revocations", "counters", "deadLetters"];
const MOST_TAKEN = 10_000;

// ---- keys and values ------------------------------------------------------------------------------------------------

/** One name space: the methods that each medium has of its own. The others follow from them. */
class MapSpace extends BaseKeyValue {
  readonly map: Map<string, Entry> = new Map();
  readonly #nowMs: () => number;
  readonly #ring: () => void;

  /** @param nowMs The time. @throws {StorageError} If the storage is closed. */
  constructor(nowMs: () => number, ring: () => void = () => {}) {
    super();
    this.#nowMs = nowMs;
    this.#ring = ring;
  }

  get(key: string): Entry | undefined {
    const [nowMs, entry] = [this.#nowMs(), this.map.get(key)];
    return entry && entry.endsMs > nowMs ? entry : undefined;
  }

  set(key: string, value: Uint8Array, { ttlMs = Infinity, holder }: PutIfEmptyOptions = {}): void {
    this.map.set(key, { value: value.slice(), endsMs: this.#nowMs() + ttlMs, holder });
    this.#ring();
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    this.set(key, value, { ttlMs });
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    this.#nowMs();
    return keys.map((key) => this.get(key)?.value);
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    const value = this.get(key)?.value;
    this.map.delete(key);
    return value;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    const nowMs = this.#nowMs();
    return new Map([...this.map].filter(([, { endsMs }]) => endsMs > nowMs).map(([key, { value }]) => [key, value]));
  }

  async change(key: string, expected?: Uint8Array, value?: Uint8Array, options: PutIfEmptyOptions = {}): Promise<boolean> {
    const found = this.get(key);
    if (found?.value.toString() !== expected?.toString()) return false;
    if (value) this.set(key, value, { ...options, ...(found && { holder: found.holder }) });
    else this.map.delete(key);
    return true;
  }
}

// ---- the storage ----------------------------------------------------------------------------------------------------

/** Bytes are copied on their way in; those that come out are the stored ones, and nobody may change them. */
export class MapStorage implements Storage {
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
  readonly shared = false;
  readonly descriptor = undefined;
  readonly results: MapSpace = new MapSpace(() => this.#nowMs(), () => this.#ring("results"));
  readonly locks: MapSpace = new MapSpace(() => this.#nowMs());
  readonly data: MapSpace = new MapSpace(() => this.#nowMs());
  readonly revocations: MapSpace = new MapSpace(() => this.#nowMs(), () => this.#ring("revocations"));
  readonly meta: MapSpace = new MapSpace(() => this.#nowMs());
  /** In the order in which they are claimed. */
  #rows: Row[] = [];
  #nextPlace = 0;
  /** Tokens of claims that were taken from their holder: their settlements were never written. */
  #taken: string[] = [];
  readonly #leases: Map<string, StoredLease> = new Map();
  readonly #chords: Map<string, Chord> = new Map();
  readonly #notices: Map<string, { ending: Ending; endsMs: number }> = new Map();
  readonly #counters: Map<string, { count: number; endsMs: number }> = new Map();
  readonly #listeners: Set<{ topic: Topic; wake: () => void }> = new Set();
  readonly #clock: Clock;
  #closed = false;

  constructor({ name, clock }: { name: string; clock: Clock }) {
    this.name = name;
    this.#clock = clock;
  }

  /** This storage. @throws {StorageError} If it is closed. */
  get #open(): MapStorage {
    if (this.#closed) throw new StorageError(`Storage "${this.name}" is closed`);
    return this;
  }

  readonly #nowMs = (): number => this.#open.#clock.now();
  readonly #in = (where: Row["where"]): Row[] => this.#open.#rows.filter((row) => row.where === where);

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
  }

  // ---- putting items in

  check({ priority, dueMs = 0 }: Item): void {
    if (!Number.isFinite(priority + dueMs)) throw new RangeError(`Must be finite: priority ${priority}, due time ${dueMs}`);
  }
  readonly enqueue: Storage["enqueue"] = async (items, chords) => (this.#open.#add(items, chords), {});

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    if (this.meta.get(key)) return undefined;
    this.#add([item]);
    this.meta.set(key, new Uint8Array(), { ttlMs });
    return {};
  }
  #add(items: readonly Item[], chords: readonly ChordRecord[] = []): void {
    for (const item of [...items, ...chords.map(({ callback }) => callback)]) this.check(item); // before anything is written
    for (const item of items) {
      const where = item.dueMs === undefined ? "queue" : "schedule";
      this.#insert({ item: { ...item, data: item.data.slice() }, where, place: this.#nextPlace++, deliveries: 0 });
      this.#notices.delete(item.id); // the task waits again
      this.#ring(where);
    }
    for (const chord of chords) {
      if (!this.#chords.has(chord.id)) this.#chords.set(chord.id, { ...chord, values: Array(chord.size).fill(undefined) });
    }
  }
  readonly #insert = (row: Row): unknown =>
    this.#rows.splice(this.#rows.findLastIndex(({ item }) => item.priority >= row.item.priority) + 1, 0, row);

  // ---- the schedule

  readonly #bySchedule = (): Row[] =>
    this.#in("schedule").sort((one, other) => one.item.dueMs! - other.item.dueMs! || one.place - other.place);

  readonly dueMs: Storage["dueMs"] = async () => this.#bySchedule()[0]?.item.dueMs;

  async promoteDue(limit: number): Promise<Item[]> {
    const due = this.#bySchedule().filter(({ item }) => item.dueMs! <= this.#nowMs()).slice(0, limit);
    this.#rows = this.#rows.filter((row) => !due.includes(row));
    this.#add(due.map(({ item }) => ({ ...item, dueMs: undefined })));
    return due.map(({ item }) => item);
  }
  // ---- claims

  async claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    const claimed = this.#in("queue").slice(0, limit);
    const held = (): Row["held"] => ({ token: crypto.randomUUID(), owner, sinceMs: this.#nowMs() });
    for (const row of claimed) Object.assign(row, { where: "claimed", held: held(), deliveries: row.deliveries + 1 });
    return { claims: claimed.map(claimOf), revocations: await this.revocations.size() > 0 };
  }
  readonly claimed: Storage["claimed"] = async (target) =>
    this.#in("claimed").filter(({ held }) => isOf(target, held!.owner)).map(claimOf);

  readonly #held = ({ token }: Claim): Row | undefined => this.#in("claimed").find(({ held }) => held!.token === token);

  async begin(claim: Claim): Promise<boolean> {
    const row = this.#held(claim);
    return row !== undefined && (row.begun = true);
  }
  readonly release: Storage["release"] = async (claims) => {
    const rows = claims.map(this.#open.#held).filter((row) => row !== undefined);
    for (const row of rows) this.#giveBack(row).deliveries--;
  };
  #giveBack(row: Row): Row {
    const { token } = row.held!;
    this.#taken = [...this.#taken, token].slice(-MOST_TAKEN);
    this.#dropLocks(({ holder }) => holder === token);
    this.#ring("queue");
    return Object.assign(row, { where: "queue", held: undefined });
  }

  #dropLocks(isDropped: (lock: Entry) => boolean): void {
    for (const [key, lock] of this.locks.map) if (isDropped(lock)) this.locks.map.delete(key);
  }

  // ---- settlements

  async settle(settlement: Settlement): Promise<Settled> {
    const { claim, canceled = [], enqueue = [], chords, chord, dropChord, forget = [], bury } = settlement;
    if (claim && !this.#held(claim)) return this.#answerAgain(settlement);
    this.#open.#add(enqueue, chords); // refuses before anything is written
    if (claim) this.#endClaim(claim, settlement);
    this.#end(settlement);
    if (bury) this.#bury(settlement);
    for (const step of canceled) this.#end({ ...settlement, result: undefined, ...step, ending: "canceled" });
    for (const key of forget) this.revocations.map.delete(key);
    const callback = chord && this.#report(settlement);
    if (dropChord !== undefined) this.#chords.delete(dropChord);
    return { held: true, callback };
  }

  /** Was it written when it was sent before, or was the claim taken away? */
  #answerAgain({ again, claim, chord }: Settlement): Settled {
    if (!again || this.#taken.includes(claim!.token)) return { held: false };
    const told = this.#chords.get(chord?.id ?? "");
    return { held: true, callback: told?.filledBy === claim!.token ? told.callback : undefined };
  }

  #endClaim({ token }: Claim, { dropLocks, passLocks }: Settlement): void {
    this.#rows = this.#rows.filter(({ held }) => held?.token !== token);
    if (dropLocks) this.#dropLocks(({ holder }) => holder === token);
    for (const lock of this.locks.map.values()) {
      if (lock.holder === token) Object.assign(lock, { holder: undefined, worker: passLocks });
    }
  }

  #end({ id, result, resultTtlMs, ending, noticeTtlMs }: Settlement): void {
    if (result) this.results.set(id, result, { ttlMs: resultTtlMs });
    if (ending) this.#notices.set(id, { ending, endsMs: this.#nowMs() + noticeTtlMs });
    for (const key of this.#notices.keys()) if (!this.#endingOf(key)) this.#notices.delete(key);
    this.#ring("results");
  }

  #bury({ id, claim, bury }: Settlement): void {
    const { priority = 0, track = true, chord } = claim ?? {};
    const item: Item = { id: bury!.taskId ?? id, data: bury!.data.slice(), priority, track, ...(chord && { chord }) };
    this.#insert({ item, where: "dead", place: 0, deliveries: 0, letter: { ...bury!, data: item.data, priority } });
  }

  #report({ claim, chord: report }: Settlement): Item | undefined {
    const chord = this.#chords.get(report!.id);
    if (!chord || !(report!.index in chord.values) || chord.values[report!.index]) return undefined;
    chord.values[report!.index] = report!.value.slice();
    if (chord.values.includes(undefined)) return undefined;
    Object.assign(chord, { filledMs: this.#nowMs(), filledBy: claim?.token });
    const isLater = (chord.callback.dueMs ?? 0) > this.#nowMs();
    this.#add([isLater ? chord.callback : { ...chord.callback, dueMs: undefined }]);
    return chord.callback;
  }

  readonly collect: Storage["collect"] = async (id) => {
    const { values = [], filledMs } = this.#open.#chords.get(id) ?? {};
    return { values, filledMs };
  };

  // ---- leases

  readonly leases: Storage["leases"] = async () => [...this.#open.#leases.values()];
  readonly renewLease: Storage["renewLease"] = async (lease) => this.#renew(lease);

  #renew(lease: Lease): void {
    this.#leases.set(lease.consumer, { ...lease, expiresMs: this.#nowMs() + lease.ttlMs });
  }

  async endLease(consumer: string): Promise<void> {
    this.#open.#leases.delete(consumer);
    this.#dropLocks(({ worker }) => worker?.consumer === consumer);
  }

  readonly recover: Storage["recover"] = async (target, own) => {
    const nowMs = this.#nowMs();
    if (own) this.#renew(own); // who cannot renew does not take
    const over = target ? [] : [...this.#leases.values()].filter(({ expiresMs }) => expiresMs <= nowMs);
    for (const { consumer } of over) this.#leases.delete(consumer);
    const isLost = (owner: Owner): boolean =>
      target ? isOf(target, owner) : owner.consumer !== own?.consumer && !this.#leases.has(owner.consumer);
    const lost = this.#in("claimed").filter(({ held }) => isLost(held!.owner));
    const claims = lost.map(claimOf);
    for (const row of lost) this.#giveBack(row);
    this.#dropLocks(({ worker }) => worker !== undefined && isLost(worker));
    return claims;
  };

  // ---- what is known of tasks

  async state(id: string): Promise<StoredState | undefined> {
    const row = this.#open.#rows.find(({ item }) => item.id === id && item.track);
    const ending = this.#endingOf(id);
    return row ? stateOf(row) : ending && { state: ending };
  }

  readonly endedOf: Storage["endedOf"] = async (ids) => ids.filter((id) => this.#open.results.get(id) || this.#endingOf(id));

  #endingOf(id: string): Ending | undefined {
    const notice = this.#notices.get(id);
    return notice && (notice.endsMs > this.#nowMs() || this.results.get(id)) ? notice.ending : undefined;
  }

  async listen(topic: Topic, wake: () => void): Promise<() => void> {
    const listener = { topic, wake };
    this.#open.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  readonly #ring = (topic: Topic): void =>
    this.#listeners.forEach((listener) => listener.topic === topic && queueMicrotask(listener.wake));

  async increment(key: string, by: number, ttlMs: number = Infinity): Promise<number> {
    const nowMs = this.#nowMs();
    const found = this.#counters.get(key);
    const { count, endsMs } = found && found.endsMs > nowMs ? found : { count: 0, endsMs: nowMs + ttlMs };
    this.#counters.set(key, { count: count + by, endsMs });
    return count + by;
  }

  // ---- listings

  readonly pendingCount: Storage["pendingCount"] = async () => this.#in("queue").length;
  readonly scheduledCount: Storage["scheduledCount"] = async () => this.#in("schedule").length;
  readonly deadLetterCount: Storage["deadLetterCount"] = async () => this.#in("dead").length;
  readonly pending: Storage["pending"] = async (limit) => this.#in("queue").slice(0, limit).map(({ item }) => item);
  readonly scheduled: Storage["scheduled"] = async (limit) => this.#bySchedule().slice(0, limit).map(({ item }) => item);
  readonly deadLetters: Storage["deadLetters"] = async ({ limit } = {}) =>
    this.#in("dead").map(({ letter }) => letter!).sort((one, other) => one.atMs - other.atMs).slice(0, limit);

  // ---- dead letters

  async requeueDeadLetter(id: string, _item?: Item): Promise<Enqueued | undefined> {
    const row = this.#exhume(id);
    if (row) this.results.map.delete(row.item.id);
    if (row) this.#add([row.item]);
    return row && {};
  }

  readonly deleteDeadLetter: Storage["deleteDeadLetter"] = async (id) => this.#exhume(id) !== undefined;

  #exhume(id: string): Row | undefined {
    const found = this.#in("dead").find(({ letter }) => letter!.id === id);
    this.#rows = this.#rows.filter((row) => row !== found);
    return found;
  }

  readonly flush: Storage["flush"] = async (parts = PARTS) => parts.forEach((part) => this.#open.#flush(part));

  #flush(part: FlushPart): void {
    if (part === "queue") this.#in("claimed").forEach((row) => this.#giveBack(row));
    if (part === "queue") this.#chords.clear();
    if (part === "results") this.#notices.clear();
    if (part === "counters") this.#counters.clear();
    const where = part === "deadLetters" ? "dead" : part;
    this.#rows = this.#rows.filter((row) => row.where !== where);
    if (part !== "queue" && part !== "schedule" && part !== "deadLetters" && part !== "stats") {
      this[part === "counters" ? "meta" : part].map.clear();
    }
  }
}

function claimOf({ item, held, deliveries, begun }: Row): Claim {
  return { ...item, token: held!.token, deliveries, ...(begun && { begun }) };
}

function stateOf({ item, where, held }: Row): StoredState {
  if (held) return { state: "running", worker: held.owner.worker, sinceMs: held.sinceMs };
  if (where === "dead") return { state: "dead" };
  return { state: item.retry ? "retrying" : where === "schedule" ? "scheduled" : "waiting" };
}

function isOf(target: { consumer: string; worker?: string }, owner: Owner): boolean {
  return target.consumer === owner.consumer && (target.worker === undefined || target.worker === owner.worker);
}

// Output:

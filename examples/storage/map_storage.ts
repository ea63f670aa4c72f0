// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * A storage of your own, in plain maps and lists: what each method of the contract has to do, and nothing besides. To keep the same
 * in a medium, make each method one transaction of it. docs/writing_a_storage.md goes through it part by part.
 * @module
 */
import { StorageError } from "@hueyjs/huey";
import type { ChordRecord, Claim, ClaimBatch, Clock, Ending, Enqueued, FlushPart, Item, Moved } from "@hueyjs/huey";
import type { Owner, Pause, Settled, Settlement, Storage, StoredState, Topic } from "@hueyjs/huey";
import { MapBell } from "./map_bell.ts";
import { MapChords } from "./map_chords.ts";
import { MapCounts } from "./map_counts.ts";
import { MapKeys } from "./map_keys.ts";
import { MapLeases } from "./map_leases.ts";
import { MapLetters } from "./map_letters.ts";
import { type Admitted, MapRows, type Row } from "./map_rows.ts";
import { claimOf, copyOf, isOf, keepsGate, noneYet, stateOf, stepsOf, told } from "./map_rows.ts";
import { MapSpace } from "./map_space.ts";

// ---- what is kept ---------------------------------------------------------------------------------------------------

const PARTS: FlushPart[] = ["queue", "schedule", "results", "locks", "data", "revocations", "counters", "deadLetters", "stats"];
const MOST = 10_000;

// ---- the storage ----------------------------------------------------------------------------------------------------

/** Bytes are copied on their way in; those that come out are the stored ones, and nobody may change them. */
export class MapStorage implements Storage {
  readonly name: string;
  readonly shared = false;
  readonly descriptor = undefined;
  readonly results: MapSpace = new MapSpace(() => this.#nowMs(), () => this.#ring("results"));
  readonly locks: MapSpace = new MapSpace(() => this.#nowMs());
  readonly data: MapSpace = new MapSpace(() => this.#nowMs());
  readonly revocations: MapSpace = new MapSpace(() => this.#nowMs(), () => this.#ring("revocations"));
  readonly meta: MapSpace = new MapSpace(() => this.#nowMs());
  readonly #rows: MapRows = new MapRows();
  readonly #keys: MapKeys = new MapKeys();
  readonly #steps: Map<string, Map<string, Uint8Array>> = new Map();
  readonly #letters: MapLetters = new MapLetters();
  #pause: Pause | undefined;
  /** Tokens of claims that were taken from their holder: their settlements were never written. */
  #taken: string[] = [];
  readonly #leases: MapLeases = new MapLeases();
  readonly #chords: MapChords = new MapChords();
  readonly #notices: Map<string, { ending: Ending; endsMs: number; about?: string | undefined }> = new Map();
  readonly #counters: Map<string, { count: number; endsMs: number }> = new Map();
  readonly #stats: MapCounts = new MapCounts();
  readonly #bell: MapBell = new MapBell();
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

  readonly #in = (where: Row["where"]): Row[] => this.#open.#rows.in(where);

  async close(): Promise<void> {
    this.#closed = true;
    this.#bell.clear();
  }

  // ---- putting items in

  check({ priority, dueMs = 0 }: Item): void {
    if (!Number.isFinite(priority + dueMs)) throw new RangeError(`Must be finite: priority ${priority}, due time ${dueMs}`);
  }
  readonly #check = (items: readonly Item[], chords: readonly ChordRecord[]): void =>
    [...items, ...chords.map(({ callback }) => callback)].forEach(this.check);

  readonly enqueue: Storage["enqueue"] = async (items, chords) => told(this.#open.#add(items, chords));

  async enqueueOnce(key: string, ttlMs: number, item: Item): Promise<Enqueued | undefined> {
    if (this.meta.get(key)) return undefined;
    const added = this.#add([item]);
    this.meta.set(key, new Uint8Array(), { ttlMs });
    return told(added);
  }

  #add(items: readonly Item[], chords: readonly ChordRecord[] = []): Admitted {
    this.#check(items, chords); // before anything is written
    const added = noneYet();
    for (const [index, item] of items.entries()) {
      const holder = this.#keys.holderFor(item, this.#nowMs());
      if (holder !== undefined) added.duplicates.set(index, holder);
      else this.#arrive(this.#rows.add(this.#keys.take(copyOf(item), this.#nowMs())), index, added);
    }
    for (const chord of chords) this.#chords.add(chord);
    return added;
  }

  /** An item comes to the schedule, to its gate, or to the queue. */
  #arrive(row: Row, index: number, added: Admitted): void {
    this.#notices.delete(row.item.id); // the task waits again
    added.admitted.push(...this.#rows.arrive(row, this.#nowMs()).filter((item) => item !== row.item));
    if (row.where === "line") added.blocked.add(index);
    this.#ring(row.where === "schedule" ? "schedule" : "queue");
  }

  /** Something has left a gate. */
  #admit(): Item[] {
    return this.#ring("queue"), this.#rows.admit(this.#nowMs());
  }

  readonly leaveGate: Storage["leaveGate"] = async ({ token }) => {
    for (const row of this.#in("passed")) if (row.held!.token === token) row.item = { ...row.item, gate: undefined };
    return this.#admit();
  };

  // ---- the schedule, and the pause

  readonly promoteDue: Storage["promoteDue"] = async (limit) => {
    if (this.#pause && !this.#pauseNow()) this.#ring("queue"), this.#pause = undefined;
    return this.#promote(this.#in("schedule").filter(({ item }) => item.dueMs! <= this.#nowMs()).slice(0, limit));
  };
  readonly promote: Storage["promote"] = async (id) =>
    this.#promote(this.#in("schedule").filter(({ item }) => item.id === id).slice(0, 1))[0];

  #promote(rows: Row[]): Moved[] {
    const items = rows.map(({ item }) => item);
    const added = noneYet();
    for (const row of rows) row.item = { ...row.item, dueMs: undefined };
    for (const [index, row] of rows.entries()) this.#arrive(row, index, added);
    return items.map((item, index) => ({ ...item, blocked: added.blocked.has(index) }));
  }

  readonly dueMs: Storage["dueMs"] = async () => {
    const dueMs = Math.min(this.#in("schedule")[0]?.item.dueMs ?? Infinity, this.#pause?.untilMs ?? Infinity);
    return dueMs < Infinity ? dueMs : undefined;
  };
  readonly #pauseNow = (): Pause | undefined => (this.#pause?.untilMs ?? Infinity) > this.#nowMs() ? this.#pause : undefined;
  readonly paused: Storage["paused"] = async () => this.#pauseNow();
  readonly pause: Storage["pause"] = async ({ untilMs }) => (this.#open.#pause = { untilMs }, this.#ring("schedule"));
  readonly resume: Storage["resume"] = async () => {
    const wasPaused = this.#pauseNow() !== undefined;
    this.#pause = undefined;
    this.#ring("queue");
    return wasPaused;
  };

  // ---- claims

  async claim(limit: number, owner: Owner): Promise<ClaimBatch> {
    const claimed = this.#pauseNow() ? [] : this.#in("queue").slice(0, limit);
    const held = (): Row["held"] => ({ token: crypto.randomUUID(), owner, sinceMs: this.#nowMs() });
    for (const row of claimed) Object.assign(row, { where: "claimed", held: held(), deliveries: row.deliveries + 1 });
    for (const { item } of claimed) this.#keys.free(item, "start");
    return { claims: claimed.map(claimOf), revocations: await this.revocations.size() > 0 };
  }
  readonly claimed: Storage["claimed"] = async (target) =>
    this.#in("claimed").filter(({ held }) => isOf(target, held!.owner)).map(claimOf);

  readonly #held = ({ token }: Claim): Row | undefined => this.#in("claimed").find(({ held }) => held!.token === token);

  async begin(claim: Claim): Promise<boolean> {
    const row = this.#held(claim);
    return row !== undefined && (row.begun = true);
  }

  async keep(claim: Claim, name: string, value: Uint8Array): Promise<boolean> {
    const [row, key] = [this.#held(claim), stepsOf(claim)];
    if (row) this.#steps.set(key, (this.#steps.get(key) ?? new Map()).set(name, new Uint8Array(value)));
    return row !== undefined;
  }
  readonly kept: Storage["kept"] = async (key) => new Map(this.#open.#steps.get(key));

  readonly release: Storage["release"] = async (claims) => {
    for (const row of claims.map(this.#open.#held)) if (row) this.#giveBack(row).deliveries--;
  };

  #giveBack(row: Row): Row {
    this.#taken = [...this.#taken, row.held!.token].slice(-MOST);
    this.#dropLocks(row.held!.token);
    this.#ring("queue");
    return Object.assign(row, { where: "queue", held: undefined });
  }

  #dropLocks(token: string): void {
    for (const [key, { holder }] of this.locks.map) if (holder === token) this.locks.map.delete(key);
  }

  // ---- settlements

  async settle(settlement: Settlement): Promise<Settled> {
    const { claim, enqueue = [], chords = [], canceled = [], dropRevocations = [], dropChord, dropSteps } = settlement;
    const row = claim && this.#held(claim);
    if (claim && !row) return this.#answerAgain(settlement);
    const next = settlement.next && copyOf(settlement.next);
    this.#check(next ? [...enqueue, next] : enqueue, chords); // before anything is written
    const staysIn = row !== undefined && keepsGate(row.item, settlement);
    const left = row ? this.#endClaim(row, settlement, next) : [];
    const added = this.#add(enqueue, chords);
    if (next && staysIn) this.#replace(row, next);
    else if (next) this.#arrive(this.#rows.add(next), enqueue.length, added);
    this.#end(settlement);
    for (const { steps } of this.#letters.bury(settlement, this.#nowMs())) this.#steps.delete(steps);
    for (const { id, result } of canceled) this.#end({ ...settlement, id, result, ending: "canceled", about: undefined });
    for (const key of dropRevocations) this.revocations.map.delete(key);
    if (dropSteps !== undefined) this.#steps.delete(dropSteps);
    const callback = this.#report(settlement, added);
    if (dropChord !== undefined) this.#chords.delete(dropChord);
    return { held: true, callback, blocked: added.blocked, admitted: [...left, ...added.admitted] };
  }

  /** Was it written when it was sent before, or was the claim taken away? */
  #answerAgain({ again, claim, chord }: Settlement): Settled {
    if (!again || this.#taken.includes(claim!.token)) return { held: false };
    return { held: true, callback: this.#chords.filledBy(chord?.id, claim!.token) };
  }

  /** The next attempt stays at the gate. */
  #replace(row: Row, item: Item): void {
    this.#rows.enter(Object.assign(row, { item, deliveries: 0, begun: undefined, held: undefined }), "queue", this.#nowMs());
    this.#notices.delete(item.id);
    this.#ring("queue");
  }

  /** @returns the items that are admitted in its place */
  #endClaim(row: Row, settlement: Settlement, next: Item | undefined): Item[] {
    const { dropLocks, passLocks } = settlement;
    this.#keys.free(row.item, "end", next);
    if (dropLocks) this.#dropLocks(row.held!.token);
    if (passLocks) Object.assign(row, { where: "passed", held: { ...row.held!, owner: passLocks } });
    else if (!keepsGate(row.item, settlement)) this.#rows.remove((other) => other === row);
    return this.#admit();
  }

  #end({ id, claim, result, resultTtlMs, ending, noticeTtlMs, about }: Settlement): void {
    const said = claim?.track === false ? undefined : about;
    if (result) this.results.set(id, result, { ttlMs: resultTtlMs });
    if (ending) this.#notices.set(id, { ending, endsMs: this.#nowMs() + noticeTtlMs, about: said });
    for (const key of this.#notices.keys()) if (!this.#endOf(key)) this.#notices.delete(key);
    this.#ring("results");
  }

  #report({ claim, chord }: Settlement, added: Admitted): Moved | undefined {
    const callback = chord && this.#chords.report(chord, claim?.token, this.#nowMs());
    if (callback === undefined) return undefined;
    const isLater = (callback.dueMs ?? 0) > this.#nowMs();
    const { blocked, admitted } = this.#add([isLater ? callback : { ...callback, dueMs: undefined }]);
    added.admitted.push(...admitted);
    return { ...callback, blocked: blocked.has(0) };
  }

  readonly collect: Storage["collect"] = async (id) => this.#open.#chords.collect(id);

  // ---- leases

  readonly leases: Storage["leases"] = async () => [...this.#open.#leases.values()];
  readonly renewLease: Storage["renewLease"] = async (lease) => this.#leases.renew(lease, this.#nowMs());

  async endLease(consumer: string): Promise<void> {
    this.#open.#leases.delete(consumer);
    this.#dropPassed((owner) => owner.consumer === consumer);
  }

  readonly recover: Storage["recover"] = async (target, own) => {
    if (own) this.#leases.renew(own, this.#nowMs()); // who cannot renew does not take
    if (!target) this.#leases.expire(this.#nowMs());
    const isLost = (owner: Owner): boolean =>
      target ? isOf(target, owner) : owner.consumer !== own?.consumer && !this.#leases.has(owner.consumer);
    const lost = this.#in("claimed").filter(({ held }) => isLost(held!.owner));
    const claims = lost.map(claimOf);
    for (const row of lost) this.#giveBack(row);
    this.#dropPassed(isLost);
    return claims;
  };

  /** The workers whose functions still ran are gone: with them the locks and the places at gates that they had. */
  #dropPassed(isLost: (owner: Owner) => boolean): void {
    const lost = this.#in("passed").filter(({ held }) => isLost(held!.owner));
    for (const { held } of lost) this.#dropLocks(held!.token);
    this.#rows.remove((row) => lost.includes(row));
    this.#admit();
  }

  // ---- what is known of tasks

  async state(id: string): Promise<StoredState | undefined> {
    const row = this.#open.#rows.all.find(({ item, where }) => item.id === id && item.track && where !== "passed");
    return row ? stateOf(row) : this.#endOf(id) ?? this.#letters.stateOf(id);
  }

  readonly endedOf: Storage["endedOf"] = async (ids) => ids.filter((id) => this.#open.results.get(id) || this.#endOf(id));

  #endOf(id: string): StoredState | undefined {
    const notice = this.#notices.get(id);
    const isKnown = notice && (notice.endsMs > this.#nowMs() || this.results.get(id));
    return isKnown ? { state: notice.ending, about: notice.about } : undefined;
  }

  readonly listen: Storage["listen"] = async (topic, wake) => this.#open.#bell.listen(topic, wake);
  readonly #ring = (topic: Topic): void => this.#bell.ring(topic);

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
  readonly blockedCount: Storage["blockedCount"] = async () => this.#in("line").length;
  readonly pending: Storage["pending"] = async (limit) => this.#in("queue").slice(0, limit).map(({ item }) => item);
  readonly scheduled: Storage["scheduled"] = async (limit) => this.#in("schedule").slice(0, limit).map(({ item }) => item);
  readonly blocked: Storage["blocked"] = async (limit = MOST) => this.#in("line").slice(0, limit).map(({ item }) => item);
  readonly running: Storage["running"] = async (limit = MOST) => {
    const rows = this.#in("claimed").sort((one, other) => one.held!.sinceMs - other.held!.sinceMs).slice(0, limit);
    return rows.map((row) => ({ claim: claimOf(row), owner: row.held!.owner, sinceMs: row.held!.sinceMs }));
  };
  readonly oldestMs: Storage["oldestMs"] = async () => this.#open.#rows.oldestMs();

  // ---- dead letters, and counts

  readonly deadLetters: Storage["deadLetters"] = async (query) => this.#open.#letters.list(query);
  readonly deadLetterCount: Storage["deadLetterCount"] = async (query) => this.#open.#letters.list(query).length;
  readonly deadLetter: Storage["deadLetter"] = async (id) => this.#open.#letters.find(id);

  async requeueDeadLetter(id: string, item: Item, others: readonly string[] = []): Promise<Enqueued | undefined> {
    this.#open.check(item);
    const holder = this.#keys.holderFor(item, this.#nowMs());
    if (this.#letters.find(id)?.id !== id) return undefined;
    if (holder !== undefined) return { duplicates: new Map([[0, holder]]) };
    const { taskId } = this.#letters.take(id)!;
    for (const ended of [taskId, ...others]) {
      this.results.map.delete(ended);
      this.#notices.delete(ended);
    }
    return told(this.#add([item]));
  }

  async deleteDeadLetter(id: string): Promise<boolean> {
    const letter = this.#open.#letters.take(id);
    if (letter) this.#steps.delete(letter.steps);
    return letter !== undefined;
  }

  readonly count: Storage["count"] = async (rows, recent, bounds) => this.#stats.add(rows, recent, bounds, this.#nowMs());
  readonly counts: Storage["counts"] = async (query) => this.#open.#stats.list(query);
  readonly recent: Storage["recent"] = async (limit) => this.#open.#stats.recent(limit);

  // ---- deletion

  readonly flush: Storage["flush"] = async (parts = PARTS) => parts.forEach((part) => this.#open.#flush(part));

  #flush(part: FlushPart): void {
    if (part === "queue") this.#flushQueue();
    else if (part === "schedule") this.#flushSchedule();
    else if (part === "deadLetters") this.#letters.takeAll().forEach(({ steps }) => this.#steps.delete(steps));
    else if (part === "stats") this.#stats.clear();
    else this[part === "counters" ? "meta" : part].map.clear();
    if (part === "results") this.#notices.clear();
    if (part === "counters") this.#counters.clear();
  }

  /** Unique keys and steps of what is still scheduled stay, and steps of dead letters. */
  #flushQueue(): void {
    for (const row of this.#in("claimed")) this.#giveBack(row);
    this.#rows.remove(({ where }) => where !== "schedule");
    this.#rows.admit(0); // forgets the limits
    this.#chords.clear();
    const items = this.#in("schedule").map(({ item }) => item);
    this.#keys.freeAllBut(items);
    const steps = [...items.map(stepsOf), ...this.#letters.all.map((letter) => letter.steps)];
    for (const key of this.#steps.keys()) if (!steps.includes(key)) this.#steps.delete(key);
  }

  #flushSchedule(): void {
    for (const { item } of this.#in("schedule")) this.#keys.free(item, "deletion"), this.#steps.delete(stepsOf(item));
    this.#rows.remove(({ where }) => where === "schedule");
  }
}

// Output:

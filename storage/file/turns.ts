/**
 * Operations wait here for the lock, and one hold of it serves many: their changes are written together. That is where the speed
 * comes from.
 * @module
 */
import { setImmediate } from "node:timers";
import { StorageError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { codeOf, type Disk } from "./disk.ts";
import { ownIsolate } from "./isolate.ts";
import { type Change, dropJournal, OwnJournal, readJournal } from "./journal.ts";
import { type Counted, type Counts, type Hold, type JournalName, Lock, LockLost } from "./lock.ts";
import { Spares } from "./spares.ts";
import { Transaction } from "./transaction.ts";

/** What an operation does while the lock is held. It must not wait, and is called again if the lock was lost. */
export type Operation<T> = (transaction: Transaction) => T;

/** What the turns need to know of the queue. */
export interface TurnsOptions {
  readonly name: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Somebody else has held the lock: what is remembered of the folder may be wrong. */
  readonly forget: () => void;
  /** Operations will be called again, since the lock was lost before their changes were written. */
  readonly undone: () => void;
  /** Counts what is there, after somebody has died. */
  readonly recount: (what: Counted) => number;
  /** All changes are written: what is to be moved so that no folder gets too large. */
  readonly balance: () => readonly Change[];
  /** All is written: wake who waits for it. */
  readonly ring: (topics: ReadonlySet<Topic>) => void;
}

interface Waiting {
  readonly operation: Operation<unknown>;
  readonly isAlone: boolean;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
  outcome?: { readonly value: unknown } | { readonly error: unknown };
}

/** A hold takes no more operations after this time, so that others get their turn. */
const LONGEST_HOLD_MS = 20;
/** After so many holds the rest of the program, its timers and signals get their turn. */
const LONGEST_RUSH = 16;
/** What is written at once. */
const MOST_BYTES = 2_000_000;
const MOST_CHANGES = 512;
/** Written in one piece, or not at all, when the process is killed. */
const PAGE_BYTES = 4096;
/** A large batch lets the rest of the program run after so many changes. */
const CHUNK = 64;
/** What is remembered of the folder is looked at again after this time, in case somebody has changed it by hand. */
const REMEMBER_MS = 1000;

/** The operations of one instance. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #lock: Lock;
  readonly #spares: Spares;
  readonly #journal: OwnJournal;
  #waiting: Waiting[] = [];
  #serving: Promise<void> | undefined;
  #cleaning: Promise<void> | undefined;
  #rememberedMs = -Infinity;
  #hasLeftJournal = false;
  /** Operations since the last wait for others. */
  #lastServed = 0;
  /** Holds since the rest of the program could run. */
  #rushed = 0;
  #isClosed = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#lock = new Lock(options.disk, options.clock);
    this.#spares = new Spares(options.disk);
    this.#journal = new OwnJournal(options.disk);
  }

  /**
   * Runs an operation.
   *
   * @param isAlone It looks into folders, so that the changes of others must be written before.
   * @throws {StorageError} After the close, and when the medium fails.
   */
  run<T>(operation: Operation<T>, isAlone = false): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ operation, isAlone, resolve, reject });
    this.#serving ??= this.#serve();
    return promise;
  }

  /** Whether nothing was asked for that is not done, so that whoever only reads may do so without the lock. Then folders are looked at again. */
  get isIdle(): boolean {
    if (this.#serving !== undefined || this.#isClosed) return false;
    this.#options.disk.forgetFolders();
    return true;
  }

  /** @throws {StorageError} After the close */
  assertOpen(): void {
    if (this.#isClosed) throw this.#closedError();
  }

  /** Another value when somebody has held the lock meanwhile. */
  changeCount(): string | undefined {
    return this.#lock.changeCount();
  }

  /** Lets the operations that have begun finish. Idempotent. */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    while (this.#serving !== undefined) await this.#serving;
    await this.#cleaning;
    if (isFirst) this.#journal.close(this.#hasLeftJournal);
  }

  async #serve(): Promise<void> {
    await this.#gather();
    while (this.#waiting.length > 0) {
      try {
        await this.#serveHold(await this.#lock.take());
      } catch (error) {
        for (const { reject } of this.#waiting.splice(0)) reject(this.#explained(error));
      }
    }
    this.#serving = undefined;
  }

  /** What is called together is served together. One who calls and waits, and calls again, is not kept waiting for others. */
  async #gather(): Promise<void> {
    if (this.#rushed++ === 0) setImmediate(() => this.#rushed = 0);
    const isAlone = this.#lastServed <= 1 && this.#rushed < LONGEST_RUSH;
    this.#lastServed = 0;
    await (isAlone ? undefined : new Promise<void>((resolve) => setImmediate(resolve)));
  }

  async #serveHold(hold: Hold): Promise<void> {
    const served: Waiting[] = [];
    const rings = new Set<Topic>();
    const turn = { hold, counts: hold.counts, unfinished: hold.journal, served, rings, hasTrash: false };
    try {
      await this.#serveTurn(turn);
    } catch (error) {
      this.#rememberedMs = -Infinity;
      if (!(error instanceof LockLost)) throw error;
      this.#options.undone();
    } finally {
      this.#hasLeftJournal = turn.unfinished !== undefined;
      this.#giveBack(turn);
      this.#lastServed += served.length;
      for (const waiting of served) conclude(waiting, (error) => this.#explained(error));
      this.#options.ring(rings);
      if (turn.hasTrash) this.#cleaning = this.#emptyTrash(this.#cleaning);
    }
  }

  /** What was served is served, whatever becomes of the lock; the next take tries again. */
  #giveBack({ counts, unfinished }: Turn): void {
    try {
      this.#lock.giveBack(counts, unfinished);
    } catch {
      this.#hasLeftJournal = true;
    }
  }

  async #serveTurn(turn: Turn): Promise<void> {
    const { clock, disk } = this.#options;
    const startMs = clock.elapsed();
    disk.forgetFolders();
    if (!turn.hold.isContinued || startMs - this.#rememberedMs > REMEMBER_MS) this.#forget();
    if (turn.unfinished !== undefined) await this.#finish(turn, turn.unfinished);
    turn.counts.revocations ??= this.#options.recount("revocations");
    let index = 0;
    do {
      const transaction = new Transaction(disk, turn.hold, turn.counts, () => index++, this.#options.recount);
      const batch = this.#runBatch(transaction, turn);
      await this.#commit(transaction, batch, turn);
    } while (this.#waiting.length > 0 && turn.unfinished === undefined && clock.elapsed() - startMs < LONGEST_HOLD_MS);
  }

  /** Runs operations until it is worth while to write what they have changed. */
  #runBatch(transaction: Transaction, { served }: Turn): Waiting[] {
    const batch: Waiting[] = [];
    while (this.#waiting.length > 0 && transaction.size < MOST_BYTES && transaction.changes.length < MOST_CHANGES) {
      const next = this.#waiting[0]!;
      if (next.isAlone && transaction.changes.length > 0) break;
      this.#waiting.shift();
      const mark = transaction.mark();
      try {
        this.#lock.renew();
        next.outcome = { value: next.operation(transaction) };
        batch.push(next);
      } catch (error) {
        if (error instanceof LockLost) {
          this.#waiting.unshift(...batch, next);
          throw error;
        }
        next.outcome = { error };
        served.push(next);
        if (!transaction.rollBack(mark)) continue;
        this.#rememberedMs = -Infinity;
        break;
      }
      if (next.isAlone) break;
    }
    return batch;
  }

  /** Writes the changes of a batch: all of them, or none. */
  async #commit(transaction: Transaction, batch: readonly Waiting[], turn: Turn): Promise<void> {
    const { rings, emptied, hasTrash } = transaction;
    const isJournaled = needsJournal(transaction.changes, this.#options.disk.isSynced);
    const changes = isJournaled ? transaction.changes : transaction.changes.toSorted(hintsFirst);
    const journal = isJournaled ? { number: turn.hold.number, isolate: ownIsolate().id } : undefined;
    let isDecided = changes.length === 0;
    try {
      if (changes.length > 0) this.#lock.check();
      if (journal !== undefined) this.#decide(journal, changes);
      isDecided ||= journal !== undefined;
      await this.#apply(changes, transaction.counts);
      if (journal !== undefined) this.#journal.end();
    } catch (error) {
      this.#rememberedMs = -Infinity;
      if (!isDecided) return this.#undo(batch, turn, error);
      // What is decided will happen: whoever takes the lock next applies the journal. The caller would do it twice if told of a failure.
      turn.unfinished = journal;
    }
    turn.counts = turn.unfinished === undefined ? transaction.counts : turn.counts;
    turn.served.push(...batch);
    for (const topic of rings) turn.rings.add(topic);
    turn.hasTrash ||= hasTrash;
    for (const folder of emptied) this.#options.disk.removeEmpty(folder);
    if (this.#rememberedMs === -Infinity) this.#forget();
    else if (turn.unfinished === undefined) await this.#balance(turn);
  }

  async #balance(turn: Turn): Promise<void> {
    const moves = this.#options.balance();
    if (moves.length === 0) return;
    const transaction = new Transaction(this.#options.disk, turn.hold, turn.counts, () => 0, this.#options.recount);
    transaction.changes.push(...moves);
    this.#forget();
    await this.#commit(transaction, [], turn);
  }

  #decide(journal: JournalName, changes: readonly Change[]): void {
    try {
      this.#journal.write(journal.number, changes);
      this.#lock.check();
    } catch (error) {
      dropJournal(this.#options.disk, journal.isolate);
      throw error;
    }
  }

  #undo(batch: readonly Waiting[], { served }: Turn, error: unknown): void {
    if (error instanceof LockLost) {
      this.#waiting.unshift(...batch);
      throw error;
    }
    for (const waiting of batch) waiting.outcome = { error };
    served.push(...batch);
    this.#forget();
  }

  async #apply(changes: readonly Change[], counts: Counts): Promise<void> {
    const { disk } = this.#options;
    for (let index = 0; index < changes.length; index++) {
      if (index > 0) this.#lock.check();
      this.#spares.apply(changes[index]!, counts);
      if (index % CHUNK === CHUNK - 1) await new Promise<void>((resolve) => setImmediate(resolve));
    }
    disk.sync();
  }

  /** Finishes what somebody has left half done. */
  async #finish(turn: Turn, journal: JournalName): Promise<void> {
    const { disk } = this.#options;
    const changes = readJournal(disk, journal);
    for (const counted of Object.keys(turn.counts) as Counted[]) turn.counts[counted] = undefined;
    if (changes !== undefined) await this.#apply(changes, turn.counts);
    dropJournal(disk, journal.isolate);
    turn.unfinished = undefined;
    turn.hasTrash = true;
    // Somebody may wait for what was done.
    for (const topic of ["queue", "schedule", "results", "revocations"] as const) turn.rings.add(topic);
  }

  #forget(): void {
    this.#options.forget();
    this.#rememberedMs = this.#options.clock.elapsed();
  }

  async #emptyTrash(before: Promise<void> | undefined): Promise<void> {
    await before;
    const { disk } = this.#options;
    try {
      for (const name of disk.list("trash")) await disk.removeTree(`trash/${name}`);
    } catch {
      // The next one tries again.
    }
  }

  #closedError(): StorageError {
    return new StorageError(`Storage "${this.#options.name}" is closed`);
  }

  #explained(error: unknown): unknown {
    if (error instanceof StorageError && !error.message.startsWith("the lock")) return error;
    if (!(error instanceof Error) || (codeOf(error) === undefined && !(error instanceof StorageError))) return error;
    return new StorageError(`File storage "${this.#options.name}" failed: ${error.message}`, { cause: error });
  }
}

/** What happens during one hold. */
interface Turn {
  readonly hold: Hold;
  readonly served: Waiting[];
  readonly rings: Set<Topic>;
  counts: Counts;
  unfinished: JournalName | undefined;
  hasTrash: boolean;
}

/**
 * One change alone happens or does not, unless it writes more than a page into a file that is there: a kill does not tear a page, and a
 * crash of the machine only loses what it may lose without `fsync`. Lines are hints, and do not count.
 */
function needsJournal(changes: readonly Change[], isSynced: boolean): boolean {
  const effects = changes.filter(({ kind }) => kind !== "append");
  const [first] = effects;
  if (effects.length > 1 || first?.kind !== "put" || first.isWhole || first.isNew) return effects.length > 1;
  return isSynced || first.bytes.length > PAGE_BYTES;
}

/** What they hint at must not be there before them. */
function hintsFirst(left: Change, right: Change): number {
  return Number(right.kind === "append") - Number(left.kind === "append");
}

function conclude({ outcome, resolve, reject }: Waiting, explain: (error: unknown) => unknown): void {
  if (outcome !== undefined && "value" in outcome) resolve(outcome.value as never);
  else reject(explain(outcome?.error));
}

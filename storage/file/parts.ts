/**
 * The parts of a file storage, put together, and what concerns more than one of them.
 * @module
 */
import { rm } from "node:fs/promises";
import { StorageError } from "../../lib/errors.ts";
import type { Claim, Item } from "../../lib/storage.ts";
import { Chords } from "./chords.ts";
import { FileClaims } from "./claims.ts";
import { FileDeadLetters } from "./dead_letters.ts";
import { Disk, pauseAt } from "./disk.ts";
import { Doorbell } from "./doorbell.ts";
import { codeOf } from "./errors.ts";
import { Expiry } from "./expiry.ts";
import { isolateName } from "./isolate.ts";
import { KeyLocks } from "./key_lock.ts";
import { deliveriesOf, priorityOf } from "./layout.ts";
import { FileLeases } from "./leases.ts";
import { Notices } from "./notices.ts";
import { FileQueue, FileSchedule } from "./queue.ts";
import { decodeWhole } from "./record.ts";
import { settle } from "./settlement.ts";
import { encodeItem, stepOfItem, Steps } from "./steps.ts";
import { Tracks } from "./tracks.ts";
import { type Draft, type Step, Transactions } from "./transaction.ts";
import { type Entry, entryPath, FileValues, holderFolder } from "./values.ts";

/** Checked options. */
export interface FilePartsOptions {
  readonly name: string;
  /** Folder of this name. */
  readonly root: string;
  readonly levels: number;
  readonly fsync: boolean;
}

/** What `flush` removes; the intents first, so that nobody brings back what they hold. */
const FLUSHED = [
  ...["intents", "queue", "schedule", "claims", "data", "revocations", "meta", "counters", "chords", "tracks"],
  ...["notices", "dead", "holders", "expiry"],
];

/** How many storages this isolate has open, by folder. */
const openCounts = new Map<string, number>();

/** Everything that a file storage is made of. */
export class FileParts {
  readonly disk: Disk;
  readonly data: FileValues;
  readonly revocations: FileValues;
  readonly meta: FileValues;
  readonly counters: FileValues;
  readonly queue: FileQueue;
  readonly schedule: FileSchedule;
  readonly claims: FileClaims;
  readonly leases: FileLeases;
  readonly chords: Chords;
  readonly tracks: Tracks;
  readonly notices: Notices;
  readonly deadLetters: FileDeadLetters;
  readonly transactions: Transactions;
  readonly queueBell: Doorbell;
  readonly scheduleBell: Doorbell;
  readonly resultBell: Doorbell;
  readonly #options: FilePartsOptions;
  readonly #steps: Steps;
  readonly #expiry: Expiry;
  readonly #running = new Set<Promise<unknown>>();
  #isClosed = false;

  /** @throws {StorageError} If the folder cannot be made */
  constructor(options: FilePartsOptions) {
    const { root, levels, fsync } = options;
    this.#options = options;
    const disk = this.disk = this.#opened(() => new Disk(root, fsync));
    const locks = new KeyLocks(disk);
    this.notices = new Notices(disk);
    this.#expiry = new Expiry(disk);
    [this.data, this.revocations, this.meta, this.counters] = this.#spaces(locks);
    this.tracks = new Tracks(disk, levels, this.data, this.notices);
    this.chords = new Chords(disk, locks);
    this.queue = new FileQueue(disk);
    this.schedule = new FileSchedule(disk, this.tracks);
    this.claims = new FileClaims(disk, this.queue, {
      setAside: (token, data, reason) => this.#setAside(token, data, reason),
      dropLocks: (token) => this.#dropLocks(token),
    });
    this.leases = new FileLeases(disk);
    this.deadLetters = new FileDeadLetters(disk);
    this.#steps = new Steps({ ...this, levels, dropLocks: (token) => this.#dropLocks(token) });
    this.transactions = new Transactions(disk, (staged, step) => this.#steps.apply(staged, step));
    this.queueBell = new Doorbell(`${root}/queue.bell`);
    this.scheduleBell = new Doorbell(`${root}/schedule.bell`);
    this.resultBell = new Doorbell(`${root}/results.bell`);
    openCounts.set(root, (openCounts.get(root) ?? 0) + 1);
  }

  /** Runs an operation of the storage. @throws {StorageError} After the close, and for failures of the file system */
  async run<T>(action: () => T | Promise<T>): Promise<T> {
    this.assertOpen();
    const running = (async () => await action())();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** @throws {StorageError} After the close */
  assertOpen(): void {
    if (this.#isClosed) throw new StorageError(`Storage "${this.#options.name}" is closed`);
  }

  /** Wakes those who wait for such items. */
  ringFor(items: readonly Item[]): void {
    if (items.some((item) => item.dueMs === undefined)) this.queueBell.ring();
    if (items.some((item) => item.dueMs !== undefined)) this.scheduleBell.ring();
  }

  /** Sends one item; a single move needs no transaction. */
  async sendOne(item: Item): Promise<void> {
    const draft = this.transactions.draft();
    const step = stepOfItem(item);
    await this.stageOrDiscard(draft, () => this.#steps.apply(draft.add(step, encodeItem(item)), step));
  }

  /** Sends all items or none. */
  async sendAll(items: readonly Item[]): Promise<void> {
    const draft = this.transactions.draft();
    // Named at once, so that a batch stays together.
    const steps = items.map(stepOfItem);
    await this.stageOrDiscard(draft, async () => {
      for (const [index, item] of items.entries()) {
        draft.add(steps[index]!, encodeItem(item));
        await pauseAt(index);
      }
    });
    await this.transactions.commit(draft);
  }

  /** Prepares a transaction, and leaves nothing behind if that fails. */
  async stageOrDiscard(draft: Draft, stage: () => void | Promise<void>): Promise<void> {
    await this.replayUnfinished();
    try {
      await stage();
    } catch (error) {
      draft.discard();
      throw error;
    }
  }

  /** Whether a result is there or the task has ended. */
  hasEnded(id: string): boolean {
    if (this.disk.exists(this.data.path(id)) && this.data.read(id)) return true;
    return (this.notices.find(id)?.ending ?? "running") !== "running";
  }

  /** Some claims were put back. */
  putBackDone(): void {
    this.queue.disturb();
    this.queueBell.ring();
  }

  /** Finishes the transactions of everybody that were not finished. */
  replay(): Promise<void> {
    return this.transactions.replay((intent, step) => this.#isDecided(intent, step));
  }

  /** Tries again what this isolate could not finish. */
  async replayUnfinished(): Promise<void> {
    if (this.transactions.hasUnfinished) await this.replay();
  }

  /** Puts back what consumers without a lease hold, and forgets their leases. */
  async recoverOrphans(): Promise<Claim[]> {
    const leases = this.leases.list();
    const recovered: Claim[] = [];
    for (const consumer of this.claims.orphans(leases)) {
      recovered.push(...await this.claims.recover({ consumer }));
      this.claims.tidy(consumer);
    }
    for (const lease of leases) if (lease.expiresMs <= Date.now()) this.leases.end(lease.consumer);
    return recovered;
  }

  /** Removes what has ended by itself; nothing that an unfinished transaction needs. */
  async prune(limit: number): Promise<void> {
    await this.#expiry.prune(limit, (space, hash) => this.meta.dropExpired(space, hash));
    await this.notices.prune(limit);
  }

  /** Removes everything but the leases. */
  async flush(): Promise<void> {
    for (const folder of FLUSHED) await this.disk.removeTree(folder);
    for (const bell of [this.queueBell, this.scheduleBell, this.resultBell]) bell.ring();
  }

  /** Ends waits, lets operations finish. Idempotent. */
  async close(): Promise<void> {
    const isFirst = !this.#isClosed;
    this.#isClosed = true;
    for (const bell of [this.queueBell, this.scheduleBell, this.resultBell]) bell.close();
    await Promise.allSettled(this.#running);
    if (!isFirst) return;
    const { root } = this.#options;
    const others = (openCounts.get(root) ?? 1) - 1;
    openCounts.set(root, others);
    if (others === 0 && !this.transactions.hasUnfinished) {
      await rm(`${root}/staged/${isolateName()}`, { recursive: true, force: true });
    }
  }

  #spaces(locks: KeyLocks): [FileValues, FileValues, FileValues, FileValues] {
    const parts = {
      disk: this.disk,
      locks,
      expiry: this.#expiry,
      notices: this.notices,
      levels: this.#options.levels,
      prune: async () => {
        await this.replay();
        await this.prune(Infinity);
      },
      onPut: (space: string) => space === "data" && this.resultBell.ring(),
      run: <T>(action: () => T | Promise<T>) => this.run(action),
    };
    const space = (name: string): FileValues => new FileValues(name, parts);
    return [space("data"), space("revocations"), space("meta"), space("counters")];
  }

  /** The entry itself says, also when its time is over, whose transaction put it there. */
  #isDecided(intent: string, [, space = "", hash = ""]: Step): boolean {
    const entry = decodeWhole(this.disk.read(entryPath(space, hash, this.#options.levels)))?.about as Entry | undefined;
    return entry?.transaction === intent;
  }

  async #dropLocks(token: string): Promise<void> {
    const folder = holderFolder(token);
    for (const mark of this.disk.list(folder)) {
      const [space, hash = ""] = mark.split("~");
      const values = [this.data, this.revocations, this.meta].find((candidate) => candidate.space === space);
      await values?.dropHeld(hash, token);
      this.disk.remove(`${folder}/${mark}`);
    }
    this.disk.removeEmpty(folder);
  }

  async #setAside(token: string, data: Uint8Array, reason: string): Promise<void> {
    const file = token.slice(token.lastIndexOf("/") + 1);
    const id = `torn-${file}`;
    const claim = { id, data, token, priority: priorityOf(file), deliveries: deliveriesOf(file), track: false };
    await settle({ claim, id, noticeTtlMs: 0, bury: { id, reason, data, atMs: Date.now() } }, this);
  }

  #explained(error: unknown): unknown {
    if (codeOf(error) === undefined || !(error instanceof Error)) return error;
    return new StorageError(`File storage "${this.#options.name}" failed: ${error.message}`, { cause: error });
  }

  #opened<T>(open: () => T): T {
    try {
      return open();
    } catch (error) {
      throw this.#explained(error);
    }
  }
}

/**
 * The generations of a log. When a log is long, somebody appends a seal: nothing behind it has an effect. The state at the seal, which
 * is the same for all, is the beginning of the next log, and whoever finds a sealed log without a next one makes it: so it does not
 * matter who is killed when. A file gets its name when it is complete, and only one can have it.
 * @module
 */
import { StorageError } from "../../lib/errors.ts";
import { nodeCrypto } from "../../lib/primitives/builtin.ts";
import { MemoryStore, type SavedState } from "../memory/store.ts";
import { type Folder, logName } from "./folder.ts";
import type { LargeValues } from "./large.ts";
import { Log } from "./log.ts";
import { encodeRecord } from "./packing.ts";
import { passSnapshot, readSnapshot, type Snapshot, snapshotRecords } from "./snapshot.ts";

/** A log is not sealed before it has so many bytes, */
const SHORTEST = 4_194_304;
/** and so many times as many as its snapshot. */
const GROWTH = 4;
/** If the next one could not begin, it is tried again when this one is so many times as long. */
const GROWTH_AFTER_FAILURE = 1.125;
/** So many bytes of large values count as one: they cannot be removed before the next snapshot. */
const LARGE_PER_BYTE = 16;
/** How often others may get in between before one gives up. */
const MOST_TRIES = 100;

/** The log in use, and the state that is its beginning. */
export class Generations {
  readonly #folder: Folder;
  readonly #large: LargeValues;
  readonly #store: MemoryStore;
  readonly #lines = new Set<string>();
  #log: Log | undefined;
  #origin = "";
  /** The log is sealed when it is longer. */
  #longest = SHORTEST;
  #largeBytes = 0;
  /** The log was read to its seal, and the next one is not open. */
  #isOver = false;

  constructor(folder: Folder, large: LargeValues, store: MemoryStore) {
    this.#folder = folder;
    this.#large = large;
    this.#store = store;
  }

  /** Whether a log is open. */
  get isOpen(): boolean {
    return this.#log !== undefined;
  }

  /** The open log. */
  get log(): Log {
    return this.#log!;
  }

  /** Whether it is time for the next one. */
  get isLong(): boolean {
    return this.isOpen && this.log.position + this.#largeBytes / LARGE_PER_BYTE > this.#longest;
  }

  /** Whether the log has ended, and `advance` has failed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** So many bytes of large values were written. */
  noteLarge(bytes: number): void {
    this.#largeBytes += bytes;
  }

  /** Opens the newest log of the folder, and takes its state over. @throws {StorageError} If none can be opened */
  open(): void {
    this.close();
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      this.#folder.make();
      const newest = this.#folder.newest();
      if (newest === undefined) this.#publish(1, newSnapshot());
      else if (this.#enter(newest, "taken over")) return;
    }
    throw new StorageError(`the log in ${this.#folder.path} cannot be opened; something changes or removes it all the time`);
  }

  /** The log has ended: goes on with the newest one, which is made if there is none. @throws {StorageError} If that fails */
  advance(): void {
    const over = this.log;
    this.#isOver = true;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const newest = this.#folder.newest();
      if (newest === undefined || newest < over.generation) return this.open();
      if (newest > over.generation) {
        // Only the next one begins with the state that is here.
        if (!this.#enter(newest, newest === over.generation + 1 ? "known" : "taken over")) continue;
        return this.#leave(over);
      }
      // Another file of this name: somebody has replaced the folder.
      if (!over.isSame) return this.open();
      this.#publish(newest + 1, this.#snapshot());
    }
    throw new StorageError(
      `nothing can follow ${logName(over.generation)} in ${this.#folder.path}; something removes it all the time`,
    );
  }

  /**
   * Ends the log. The state is written before, so that others need not wait for it, and so that a full disk keeps the log going.
   *
   * @param read Carries out what is in the log.
   */
  seal(read: () => void): void {
    const { log } = this;
    // If this fails, the log may grow a little before the next attempt: on a full disk it should end soon after there is space again.
    this.#longest = log.position * GROWTH_AFTER_FAILURE;
    this.#largeBytes = 0;
    if (this.#folder.hasFile(logName(log.generation + 1))) return read();
    const snapshot = this.#snapshot();
    const prepared = this.#prepare(snapshot);
    const seal = encodeRecord(["seal"]);
    try {
      log.append(seal);
      this.#isOver = log.passOwn(seal.length);
    } catch (error) {
      this.#folder.remove(prepared);
      throw error;
    }
    if (this.#isOver) this.#link(prepared, log.generation + 1, snapshot);
    // Something has come between, so that the state is another one, and is written anew.
    else this.#folder.remove(prepared);
    read();
  }

  /** Something for people. */
  noteLine(line: string): void {
    this.#lines.add(line);
  }

  /** Lines for people: what could not be read, and what failed. */
  takeLines(): string[] {
    this.#takeLine(this.#log);
    const lines = [...this.#lines];
    this.#lines.clear();
    return lines;
  }

  /** Closes the log. */
  close(): void {
    this.#takeLine(this.#log);
    this.#log?.close();
    this.#log = undefined;
    this.#isOver = false;
  }

  #takeLine(log: Log | undefined): void {
    const line = log?.takeLine();
    if (line !== undefined) this.#lines.add(line);
  }

  #snapshot(): Snapshot {
    return { origin: this.#origin, state: this.#store.saved() };
  }

  #publish(generation: number, snapshot: Snapshot): void {
    // What is no file would be in the way for ever.
    if (!this.#folder.hasFile(logName(generation))) this.#link(this.#prepare(snapshot), generation, snapshot);
  }

  #prepare(snapshot: Snapshot): string {
    return this.#folder.prepare((file) => this.#folder.write(file, snapshotRecords(snapshot), true));
  }

  #link(prepared: string, generation: number, { state }: Snapshot): void {
    if (this.#folder.link(prepared, logName(generation))) this.#clean(() => this.#large.sweep(this.#large.mentioned(state)));
  }

  /** @param state Whether the state at its beginning is the one that is here. @returns `false` if there is no such log, or it is none */
  #enter(generation: number, state: "known" | "taken over"): boolean {
    const log = Log.open(this.#folder, generation);
    if (log === undefined) return false;
    try {
      if (state === "known" && passSnapshot(log) !== this.#origin) {
        log.close();
        return this.#enter(generation, "taken over");
      }
      if (state === "taken over" && !this.#restore(log)) {
        log.close();
        this.#folder.setAside(generation);
        this.#lines.add(`${this.#folder.at(logName(generation))}: does not begin with the state of a queue, and is set aside`);
        return false;
      }
    } catch (error) {
      log.close();
      throw error;
    }
    this.#log = log;
    this.#isOver = false;
    this.#longest = Math.max(SHORTEST, GROWTH * log.position);
    this.#largeBytes = 0;
    this.#clean(() => this.#folder.tidy(generation));
    return true;
  }

  #restore(log: Log): boolean {
    const snapshot = readSnapshot(log);
    if (snapshot === undefined) return false;
    this.#large.noteState();
    try {
      this.#store.restore(snapshot.state);
    } catch {
      this.#store.restore(newSnapshot().state);
      return false;
    }
    this.#origin = snapshot.origin;
    return true;
  }

  #leave(over: Log): void {
    this.#takeLine(over);
    over.close();
    this.#clean(() => {
      if (over.isWorthKeeping) this.#folder.setAside(over.generation);
      else this.#folder.remove(logName(over.generation));
    });
  }

  /** Nobody's call fails because something that is not needed any more cannot be removed. */
  #clean(remove: () => void): void {
    try {
      remove();
    } catch (error) {
      this.noteLine(`what is not needed any more in ${this.#folder.path} stays there: ${(error as Error).message}`);
    }
  }
}

/** The beginning of a new queue. A token that was handed out by a queue that was removed must not mean a claim of this one. */
function newSnapshot(): Snapshot {
  const state: SavedState = new MemoryStore({ now: () => 0 }).saved();
  const lastToken = nodeCrypto().randomInt(2 ** 47);
  return { origin: nodeCrypto().randomBytes(8).toString("hex"), state: { ...state, claims: { ...state.claims, lastToken } } };
}

/**
 * A replica: the state of the queue in the memory of this isolate, and the log that all of them share. The state is what the
 * commands of the log have made of it, one after the other, each at the time of the clock of its writer. So all replicas that have
 * read as far have the same, and a command means what it means in its place in the log, whoever was paused or killed meanwhile.
 * @module
 */
import { DecodeError, StorageError } from "../../lib/errors.ts";
import { nodeCrypto } from "../../lib/primitives/builtin.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Topic } from "../../lib/storage.ts";
import { MemoryStore } from "../memory/store.ts";
import { applyCommand, checkCommand, type Command } from "./commands.ts";
import type { Folder } from "./folder.ts";
import { Generations } from "./generations.ts";
import type { Log } from "./log.ts";
import type { HeldValue, LargeValues } from "./large.ts";
import { decodeBody, encodeRecord } from "./packing.ts";

/** What a command has come to. */
export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Commands that are written together. */
interface Batch {
  /** Tells the record from all others. */
  readonly nonce: string;
  readonly nowMs: number;
  readonly commands: readonly Command[];
  /** Set when the record was found in the log. */
  outcomes?: readonly Outcome[] | undefined;
}

/** After so many logs that were over when the record was written, something is wrong. */
const MOST_TRIES = 100;
/** After this time it is looked whether the log is still the one of the folder. */
const LOOK_MS = 1000;

/** The replica of one instance. */
export class Replica {
  readonly store: MemoryStore;
  /** What own commands have rung for since it was last taken. */
  readonly topics: Set<Topic> = new Set();
  readonly #clock: Clock;
  readonly #large: LargeValues;
  readonly #generations: Generations;
  readonly #isolate = nodeCrypto().randomBytes(9).toString("base64url");
  #lastNumber = 0;
  #lookedMs = -Infinity;
  /** The time of the command that is being carried out. */
  #commandMs: number | undefined;
  #isOwn = false;

  constructor(folder: Folder, large: LargeValues, clock: Clock) {
    this.#clock = clock;
    this.#large = large;
    this.store = new MemoryStore({ now: () => this.#commandMs ?? clock.now() });
    this.store.waits.onChange = (topic) => void (this.#isOwn && this.topics.add(topic));
    this.#generations = new Generations(folder, large, this.store);
  }

  /** Reads what others have written meanwhile. */
  catchUp(): void {
    this.#look();
    this.#read();
  }

  /**
   * Writes commands, together, and carries them out.
   *
   * @returns what each has come to
   * @throws {StorageError} If they could not be written
   */
  commit(commands: readonly Command[]): readonly Outcome[] {
    this.#look();
    const batch: Batch = { nonce: `${this.#isolate}-${++this.#lastNumber}`, nowMs: this.#clock.now(), commands };
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      this.#write(batch);
      // What is behind the seal of a log has no effect, nor what is in a file that was removed: it is written again.
      if (batch.outcomes !== undefined) return batch.outcomes;
    }
    throw new StorageError("what was written to the log is not found there; something changes or removes its files");
  }

  /** Lets a new log begin, if this one is long. Call it when what was committed is answered. */
  tidy(): void {
    if (!this.#generations.isLong) return;
    try {
      this.#generations.seal(() => this.#read());
    } catch (error) {
      // The disk is full, for instance. The log goes on, and this is tried again when it is longer.
      this.#generations.noteLine(`a new log cannot begin: ${(error as Error).message}`);
    }
  }

  /** Lines for people: what could not be read since the last call. */
  takeLines(): string[] {
    return this.#generations.takeLines();
  }

  /** Closes the log. */
  close(): void {
    this.#generations.close();
  }

  #write(batch: Batch): void {
    const { log } = this.#generations;
    const { nonce, nowMs, commands } = batch;
    const record = encodeRecord(["do", nonce, nowMs, commands.map(({ name, args }) => [name, ...args])]);
    log.append(record);
    this.#ensureLarge(commands.flatMap(({ large }) => large));
    if (log.passOwn(record.length)) this.#applyOwn(batch);
    else this.#read(batch);
    if (this.#generations.log !== log || log.isThere) return;
    // Its log is over, or somebody has removed the folder.
    this.#read();
    if (this.#generations.log !== log) return;
    this.#generations.open();
    batch.outcomes = undefined;
  }

  #ensureLarge(values: readonly HeldValue[]): void {
    if (values.length === 0) return;
    this.#large.ensure(values);
    this.#generations.noteLarge(values.reduce((sum, { bytes }) => sum + bytes.length, 0));
  }

  /** Carries out what is new in the log, and goes on to the next one where it ends. */
  #read(own?: Batch): void {
    for (;;) {
      if (this.#generations.isOver) this.#generations.advance();
      const { log } = this.#generations;
      const body = log.next();
      if (body === undefined) return;
      const record = this.#decoded(log, body);
      if (record?.kind === "seal") this.#generations.advance();
      else if (record !== undefined && record.nonce === own?.nonce) this.#applyOwn(own);
      else if (record !== undefined) this.#apply(record.commands, record.nowMs);
    }
  }

  /** What a record says; `undefined` for one that nobody understands, and that everybody skips. */
  #decoded(log: Log, body: Uint8Array): { kind: "seal"; nonce?: undefined } | { kind: "do" } & Batch | undefined {
    try {
      const [kind, nonce, nowMs, list] = decodeBody(body) as unknown[];
      if (kind === "seal") return { kind };
      if (kind !== "do" || typeof nowMs !== "number" || !Number.isFinite(nowMs)) {
        throw new DecodeError("a record of an unknown kind");
      }
      const commands = (list as [string, ...unknown[]][]).map(([name, ...args]) => checkCommand(name, args, this.#large.note));
      return { kind, nonce: String(nonce), nowMs, commands };
    } catch (error) {
      log.noteBad(body.length, (error as Error).message);
      return undefined;
    }
  }

  #applyOwn(batch: Batch): void {
    this.#isOwn = true;
    try {
      batch.outcomes = this.#apply(batch.commands, batch.nowMs);
    } finally {
      this.#isOwn = false;
    }
  }

  #apply(commands: readonly Command[], nowMs: number): Outcome[] {
    this.#commandMs = nowMs;
    try {
      return commands.map((command) => attempt(() => applyCommand(this.store, command)));
    } finally {
      this.#commandMs = undefined;
    }
  }

  /** Opens the log, and now and then looks whether it is still the one of the folder. */
  #look(): void {
    const nowMs = this.#clock.elapsed();
    if (this.#generations.isOpen && nowMs - this.#lookedMs < LOOK_MS) return;
    this.#lookedMs = nowMs;
    if (!this.#generations.isOpen) return this.#generations.open();
    this.#read();
    if (!this.#generations.log.isSame) this.#generations.open();
  }
}

function attempt(call: () => unknown): Outcome {
  try {
    return { value: call() };
  } catch (error) {
    return { error };
  }
}

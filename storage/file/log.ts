/**
 * The log of one generation: a file to which everybody appends, each record with one write. The operating system keeps the writes
 * apart, so that no lock is needed. It begins with a snapshot (see `snapshot.ts`), and ends with a seal.
 * @module
 */
import fs from "node:fs";
import { systemClock } from "../../lib/primitives/clock.ts";
import { closeFile } from "../close_file.ts";
import { type Folder, logName } from "./folder.ts";
import { findRecord } from "./record.ts";

/** On Deno a look at an open file takes as long as a write, so that not every write has one. */
const LOOK_MS = 0.2;
/** So much is read at once. */
const WINDOW = 65_536;

/** An open log, and how far it was read. */
export class Log {
  readonly generation: number;
  readonly #folder: Folder;
  readonly #name: string;
  readonly #file: number;
  #buffer = new Uint8Array(WINDOW);
  /** What was read and not looked at yet begins here in the file, */
  #start = 0;
  /** and is this. */
  #unseen: Uint8Array = this.#buffer.subarray(0, 0);
  /** Bytes that are no records. */
  #badBytes = 0;
  #badReason = "";
  #isWorthKeeping = false;
  #toldBytes = 0;
  #lookedMs = -Infinity;

  private constructor(folder: Folder, generation: number, file: number) {
    this.#folder = folder;
    this.generation = generation;
    this.#name = logName(generation);
    this.#file = file;
  }

  /** Opens the log of a generation. @returns `undefined` if there is none */
  static open(folder: Folder, generation: number): Log | undefined {
    const file = folder.open(logName(generation));
    return file === undefined ? undefined : new Log(folder, generation, file);
  }

  /** How far it was read, in bytes. */
  get position(): number {
    return this.#start;
  }

  /**
   * Whether there is something in it that people may want to look at: more than records that were cut off, as a kill and a full disk leave
   * them. On a full disk nobody wants to keep those.
   */
  get isWorthKeeping(): boolean {
    return this.#isWorthKeeping;
  }

  /** A line about what could not be read, if there is more than the last time. */
  takeLine(): string | undefined {
    if (this.#badBytes === this.#toldBytes) return undefined;
    this.#toldBytes = this.#badBytes;
    return `${this.#folder.at(this.#name)}: ${this.#badBytes} bytes are skipped, the last of them: ${this.#badReason}`;
  }

  /** Whether nobody has removed its file, as far as was looked within the last moment. One that was moved is found by `isSame`. */
  get isThere(): boolean {
    const nowMs = systemClock.elapsed();
    if (nowMs - this.#lookedMs < LOOK_MS) return true;
    this.#lookedMs = nowMs;
    return fs.fstatSync(this.#file).nlink > 0;
  }

  /** Whether its file is still the one of its name, and no shorter than it was. Takes longer. */
  get isSame(): boolean {
    return this.#folder.isSame(this.#file, this.#name, this.#start);
  }

  /** Appends a record. */
  append(record: Uint8Array): void {
    this.#folder.append(this.#file, record);
  }

  /** The body of the next record, a view that holds until the next call. @returns `undefined` at the end */
  next(): Uint8Array | undefined {
    for (;;) {
      const found = findRecord(this.#unseen, 0);
      if (found.kind === "more") {
        if (!this.#readOn(this.#unseen.length * 2 + WINDOW)) return undefined;
        continue;
      }
      this.#pass(found.end);
      if (found.kind === "record") return found.body;
      this.noteBad(found.end, found.reason, found.isCutOff);
    }
  }

  /** Passes over a record that was just appended, if nothing else has come since the last look. @returns whether that is so */
  passOwn(length: number): boolean {
    if (this.#unseen.length > 0) return false;
    this.#readOn(length + WINDOW);
    if (this.#unseen.length !== length) return false;
    this.#pass(length);
    return true;
  }

  /** Notes that something could not be read. */
  noteBad(length: number, reason: string, isCutOff: boolean = false): void {
    this.#isWorthKeeping ||= !isCutOff;
    this.#badBytes += length;
    this.#badReason = reason;
  }

  /** Closes the file. */
  close(): void {
    closeFile(this.#file);
  }

  /** @returns whether there is more than before */
  #readOn(most: number): boolean {
    const before = this.#unseen.length;
    if (most > this.#buffer.length) this.#buffer = new Uint8Array(most);
    const count = fs.readSync(this.#file, this.#buffer, 0, Math.max(most, WINDOW), this.#start);
    this.#unseen = this.#buffer.subarray(0, count);
    return count > before;
  }

  /** The record that was read last comes again. Only right after `next`. */
  stepBack(length: number): void {
    this.#start -= length;
    this.#unseen = this.#buffer.subarray(this.#unseen.byteOffset - length, this.#unseen.byteOffset + this.#unseen.length);
  }

  #pass(length: number): void {
    this.#start += length;
    this.#unseen = this.#unseen.subarray(length);
  }
}

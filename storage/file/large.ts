/**
 * Large values: files that are named by a hash of what is in them. The log, and the memory of each process, have a short reference in
 * their place. Equal values have equal references, so that they can be compared.
 * @module
 */
import fs from "node:fs";
import { StorageError } from "../../lib/errors.ts";
import { nodeCrypto } from "../../lib/primitives/builtin.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { copyBytes } from "../bytes.ts";
import { closeFile } from "../close_file.ts";
import { codeOf, type Folder } from "./folder.ts";
import { hasMagic } from "./record.ts";

/** A value with more bytes is large. */
const LARGE = 4096;
/** What a reference says, with the hash and the length in 16 digits; as long as this. */
const REFERENCE = /^\0huey large value ([0-9a-f]{64}) (\d{16})$/;
const REFERENCE_LENGTH = 99;
/** A file that is younger may belong to a record that is about to be written. */
const YOUNG_MS = 60_000;

/** A large value and the reference to it. */
export interface HeldValue {
  readonly reference: Uint8Array;
  readonly bytes: Uint8Array;
}

/** The large values of one queue. */
export class LargeValues {
  readonly #folder: Folder;
  readonly #levels: number;
  /** Whether there may be references, so that answers must be looked through. */
  #isUsed = false;
  /** What nothing referred to at the last sweep. */
  #unneeded: ReadonlySet<string> = new Set();

  /** @param levels So many levels of folders are above the files. */
  constructor(folder: Folder, levels: number) {
    this.#folder = folder;
    this.#levels = levels;
  }

  /** A copy of bytes; or a reference to them, if they are large, or could be taken for something else in the log. */
  readonly hold = (bytes: Uint8Array): Uint8Array => {
    if (bytes.length <= LARGE && !isReference(bytes) && !hasMagic(bytes)) return copyBytes(bytes);
    this.#isUsed = true;
    const hash = hashOf(bytes);
    this.#store(hash, bytes);
    return new TextEncoder().encode(`\0huey large value ${hash} ${String(bytes.length).padStart(16, "0")}`);
  };

  /** Bytes that were read from the log, which may be a reference. */
  readonly note = (bytes: Uint8Array): Uint8Array => {
    this.#isUsed ||= isReference(bytes);
    return bytes;
  };

  /** A state was read, in which there may be references. */
  noteState(): void {
    this.#isUsed ||= this.#folder.hasFolder("large");
  }

  /** An answer with values in place of references. A value that is missing or torn stays a reference: it is unreadable for everybody. */
  readonly resolve = <T>(answer: T): T => this.#isUsed ? this.#resolved(answer) as T : answer;

  /** The same for something that is not there, rather than unreadable, when it is missing or torn. */
  resolveValue(value: Uint8Array | undefined): Uint8Array | undefined {
    const resolved = this.resolve(value);
    return resolved !== undefined && resolved === value && isReference(resolved) ? undefined : resolved;
  }

  /** The hashes of the large values that plain data refers to. */
  mentioned(data: unknown, found: Set<string> = new Set()): Set<string> {
    if (!this.#isUsed || typeof data !== "object" || data === null) return found;
    if (data instanceof Uint8Array) {
      const hash = meant(data)?.[1];
      if (hash !== undefined) found.add(hash);
    } else for (const one of Object.values(data)) this.mentioned(one, found);
    return found;
  }

  /** Removes files to which nothing refers now, nor did at the last sweep: somebody may be about to read what he has just taken. */
  sweep(mentioned: ReadonlySet<string>): void {
    if (!this.#folder.hasFolder("large")) return;
    const oldestMs = systemClock.now() - YOUNG_MS;
    const before = this.#unneeded;
    const unneeded = this.#unneeded = new Set<string>();
    for (const path of this.#filesIn("large")) {
      const hash = path.slice(path.lastIndexOf("/") + 1);
      if (hash.length !== 64 || mentioned.has(hash) || !(this.#folder.modifiedMs(path) < oldestMs)) continue;
      if (before.has(hash)) this.#folder.remove(path);
      else unneeded.add(hash);
    }
  }

  /** The files in a folder and in those below. A link to a folder is none of ours: it may lead back here, and such a walk has no end. */
  *#filesIn(folder: string): Generator<string> {
    for (const entry of fs.readdirSync(this.#folder.at(folder), { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) yield* this.#filesIn(path);
      else yield path;
    }
  }

  /** Writes values again that are mentioned in the log now, if somebody has swept them away meanwhile. */
  ensure(values: readonly HeldValue[]): void {
    for (const { reference, bytes } of values) {
      const hash = meant(reference)![1]!;
      if (!this.#folder.hasFile(this.#pathOf(hash))) this.#store(hash, bytes);
    }
  }

  #store(hash: string, bytes: Uint8Array): void {
    const name = this.#pathOf(hash);
    if (this.#read(hash) !== undefined && this.#folder.renew(name)) return;
    this.#folder.make();
    const folders = name.split("/").slice(0, -1);
    for (let depth = 1; depth <= folders.length; depth++) this.#folder.makeFolder(folders.slice(0, depth).join("/"));
    // Never missing for a moment: somebody else may read what he has stored just now.
    this.#folder.replace(this.#folder.prepare((file) => this.#folder.write(file, [bytes])), name);
  }

  #resolved(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (value instanceof Uint8Array) return this.#read(meant(value)?.[1]) ?? value;
    if (Array.isArray(value)) return value.map((one) => this.#resolved(one));
    if (value instanceof Map) return new Map([...value].map(([key, one]) => [key, this.#resolved(one)]));
    if (value instanceof Set) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, this.#resolved(one)]));
  }

  /** @returns `undefined` if it is missing or torn */
  #read(hash: string | undefined): Uint8Array | undefined {
    if (hash === undefined) return undefined;
    let file: number | undefined;
    try {
      file = this.#folder.open(this.#pathOf(hash));
      const bytes = file === undefined ? undefined : fs.readFileSync(file);
      return bytes !== undefined && hashOf(bytes) === hash
        ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
        : undefined;
    } catch (error) {
      if (codeOf(error) === undefined && !(error instanceof StorageError)) throw error;
      return undefined;
    } finally {
      if (file !== undefined) closeFile(file);
    }
  }

  #pathOf(hash: string): string {
    const levels = Array.from({ length: this.#levels }, (_, level) => hash.slice(2 * level, 2 * level + 2));
    return ["large", ...levels, hash].join("/");
  }
}

/** Whether bytes are a reference to a large value. */
export function isReference(bytes: Uint8Array): boolean {
  return meant(bytes) !== undefined;
}

/** What a reference says. */
function meant(bytes: Uint8Array): RegExpExecArray | undefined {
  if (bytes.length !== REFERENCE_LENGTH || bytes[0] !== 0) return undefined;
  return REFERENCE.exec(new TextDecoder().decode(bytes)) ?? undefined;
}

function hashOf(bytes: Uint8Array): string {
  return nodeCrypto().createHash("sha256").update(bytes).digest("hex");
}

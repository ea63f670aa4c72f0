/**
 * Items as they are stored in Redis, byte by byte. The scripts read the same layout; numbers are big-endian.
 *
 * An item that others give is written as a **tail**; in the queue and among the claims the server has put place and time of entry in
 * front of it, which makes it a **record**.
 * @module
 */
import type { ChordPlace, Gate, Item, UniqueKey } from "../../../lib/storage.ts";

/**
 * Record: place f64 (0 before the server gave one) · when it entered the queue f64 · tail. Tail: deliveries u32 · flags u8 · priority f64 ·
 * id · with ABOUT: that · with CHORD: id of the chord, index u32 · with GATE: key, limit f64, number f64 · with UNIQUE: key, until f64,
 * from, number f64 · with STEPS: their key · message. Each text has its length in front of it, u16. A number that is not 0 was given by the
 * server: it says that the item has gone through the gate, or holds the key.
 */
export const STAMP = 16;
/** What stands in front of a tail on the schedule and in the lines of gates: its number there. */
export const NUMBERED = 8;
const HEAD = 15;

const TRACK = 1;
const RETRY = 2;
const CHORD = 4;
const BEGUN = 8;
const GATE = 16;
const UNIQUE = 32;
const STEPS = 64;
const ABOUT = 128;
/** Those with a part behind the id. */
const PARTS = CHORD | GATE | UNIQUE | STEPS | ABOUT;

const SHORT_TEXT = 64;

/** `UniqueKey.until` as a number; lengths of time are not negative. */
const UNTIL_START = -1;
const UNTIL_END = -2;

/** No tail of the item is longer. */
export function tailBound({ id, data, about, chord, gate, unique, steps }: Item): number {
  let bound = HEAD + id.length * 3 + data.length;
  if (about !== undefined) bound += 2 + about.length * 3;
  if (chord) bound += 6 + chord.id.length * 3;
  if (gate) bound += 18 + gate.key.length * 3;
  if (unique) bound += 20 + (unique.key.length + (unique.from?.length ?? 0)) * 3;
  if (steps !== undefined) bound += 2 + steps.length * 3;
  return bound;
}

/** Writes text as UTF-8. Ids are short and plain: byte by byte is faster for them than a call of the runtime. @returns its length */
export function writeText(text: string, bytes: Buffer, start: number): number {
  const { length } = text;
  if (length > SHORT_TEXT) return bytes.write(text, start);
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return bytes.write(text, start);
    bytes[start + index] = code;
  }
  return length;
}

/** Writes the tail of a new item. @returns its length */
export function writeTail(item: Item, bytes: Buffer, start: number): number {
  const { id, data, priority } = item;
  const flags = flagsOf(item);
  for (let index = start; index < start + HEAD - 2; index++) bytes[index] = 0;
  bytes[start + 4] = flags;
  if (priority !== 0) bytes.writeDoubleBE(priority, start + 5);
  let end = writeSized(id, bytes, start + HEAD - 2);
  if ((flags & PARTS) !== 0) end = writeParts(item, bytes, end);
  bytes.set(data, end);
  return end + data.length - start;
}

/** The tail of a new item. */
export function tail(item: Item): Buffer {
  const bytes = Buffer.allocUnsafe(tailBound(item));
  return bytes.subarray(0, writeTail(item, bytes, 0));
}

/** The state of a new item as it is stored; what the item says of itself comes behind it. */
export function stateLetter({ retry, dueMs }: Item): "t" | "w" | "s" {
  return retry ? "t" : dueMs === undefined ? "w" : "s";
}

function flagsOf({ track, retry, chord, gate, unique, steps, about }: Item): number {
  return (track ? TRACK : 0) | (retry ? RETRY : 0) | (chord ? CHORD : 0) | (gate ? GATE : 0) | (unique ? UNIQUE : 0) |
    (steps === undefined ? 0 : STEPS) | (about === undefined ? 0 : ABOUT);
}

/** @returns where the next part begins */
function writeParts({ about, chord, gate, unique, steps }: Item, bytes: Buffer, start: number): number {
  let end = start;
  if (about !== undefined) end = writeSized(about, bytes, end);
  if (chord) end = bytes.writeUInt32BE(chord.index, writeSized(chord.id, bytes, end));
  if (gate) end = bytes.writeDoubleBE(0, bytes.writeDoubleBE(gate.limit, writeSized(gate.key, bytes, end)));
  if (unique) {
    end = bytes.writeDoubleBE(untilNumber(unique.until), writeSized(unique.key, bytes, end));
    end = bytes.writeDoubleBE(0, writeSized(unique.from ?? "", bytes, end));
  }
  return steps === undefined ? end : writeSized(steps, bytes, end);
}

function writeSized(text: string, bytes: Buffer, start: number): number {
  const length = writeText(text, bytes, start + 2);
  bytes[start] = length >> 8;
  bytes[start + 1] = length;
  return start + 2 + length;
}

function untilNumber(until: UniqueKey["until"]): number {
  return until === "start" ? UNTIL_START : until === "end" ? UNTIL_END : Math.max(0, until);
}

/** What a tail says of its item. */
export class StoredItem implements Item {
  readonly id: string;
  readonly data: Uint8Array;
  readonly priority: number;
  readonly retry: boolean;
  readonly track: boolean;
  readonly about: string | undefined;
  readonly chord: ChordPlace | undefined;
  readonly gate: Gate | undefined;
  readonly unique: UniqueKey | undefined;
  readonly steps: string | undefined;

  /** @param start What stands in front of the tail, which is whole as far as its id. */
  constructor(bytes: Buffer, start: number) {
    const flags = bytes[start + 4]!;
    const idEnd = idEndOf(bytes, start);
    const parts = (flags & PARTS) === 0 ? undefined : readParts(bytes, idEnd, flags);
    this.id = bytes.toString("utf8", start + HEAD, idEnd);
    this.data = plainBytes(bytes, parts?.end ?? idEnd);
    this.priority = isZero(bytes, start + 5) ? 0 : bytes.readDoubleBE(start + 5);
    this.retry = (flags & RETRY) !== 0;
    this.track = (flags & TRACK) !== 0;
    this.about = parts?.about;
    this.chord = parts?.chord;
    this.gate = parts?.gate;
    this.unique = parts?.unique;
    this.steps = parts?.steps;
  }
}

/** How often the item of a tail was handed out before. */
export function deliveriesOf(bytes: Buffer, start: number): number {
  return isZero(bytes, start, 4) ? 0 : bytes.readUInt32BE(start);
}

/** Whether the item of a tail was begun by who may run it only once. */
export function isBegun(bytes: Buffer, start: number): boolean {
  return (bytes[start + 4]! & BEGUN) !== 0;
}

/** Whether a tail is whole as far as its id, so that it can be read. */
export function isTail(bytes: Buffer, start: number): boolean {
  return bytes.length >= start + HEAD && bytes.length >= idEndOf(bytes, start);
}

/** @param start What stands in front of the tail. @returns `undefined` if it is none */
export function readTail(bytes: Buffer, start: number): StoredItem | undefined {
  return isTail(bytes, start) ? new StoredItem(bytes, start) : undefined;
}

function idEndOf(bytes: Buffer, start: number): number {
  return start + HEAD + (bytes[start + 13]! << 8) + bytes[start + 14]!;
}

/** What stands between the id of an item and its message. */
interface Parts {
  about?: string;
  chord?: ChordPlace;
  gate?: Gate;
  unique?: UniqueKey;
  steps?: string;
  end: number;
}

/** Where a part is cut short, it and those behind it are not there, and their bytes belong to the message. */
function readParts(bytes: Buffer, start: number, flags: number): Parts {
  const parts: Parts = { end: start };
  const from = new Reader(bytes, start);
  try {
    if (flags & ABOUT) [parts.about, parts.end] = [from.text(), from.end];
    if (flags & CHORD) [parts.chord, parts.end] = [{ id: from.text(), index: from.uint() }, from.end];
    if (flags & GATE) [parts.gate, , parts.end] = [{ key: from.text(), limit: from.double() }, from.double(), from.end];
    if (flags & UNIQUE) [parts.unique, , parts.end] = [readKey(from), from.double(), from.end];
    if (flags & STEPS) [parts.steps, parts.end] = [from.text(), from.end];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return parts;
}

function readKey(from: Reader): UniqueKey {
  const [key, life, before] = [from.text(), from.double(), from.text()];
  const until = life === UNTIL_START ? "start" : life === UNTIL_END ? "end" : life;
  return { key, until, ...(before !== "" && { from: before }) };
}

/** Reads one value after another. @throws RangeError at the end of the bytes */
class Reader {
  readonly #bytes: Buffer;
  end: number;

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.end = start;
  }

  text(): string {
    const start = this.end + 2;
    const end = start + this.#bytes.readUInt16BE(this.end);
    if (end > this.#bytes.length) throw new RangeError("A text is cut short");
    this.end = end;
    return this.#bytes.toString("utf8", start, end);
  }

  uint(): number {
    this.end += 4;
    return this.#bytes.readUInt32BE(this.end - 4);
  }

  double(): number {
    this.end += 8;
    return this.#bytes.readDoubleBE(this.end - 8);
  }
}

/** An item as others see it; `dueMs` if it is scheduled. */
export function itemOf(item: StoredItem, dueMs?: number): Item {
  return dueMs === undefined ? { ...item } : { ...item, dueMs };
}

/** Items from tails, each behind so many bytes; what is none is left out. */
export function itemsOf(found: readonly Buffer[], start: number): Item[] {
  return found.flatMap((bytes) => {
    const read = readTail(bytes, start);
    return read ? [itemOf(read)] : [];
  });
}

/** Whether the number that begins there is zero, as nearly every priority is; reading a number is slow. */
function isZero(bytes: Uint8Array, start: number, length: number = 8): boolean {
  for (let index = start; index < start + length; index++) if (bytes[index] !== 0) return false;
  return true;
}

/** A plain view, so that the driver's bytes compare equal to everybody else's. */
export function plainBytes(bytes: Buffer, start: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
}

/**
 * What is stored in Redis, byte by byte: records (items on their way) and entries (keys and values).
 * The scripts read the same layouts; numbers are big-endian.
 * @module
 */
import type { ChordPlace, Ending, Item } from "../../lib/storage.ts";

/**
 * place f64 (0 before the server gave one) · deliveries u32 · flags u8 · priority f64 · length of the id u16 · id · with CHORD: length of
 * the chord's id u16 · that · index u32 · message
 */
const RECORD_HEAD = 23;
const TRACK = 1;
const RETRY = 2;
const CHORD = 4;
const BEGUN = 8;

/** Beside its id, what a place in a chord takes. */
const CHORD_HEAD = 6;

const SHORT_TEXT = 64;

/** Entries: tag u8 · expiry f64 (0 is never) · with HELD: length u16 and name of the holder · value. Results: f64 · letter · f64 · value. */
const ENTRY_HEAD = 9;
const PLAIN = "-".charCodeAt(0);
const HELD = "h".charCodeAt(0);

/** First byte of a result: how the task ended; `i` for a value stored while attempts are left. */
const ENDING_TAGS = {
  complete: "c",
  empty: "e",
  failed: "f",
  revoked: "v",
  expired: "x",
  canceled: "n",
  running: "r",
  dead: "d",
} as const;
const INTERMEDIATE = "i";
const ENDINGS: Readonly<Record<string, Ending>> = Object.fromEntries(
  Object.entries(ENDING_TAGS).map(([ending, tag]) => [tag, ending as Ending]),
);

/** The letter of an ending in the store. */
export function endingTag(ending: Ending): string {
  return ENDING_TAGS[ending];
}

/** The ending that a letter stands for; `undefined` for any other letter. */
export function endingOf(tag: string): Ending | undefined {
  return ENDINGS[tag];
}

/** No record of the item is longer. */
export function recordBound({ id, data, chord }: Item): number {
  return RECORD_HEAD + id.length * 3 + data.length + (chord ? CHORD_HEAD + chord.id.length * 3 : 0);
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

/** Writes the record of a new item. @returns its length */
export function writeRecord(item: Item, bytes: Buffer, start: number): number {
  const { id, data, priority, chord } = item;
  const idLength = writeText(id, bytes, start + RECORD_HEAD);
  for (let index = start; index < start + RECORD_HEAD - 2; index++) bytes[index] = 0;
  bytes[start + 12] = (item.track ? TRACK : 0) | (item.retry ? RETRY : 0) | (chord ? CHORD : 0);
  if (priority !== 0) bytes.writeDoubleBE(priority, start + 13);
  bytes[start + 21] = idLength >> 8;
  bytes[start + 22] = idLength;
  let size = RECORD_HEAD + idLength;
  if (chord) size += writePlace(chord, bytes, start + size);
  bytes.set(data, start + size);
  return size + data.length;
}

function writePlace({ id, index }: ChordPlace, bytes: Buffer, start: number): number {
  const length = writeText(id, bytes, start + 2);
  bytes.writeUInt16BE(length, start);
  bytes.writeUInt32BE(index, start + 2 + length);
  return CHORD_HEAD + length;
}

/** The record of a new item. */
export function record(item: Item): Buffer {
  const bytes = Buffer.allocUnsafe(recordBound(item));
  return bytes.subarray(0, writeRecord(item, bytes, 0));
}

/** What a record says. */
export interface ReadRecord {
  readonly id: string;
  readonly data: Uint8Array;
  readonly priority: number;
  readonly retry: boolean;
  readonly track: boolean;
  readonly chord: ChordPlace | undefined;
  readonly begun: boolean;
  /** Before this one. */
  readonly deliveries: number;
}

/** What a record says; `undefined` if it is none. A place in a chord that is cut short is none, and its bytes belong to the message. */
export function readRecord(bytes: Buffer): ReadRecord | undefined {
  if (bytes.length < RECORD_HEAD) return undefined;
  const idEnd = RECORD_HEAD + (bytes[21]! << 8) + bytes[22]!;
  if (bytes.length < idEnd) return undefined;
  const flags = bytes[12]!;
  const place = (flags & CHORD) === 0 ? undefined : readPlace(bytes, idEnd);
  return {
    id: bytes.toString("utf8", RECORD_HEAD, idEnd),
    data: plainBytes(bytes, place?.end ?? idEnd),
    priority: isZero(bytes, 13) ? 0 : bytes.readDoubleBE(13),
    retry: (flags & RETRY) !== 0,
    track: (flags & TRACK) !== 0,
    chord: place?.chord,
    begun: (flags & BEGUN) !== 0,
    deliveries: bytes.readUInt32BE(8),
  };
}

function readPlace(bytes: Buffer, start: number): { readonly chord: ChordPlace; readonly end: number } | undefined {
  if (bytes.length < start + CHORD_HEAD) return undefined;
  const idEnd = start + 2 + bytes.readUInt16BE(start);
  if (bytes.length < idEnd + 4) return undefined;
  return { chord: { id: bytes.toString("utf8", start + 2, idEnd), index: bytes.readUInt32BE(idEnd) }, end: idEnd + 4 };
}

/** An item as others see it; `dueMs` if it is scheduled. */
export function itemOf({ deliveries: _, begun: _begun, ...item }: ReadRecord, dueMs?: number): Item {
  return dueMs === undefined ? item : { ...item, dueMs };
}

/** Whether the number that begins there is zero, which nearly every priority is; reading a number is slow. */
function isZero(bytes: Uint8Array, start: number): boolean {
  for (let index = start; index < start + 8; index++) if (bytes[index] !== 0) return false;
  return true;
}

/** The text of a result, in front of which the server writes the time: how the task ended, how long a notice of that is kept once the result is read, and the value. */
export function resultText(value: Uint8Array, ending: Ending | undefined, noticeTtlMs: number): Buffer {
  const bytes = Buffer.allocUnsafe(ENTRY_HEAD + value.length);
  bytes[0] = (ending ? ENDING_TAGS[ending] : INTERMEDIATE).charCodeAt(0);
  bytes.writeDoubleBE(noticeTtlMs, 1);
  bytes.set(value, ENTRY_HEAD);
  return bytes;
}

/** The value of an entry; `undefined` if it is none, or has expired. */
export function entryValue(bytes: Buffer | null | undefined, nowMs: number): Uint8Array | undefined {
  if (!bytes || bytes.length < ENTRY_HEAD) return undefined;
  const expiresMs = bytes.readDoubleBE(1);
  if (expiresMs !== 0 && !(expiresMs > nowMs)) return undefined;
  if (bytes[0] === PLAIN) return plainBytes(bytes, ENTRY_HEAD);
  if (bytes[0] !== HELD || bytes.length < ENTRY_HEAD + 2) return undefined;
  const start = ENTRY_HEAD + 2 + bytes.readUInt16BE(ENTRY_HEAD);
  return bytes.length < start ? undefined : plainBytes(bytes, start);
}

/** A number as the scripts read it. */
export function double(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value);
  return bytes;
}

/** The same bytes as node-redis takes them, not copied. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A plain view, so that the driver's bytes compare equal to everybody else's. */
export function plainBytes(bytes: Buffer, start: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
}

/**
 * What is stored in Redis, byte by byte: records (items on their way) and entries (keys and values).
 * The scripts read the same layouts; numbers are big-endian.
 * @module
 */
import type { Ending, Item } from "../../lib/storage.ts";

/** place f64 (0 before the server gave one) · deliveries u32 · flags u8 · priority f64 · length of the id u16 · id · message */
const RECORD_HEAD = 23;
const TRACK = 1;
const RETRY = 2;

const SHORT_TEXT = 64;

/** Entries: tag u8 · expiry f64 (0 is never) · what the tag asks for · value. */
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
export function recordBound(item: Item): number {
  return RECORD_HEAD + item.id.length * 3 + item.data.length;
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
  const { id, data, priority } = item;
  const idLength = writeText(id, bytes, start + RECORD_HEAD);
  for (let index = start; index < start + RECORD_HEAD - 2; index++) bytes[index] = 0;
  bytes[start + 12] = (item.track ? TRACK : 0) | (item.retry ? RETRY : 0);
  if (priority !== 0) bytes.writeDoubleBE(priority, start + 13);
  bytes[start + 21] = idLength >> 8;
  bytes[start + 22] = idLength;
  bytes.set(data, start + RECORD_HEAD + idLength);
  return RECORD_HEAD + idLength + data.length;
}

/** The record of a new item. */
export function record(item: Item): Buffer {
  const bytes = Buffer.allocUnsafe(recordBound(item));
  return bytes.subarray(0, writeRecord(item, bytes, 0));
}

/** What a record says, with the count of its deliveries before this one. */
export function readRecord(bytes: Buffer): { item: Required<Omit<Item, "dueMs" | "chord">>; deliveries: number } {
  const idEnd = RECORD_HEAD + (bytes[21]! << 8) + bytes[22]!;
  const flags = bytes[12]!;
  const item = {
    id: bytes.toString("utf8", RECORD_HEAD, idEnd),
    data: plainBytes(bytes, idEnd),
    priority: isZero(bytes, 13) ? 0 : bytes.readDoubleBE(13),
    retry: (flags & RETRY) !== 0,
    track: (flags & TRACK) !== 0,
  };
  return { item, deliveries: bytes.readUInt32BE(8) };
}

/** Whether the number that begins there is zero, which nearly every priority is; reading a number is slow. */
function isZero(bytes: Uint8Array, start: number): boolean {
  for (let index = start; index < start + 8; index++) if (bytes[index] !== 0) return false;
  return true;
}

/** An entry of a key and value space. */
export function entry(value: Uint8Array, expiresMs: number | undefined, holder?: string): Buffer {
  const tag = Buffer.from([holder === undefined ? PLAIN : HELD]);
  const head = [tag, double(expiresMs ?? 0)];
  if (holder !== undefined) {
    const name = Buffer.from(holder);
    const length = Buffer.allocUnsafe(2);
    length.writeUInt16BE(name.length);
    head.push(length, name);
  }
  return Buffer.concat([...head, value]);
}

/** The entry of a result, which remembers how its task ended and how long a notice of that is kept. */
export function resultEntry(
  value: Uint8Array,
  ending: Ending | undefined,
  noticeTtlMs: number,
  expiresMs: number | undefined,
): Buffer {
  const bytes = Buffer.allocUnsafe(ENTRY_HEAD + 8 + value.length);
  bytes[0] = (ending ? ENDING_TAGS[ending] : INTERMEDIATE).charCodeAt(0);
  bytes.writeDoubleBE(expiresMs ?? 0, 1);
  bytes.writeDoubleBE(noticeTtlMs, ENTRY_HEAD);
  bytes.set(value, ENTRY_HEAD + 8);
  return bytes;
}

/** The value of an entry; `undefined` if there is none or it has expired. */
export function entryValue(bytes: Buffer | null | undefined, nowMs: number): Uint8Array | undefined {
  if (!bytes) return undefined;
  const expiresMs = bytes.readDoubleBE(1);
  if (expiresMs !== 0 && expiresMs <= nowMs) return undefined;
  if (bytes[0] === PLAIN) return plainBytes(bytes, ENTRY_HEAD);
  return plainBytes(bytes, bytes[0] === HELD ? ENTRY_HEAD + 2 + bytes.readUInt16BE(ENTRY_HEAD) : ENTRY_HEAD + 8);
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
function plainBytes(bytes: Buffer, start: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, bytes.length - start);
}

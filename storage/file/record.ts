/**
 * The format of a log: records, one after the other.
 *
 *     FF "HUEYLOG" | length of the body (4 bytes) | CRC-32 of the body (4 bytes) | body
 *
 * A body never contains the first eight bytes (see `packing.ts` and `large.ts`), so that a record ends where the next one begins at
 * the latest. What is not whole is skipped when another record follows: until then it may be in the making. So the bytes alone
 * decide what counts, and every reader decides alike. Numbers are big-endian.
 * @module
 */
import { zlib } from "../../lib/primitives/builtin.ts";

const MAGIC = Uint8Array.of(0xff, 0x48, 0x55, 0x45, 0x59, 0x4c, 0x4f, 0x47);
const MAGIC_LENGTH: number = MAGIC.length;

/** Bytes before the body. */
export const HEADER: number = MAGIC_LENGTH + 8;

/** What a look at some bytes of a log has found. */
export type Found =
  /** A record, and where it ends. */
  | { readonly kind: "record"; readonly body: Uint8Array; readonly end: number }
  /** Bytes that will never be a record. */
  | { readonly kind: "bad"; readonly end: number; readonly reason: string; readonly isCutOff: boolean }
  /** Nothing that is decided yet. So many bytes would be needed. */
  | { readonly kind: "more"; readonly wanted: number };

/** Writes the header of a record whose body stands behind it. @param bytes Header and body. */
export function writeHeader(bytes: Uint8Array): void {
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint32(MAGIC_LENGTH, bytes.length - HEADER);
  view.setUint32(MAGIC_LENGTH + 4, zlib().crc32(bytes.subarray(HEADER)));
}

/** Whether bytes contain what records begin with. */
export function hasMagic(bytes: Uint8Array): boolean {
  return findMagic(bytes, 0) >= 0;
}

/** Looks at the bytes of a log from a place on. */
export function findRecord(bytes: Uint8Array, start: number): Found {
  const at = findMagic(bytes, start);
  // The last bytes may be the beginning of a record.
  const end = at < 0 ? Math.max(start, bytes.length - MAGIC_LENGTH + 1) : at;
  if (end > start) return { kind: "bad", end, reason: "bytes that are no record", isCutOff: false };
  if (at < 0 || bytes.length < at + HEADER) return { kind: "more", wanted: HEADER };
  const next = findMagic(bytes, at + MAGIC_LENGTH);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER);
  const size = HEADER + view.getUint32(MAGIC_LENGTH);
  const body = bytes.subarray(at + HEADER, at + size);
  const isThere = at + size <= (next < 0 ? bytes.length : next);
  if (isThere && zlib().crc32(body) === view.getUint32(MAGIC_LENGTH + 4)) return { kind: "record", body, end: at + size };
  if (next < 0) return { kind: "more", wanted: size };
  return { kind: "bad", end: next, reason: "a record that is not whole", isCutOff: at + size > next };
}

function findMagic(bytes: Uint8Array, start: number): number {
  // Text in UTF-8 has no such byte, so that there is seldom one to look behind.
  let at = bytes.indexOf(MAGIC[0]!, start);
  while (at >= 0 && !MAGIC.every((byte, index) => bytes[at + index] === byte)) at = bytes.indexOf(MAGIC[0]!, at + 1);
  return at;
}

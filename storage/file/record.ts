/**
 * The format of every file that holds something: a header of 30 bytes, the description as JSON, the data.
 *
 *     "HUEY" | version (1 byte) | 0 (1 byte) | when it ends, in ms, 0: never (8 bytes, float)
 *     | length of the description | length of the data | CRC-32 of header and description | CRC-32 of the data (4 bytes each)
 *
 * All numbers are big-endian. What stands behind the data is of no meaning: files are used again, and a record may be shorter
 * than the one before it. A crash of the machine may leave a file that is cut off, full of zeros, or an older one that had the
 * same bytes on the disk; lengths and checksums tell the first two, and the description tells what the record is of.
 * @module
 */
import { zlib } from "../../lib/primitives/builtin.ts";
import { DecodeError } from "../../lib/errors.ts";

const MAGIC = 0x48554559;
const VERSION = 2;
const HEADER = 30;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a file describes. */
export type About = Readonly<Record<string, unknown>>;

/** What a file holds. */
export interface FileRecord {
  readonly about: About;
  readonly data: Uint8Array;
  /** When it ends, in milliseconds since the epoch; 0: never. */
  readonly expiresMs: number;
  /** The description is whole, the data is not: why. */
  readonly torn?: string | undefined;
}

/** The bytes of a record. */
export function encodeRecord(about: object, data: Uint8Array, expiresMs = 0): Uint8Array {
  const description = encoder.encode(JSON.stringify(about));
  const bytes = new Uint8Array(HEADER + description.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setFloat64(6, expiresMs);
  view.setUint32(14, description.length);
  view.setUint32(18, data.length);
  bytes.set(description, HEADER);
  bytes.set(data, HEADER + description.length);
  view.setUint32(26, zlib().crc32(data));
  view.setUint32(22, headerSum(bytes, description.length));
  return bytes;
}

/**
 * Reads a record.
 *
 * @throws {DecodeError} If its description is not whole; the message says why.
 */
export function decodeRecord(bytes: Uint8Array): FileRecord {
  if (bytes.length < HEADER) throw new DecodeError(`The file is cut off: ${bytes.length} bytes are less than its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC) throw new DecodeError("The file is none of ours: it does not begin with HUEY");
  if (view.getUint8(4) !== VERSION) throw new DecodeError(`The file is of the unknown version ${view.getUint8(4)}`);
  const length = view.getUint32(14);
  if (HEADER + length > bytes.length || view.getUint32(22) !== headerSum(bytes, length)) {
    throw new DecodeError("The file is torn: its description is not whole");
  }
  const start = HEADER + length;
  const data = bytes.subarray(start, start + view.getUint32(18));
  const isWhole = data.length === view.getUint32(18) && view.getUint32(26) === zlib().crc32(data);
  const torn = isWhole ? undefined : "The file is torn: its data are not whole";
  return { about: parse(bytes.subarray(HEADER, start)), data, expiresMs: view.getFloat64(6), ...torn && { torn } };
}

/** `decodeRecord`, or `undefined` for what is missing or not whole. */
export function decodeWhole(bytes: Uint8Array | undefined): FileRecord | undefined {
  if (bytes === undefined) return undefined;
  try {
    const record = decodeRecord(bytes);
    return record.torn === undefined ? record : undefined;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** A copy whose data are not those of the file's buffer. */
export function copyOf(data: Uint8Array): Uint8Array {
  return data.byteLength === data.buffer.byteLength ? data : data.slice();
}

function headerSum(bytes: Uint8Array, length: number): number {
  const head = zlib().crc32(bytes.subarray(0, 22));
  return zlib().crc32(bytes.subarray(26, HEADER + length), head);
}

function parse(bytes: Uint8Array): About {
  try {
    const about: unknown = JSON.parse(decoder.decode(bytes));
    if (typeof about === "object" && about !== null) return about as About;
  } catch { /* said below */ }
  throw new DecodeError("The file is none of ours: its description cannot be read");
}

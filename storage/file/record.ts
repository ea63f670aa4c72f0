/**
 * The format of every file that holds data: a header of 17 bytes, the description as JSON, the data.
 *
 *     "HUEY" | version (1 byte) | length of the description | length of the data | CRC-32 of both (4 bytes each, big-endian)
 *
 * A crash of the machine may leave a file that is cut off or full of zeros; the lengths and the checksum tell.
 * @module
 */
import { zlib } from "../../lib/builtin.ts";
import { DecodeError } from "../../lib/errors.ts";

const MAGIC = 0x48554559;
const VERSION = 1;
const HEADER = 17;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a file holds. */
export interface FileRecord {
  readonly about: Readonly<Record<string, unknown>>;
  readonly data: Uint8Array;
}

/** The bytes of a file. */
export function encodeRecord(about: object, data: Uint8Array): Uint8Array {
  const description = encoder.encode(JSON.stringify(about));
  const bytes = new Uint8Array(HEADER + description.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint8(4, VERSION);
  view.setUint32(5, description.length);
  view.setUint32(9, data.length);
  bytes.set(description, HEADER);
  bytes.set(data, HEADER + description.length);
  view.setUint32(13, zlib().crc32(bytes.subarray(HEADER)));
  return bytes;
}

/**
 * Reads the bytes of a file.
 *
 * @throws {DecodeError} If they are not whole; the message says why.
 */
export function decodeRecord(bytes: Uint8Array): FileRecord {
  if (bytes.length < HEADER) throw new DecodeError(`The file is cut off: ${bytes.length} bytes are less than its header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC) throw new DecodeError("The file is none of ours: it does not begin with HUEY");
  if (view.getUint8(4) !== VERSION) throw new DecodeError(`The file has the unknown version ${view.getUint8(4)}`);
  const start = HEADER + view.getUint32(5);
  const length = start + view.getUint32(9);
  if (length !== bytes.length) throw new DecodeError(`The file is torn: ${bytes.length} bytes instead of ${length}`);
  if (view.getUint32(13) !== zlib().crc32(bytes.subarray(HEADER))) {
    throw new DecodeError("The file is torn: its checksum is wrong");
  }
  return { about: JSON.parse(decoder.decode(bytes.subarray(HEADER, start))), data: bytes.subarray(start) };
}

/** `decodeRecord`, or `undefined` for what is missing or not whole. */
export function decodeWhole(bytes: Uint8Array | undefined): FileRecord | undefined {
  if (bytes === undefined) return undefined;
  try {
    return decodeRecord(bytes);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/**
 * Values as bytes of tagged JSON and back. The format is described in `tagged_format.ts`.
 * @module
 */
import { DecodeError } from "./errors.ts";
import { fromTagged, refuseDeep } from "./tagged_decode.ts";
import { isPlainJson, toTagged } from "./tagged_encode.ts";
import { MAX_DEPTH, TAG } from "./tagged_format.ts";

/** Longest value in bytes, decompressed. */
export const MAX_BYTES = 0x1000_0000;

const QUOTED_TAG = JSON.stringify(TAG);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes a value.
 *
 * @param value Any value.
 * @returns UTF-8.
 * @throws {TypeError} For what cannot travel, naming its path: `args[0].callback`.
 * @throws {RangeError} If it takes more than 256 MiB.
 */
export function encodeValue(value: unknown): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(isPlainJson(value, 0) ? value : toTagged(value)));
  if (bytes.length > MAX_BYTES) throw new RangeError(`A value must not take more than ${MAX_BYTES} bytes: ${bytes.length}`);
  return bytes;
}

/**
 * Reads a value.
 *
 * @param data What `encodeValue` returned, or anything else.
 * @returns The value.
 * @throws {DecodeError} If it is not a value of ours.
 */
export function decodeValue(data: Uint8Array): unknown {
  if (data.length > MAX_BYTES) throw new DecodeError(`The value takes more than ${MAX_BYTES} bytes: ${data.length}`);
  try {
    const text = decoder.decode(data);
    const value: unknown = JSON.parse(text);
    if (text.includes(QUOTED_TAG)) return fromTagged(value);
    // Each level takes two characters, so that a short text cannot be too deep.
    if (text.length >= 2 * MAX_DEPTH) refuseDeep(value);
    return value;
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`The data is not a value in tagged JSON: ${describe(data)}`, { cause: error });
  }
}

function describe(data: Uint8Array): string {
  const start = new TextDecoder().decode(data.subarray(0, 40));
  return `${data.length} bytes${data.length === 0 ? "" : ` starting with ${JSON.stringify(start)}`}`;
}

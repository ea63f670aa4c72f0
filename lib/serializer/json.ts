/**
 * Values as bytes of tagged JSON and back. The format is described in `format.ts`.
 * @module
 */
import { DecodeError } from "../errors.ts";
import { beyondBounds, type Bounds } from "./bounds.ts";
import { decodeTagged, refuseDeep } from "./decode.ts";
import { toTagged } from "./encode.ts";
import { TAG } from "./format.ts";

const QUOTED_TAG = JSON.stringify(TAG);
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Writes a value.
 *
 * @param value Any value.
 * @param bounds How large it may be.
 * @returns UTF-8.
 * @throws {TypeError} For what cannot travel, naming its path: `args[0].callback`.
 * @throws {RangeError} For what is beyond the bounds, and could not be read.
 */
export function encodeJson(value: unknown, bounds: Bounds): Uint8Array {
  const bytes = encoder.encode(JSON.stringify(toTagged(value, bounds)));
  const reason = beyondBounds(bytes, bounds);
  if (reason !== undefined) throw new RangeError(`Cannot serialize the value: ${reason}`);
  return bytes;
}

/**
 * Reads a value.
 *
 * @param data What `encodeValue` returned, or anything else.
 * @param bounds How large it may be.
 * @returns The value.
 * @throws {DecodeError} If it is not a value of ours, or beyond the bounds.
 */
export function decodeJson(data: Uint8Array, bounds: Bounds): unknown {
  const reason = beyondBounds(data, bounds);
  if (reason !== undefined) throw new DecodeError(`The value is too large: ${reason}`);
  try {
    const text = decoder.decode(data);
    const value: unknown = JSON.parse(text);
    if (text.includes(QUOTED_TAG)) return decodeTagged(value, bounds.maxDepth);
    // Each level takes two characters, so that a short text cannot be too deep.
    if (text.length >= 2 * bounds.maxDepth) refuseDeep(value, bounds.maxDepth);
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

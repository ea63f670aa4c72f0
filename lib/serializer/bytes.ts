/**
 * Binary values in tagged JSON: base64 under the name of their class. Numbers are little-endian, as on every machine that
 * runs this.
 * @module
 */
import { Buffer } from "node:buffer";
import { DecodeError } from "../errors.ts";
import { util } from "../primitives/builtin.ts";

type Rebuild = (buffer: ArrayBuffer) => unknown;

const ARRAYS = [
  "Uint8Array",
  "Uint8ClampedArray",
  "Uint16Array",
  "Uint32Array",
  "Int8Array",
  "Int16Array",
  "Int32Array",
  "BigInt64Array",
  "BigUint64Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
] as const;

/** How each class is rebuilt, by its name. */
const REBUILD: ReadonlyMap<string, Rebuild> = new Map<string, Rebuild>([
  ["ArrayBuffer", (buffer) => buffer],
  ["DataView", (buffer) => new DataView(buffer)],
  ...ARRAYS.filter((name) => name in globalThis).map((
    name,
  ): [string, Rebuild] => [name, (buffer) => new globalThis[name](buffer)]),
]);

/** The tags of binary values. */
export const BINARY_TAGS: readonly string[] = [...REBUILD.keys()];

/**
 * The tag and text of a binary value.
 *
 * @param value Any object.
 * @returns The tag, and the bytes as base64; `undefined` if it is not binary.
 */
export function encodeBytes(value: object): { readonly tag: string; readonly text: string } | undefined {
  if (util().types.isArrayBuffer(value)) return { tag: "ArrayBuffer", text: Buffer.from(value).toString("base64") };
  if (!ArrayBuffer.isView(value)) return undefined;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return { tag: viewName(value), text: bytes.toString("base64") };
}

/**
 * Rebuilds a binary value.
 *
 * @param tag Name of its class.
 * @param text The bytes as base64.
 * @returns The value, in memory of its own.
 * @throws {DecodeError} If the text is not base64, or does not fit the class.
 */
export function decodeBytes(tag: string, text: unknown): unknown {
  const rebuild = REBUILD.get(tag);
  if (rebuild === undefined || typeof text !== "string") throw new DecodeError(`A ${tag} must be base64 text`);
  const decoded = Buffer.from(text, "base64");
  if (decoded.length !== decodedLength(text)) throw new DecodeError(`The bytes of a ${tag} are not base64`);
  // A copy, because a small Buffer is a window on memory that it shares.
  return rebuild(new Uint8Array(decoded).buffer);
}

function viewName(view: ArrayBufferView): string {
  // The name comes from the array itself, so that a Buffer is a Uint8Array.
  const name = Object.getOwnPropertyDescriptor(TYPED_ARRAY, Symbol.toStringTag)?.get?.call(view) as string | undefined;
  return name ?? "DataView";
}

const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype);

function decodedLength(text: string): number {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  return Math.floor(((text.length - padding) * 3) / 4);
}

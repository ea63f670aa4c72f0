/**
 * Plain data as bytes, and back: JSON, with what it cannot say beside it. The body of a record is
 *
 *     length of the JSON (4 bytes) | JSON | each piece of bytes, and a zero behind it
 *
 * In the JSON a text that begins with a zero character stands for something else: `b<length>` for the next piece, `n<number>` for a
 * number such as Infinity, `s<text>` for a text that begins so. The zeros keep two pieces from making up a record's beginning.
 * @module
 */
import { DecodeError } from "../../lib/errors.ts";
import { HEADER, writeHeader } from "./record.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Nothing that is stored is nested deeper. */
const DEEPEST = 16;

/** Small records are made here. */
const scratch = new Uint8Array(65_536);

/**
 * The record of some plain data: texts, numbers, booleans, `Uint8Array`s, arrays, and objects with known keys.
 *
 * @returns a view that holds until the next call
 */
export function encodeRecord(value: unknown): Uint8Array {
  const pieces: Uint8Array[] = [];
  const json = JSON.stringify(marked(value, pieces));
  const most = HEADER + 4 + 3 * json.length + pieces.reduce((sum, piece) => sum + piece.length + 1, 0);
  const bytes = most <= scratch.length ? scratch : new Uint8Array(most);
  const { written } = encoder.encodeInto(json, bytes.subarray(HEADER + 4));
  new DataView(bytes.buffer).setUint32(HEADER, written);
  let end = HEADER + 4 + written;
  for (const piece of pieces) {
    bytes.set(piece, end);
    end += piece.length + 1;
    bytes[end - 1] = 0;
  }
  const record = bytes.subarray(0, end);
  writeHeader(record);
  return record;
}

/** The data in the body of a record. @throws {DecodeError} If it holds none */
export function decodeBody(body: Uint8Array): unknown {
  try {
    const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0);
    const json = decoder.decode(body.subarray(4, 4 + length));
    return unmarked(JSON.parse(json), new Pieces(body, 4 + length), 0);
  } catch (cause) {
    throw new DecodeError(`a record that cannot be read: ${(cause as Error).message}`, { cause });
  }
}

function marked(value: unknown, pieces: Uint8Array[]): unknown {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? `\0s${value}` : value;
  if (typeof value === "number") return Number.isFinite(value) ? value : `\0n${value}`;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => marked(one, pieces));
  if (value instanceof Uint8Array) {
    pieces.push(value);
    return `\0b${value.length}`;
  }
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = marked((value as Record<string, unknown>)[key], pieces);
  return copy;
}

/** Changes what has just been parsed in place. */
function unmarked(value: unknown, pieces: Pieces, depth: number): unknown {
  if (typeof value === "string") return value.charCodeAt(0) === 0 ? meant(value, pieces) : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth === DEEPEST) throw new DecodeError("it is nested too deeply");
  const fields = value as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    if (typeof field === "string" || typeof field === "object") fields[key] = unmarked(field, pieces, depth + 1);
  }
  return value;
}

function meant(text: string, pieces: Pieces): unknown {
  const rest = text.slice(2);
  if (text[1] === "s") return rest;
  if (text[1] === "b") return pieces.take(Number(rest));
  if (text[1] === "n") return Number(rest);
  throw new DecodeError("it has an unknown mark");
}

/** The bytes beside the JSON. */
class Pieces {
  readonly #body: Uint8Array;
  #end: number;

  constructor(body: Uint8Array, start: number) {
    this.#body = body;
    this.#end = start;
  }

  take(length: number): Uint8Array {
    const start = this.#end;
    this.#end = start + length + 1;
    if (!Number.isSafeInteger(length) || length < 0 || this.#end > this.#body.length) {
      throw new DecodeError("its bytes are missing");
    }
    return this.#body.slice(start, start + length);
  }
}

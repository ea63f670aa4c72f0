/**
 * MessagePack for the arguments of the scripts: the server unpacks it in one step.
 * @module
 */
import type { Item } from "../../../lib/storage.ts";
import { stateLetter, tailBound, writeTail, writeText } from "./record.ts";

/** What can be packed. `undefined` becomes Lua's false; text and bytes become Lua strings. */
export type Packable = string | number | boolean | undefined | Uint8Array | PackedItem | PackedState | readonly Packable[];

/** An item as its tail; with `dueMs` that in front of it, NaN for none. */
export class PackedItem {
  readonly item: Item;
  readonly dueMs: number | undefined;

  constructor(item: Item, dueMs?: number) {
    this.item = item;
    this.dueMs = dueMs;
  }
}

/** The state of a new item: a letter, and what it says of itself. */
export class PackedState {
  readonly item: Item;

  constructor(item: Item) {
    this.item = item;
  }
}

/** The server may be told to take no longer strings than a megabyte. */
const LONGEST_ARGUMENT = 256 * 1024;

const FALSE = 0xc2;
const TRUE = 0xc3;
const FLOAT64 = 0xcb;
const STRING32 = 0xdb;
const ARRAY32 = 0xdd;

/** Bytes that are kept for the next value. */
const SCRATCH = 512 * 1024;

/** Shared, because packing never waits. */
let scratch = Buffer.allocUnsafe(SCRATCH);
let length = 0;

/** The packed value. */
export function packed(value: Packable): Buffer {
  length = 0;
  pack(value);
  if (length > SCRATCH) {
    const whole = scratch.subarray(0, length);
    scratch = Buffer.allocUnsafe(SCRATCH);
    return whole;
  }
  const bytes = Buffer.allocUnsafe(length);
  scratch.copy(bytes, 0, 0, length);
  return bytes;
}

/** The packed value as the last arguments of a script, which joins them. */
export function packedArguments(value: Packable): Buffer[] {
  const bytes = packed(value);
  if (bytes.length <= LONGEST_ARGUMENT) return [bytes];
  const count = Math.ceil(bytes.length / LONGEST_ARGUMENT);
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * LONGEST_ARGUMENT, (n + 1) * LONGEST_ARGUMENT));
}

function pack(value: Packable): void {
  if (typeof value === "string") packText(value);
  else if (typeof value === "number") {
    reserve(9);
    scratch[length] = FLOAT64;
    scratch.writeDoubleBE(value, length + 1);
    length += 9;
  } else if (value instanceof PackedItem) packItem(value);
  else if (value instanceof PackedState) packState(value);
  else if (value instanceof Uint8Array) packBytes(value);
  else if (Array.isArray(value)) {
    packHead(ARRAY32, value.length);
    for (const item of value) pack(item);
  } else {
    reserve(1);
    scratch[length++] = value ? TRUE : FALSE;
  }
}

function packText(text: string): void {
  reserve(5 + text.length * 3);
  const written = writeText(text, scratch, length + 5);
  packHead(STRING32, written);
  length += written;
}

function packBytes(bytes: Uint8Array): void {
  reserve(5 + bytes.length);
  packHead(STRING32, bytes.length);
  scratch.set(bytes, length);
  length += bytes.length;
}

function packItem({ item, dueMs }: PackedItem): void {
  reserve(5 + 8 + tailBound(item));
  const start = length + 5;
  const due = dueMs === undefined ? 0 : 8;
  if (dueMs !== undefined) scratch.writeDoubleBE(dueMs, start);
  const size = due + writeTail(item, scratch, start + due);
  packHead(STRING32, size);
  length += size;
}

/** Letter by letter, because a text of both would be made for each task. */
function packState({ item }: PackedState): void {
  const { about = "" } = item;
  reserve(6 + about.length * 3);
  const written = writeText(about, scratch, length + 6);
  packHead(STRING32, 1 + written);
  scratch[length] = stateLetter(item).charCodeAt(0);
  length += 1 + written;
}

function packHead(tag: number, size: number): void {
  reserve(5);
  scratch[length] = tag;
  scratch[length + 1] = size >>> 24;
  scratch[length + 2] = size >>> 16;
  scratch[length + 3] = size >>> 8;
  scratch[length + 4] = size;
  length += 5;
}

function reserve(size: number): void {
  if (length + size <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, length + size));
  scratch.copy(larger, 0, 0, length);
  scratch = larger;
}

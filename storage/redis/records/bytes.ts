/**
 * Results and numbers as the scripts read them, byte by byte; numbers are big-endian.
 * @module
 */
import type { Ending } from "../../../lib/storage.ts";

/** A letter, and the life of the notice. */
const RESULT_HEAD = 9;

/** First byte of a result: how the task ended; `i` for a value stored while attempts are left. */
const ENDING_TAGS = {
  complete: "c",
  empty: "e",
  failed: "f",
  revoked: "v",
  expired: "x",
  canceled: "n",
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

/**
 * The text of a result, in front of which the server writes the time: how the task ended, how long a notice of that is kept once the result
 * is read, and the value. With a capital letter: what the task says of itself stands in front of the value, with its length.
 */
export function resultText(value: Uint8Array, ending: Ending | undefined, noticeTtlMs: number, about: string = ""): Buffer {
  const tag = ending ? ENDING_TAGS[ending] : INTERMEDIATE;
  const told = ending && about !== "" ? Buffer.byteLength(about) : undefined;
  const head = told === undefined ? RESULT_HEAD : RESULT_HEAD + 2 + told;
  const bytes = Buffer.allocUnsafe(head + value.length);
  bytes[0] = (told === undefined ? tag : tag.toUpperCase()).charCodeAt(0);
  bytes.writeDoubleBE(noticeTtlMs, 1);
  if (told !== undefined) bytes.write(about, bytes.writeUInt16BE(told, RESULT_HEAD));
  bytes.set(value, head);
  return bytes;
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

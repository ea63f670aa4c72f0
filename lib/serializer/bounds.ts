/**
 * How large a value in tagged JSON may be, and whether a text keeps within it: found out before `JSON.parse` builds anything.
 * @module
 */
/** How large a value may be. */
export interface Bounds {
  /** Bytes, decompressed. */
  readonly maxBytes: number;
  /** Values within the value, itself and each list and object included, as they stand in the JSON. */
  readonly maxNodes: number;
  /** Containers within containers. */
  readonly maxDepth: number;
}

/** What a value may be unless the serializer is told otherwise. */
export const DEFAULT_BOUNDS: Bounds = { maxBytes: 16 * 1024 * 1024, maxNodes: 1_000_000, maxDepth: 1000 };

/** Most levels of JSON that one level of a value takes: the tag of an error, its record, its own properties. */
const LEVELS = 3;

/** Why a value is refused that takes too many bytes. */
export function tooLong(length: number | string, { maxBytes }: Bounds): string {
  return `it takes ${length} bytes, and maxBytes of the serializer is ${maxBytes}`;
}

/** Why a value is refused that has too many values in it. */
export function tooMany({ maxNodes }: Bounds): string {
  return `there are more than ${maxNodes} values in it, which is maxNodes of the serializer`;
}

/** Why a value is refused that is nested too deeply. */
export function tooDeep({ maxDepth }: Bounds): string {
  return `it is nested deeper than ${maxDepth} levels, which is maxDepth of the serializer`;
}

/** A shorter text is made into values quickly, however deep it is, and then looked at. */
const SHORT_BYTES = 256 * 1024;

/**
 * Why a text in JSON is refused. One pass over the bytes, and none over short ones.
 *
 * @param data UTF-8; what is no JSON may pass.
 * @param bounds How large the value may be.
 * @returns The reason, or `undefined`.
 */
export function beyondBounds(data: Uint8Array, bounds: Bounds): string | undefined {
  if (data.length > bounds.maxBytes) return tooLong(data.length, bounds);
  // Each value takes a byte at least.
  if (data.length <= SHORT_BYTES && data.length <= bounds.maxNodes) return undefined;
  const { nodes, depth } = measure(data);
  if (nodes > bounds.maxNodes) return tooMany(bounds);
  return depth > LEVELS * bounds.maxDepth + 1 ? tooDeep(bounds) : undefined;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const SPACE = 0x20;
/** `[` and `{`, `]` and `}` differ in this bit only. */
const CURLY = 0x20;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Counts the values of a text, and the levels of its lists and objects. */
function measure(data: Uint8Array): { readonly nodes: number; readonly depth: number } {
  let nodes = 1;
  let depth = 0;
  let deepest = 0;
  // The first value of a container counts when something other than its end follows.
  let opened = false;
  for (let at = 0; at < data.length; at++) {
    const byte = data[at]!;
    if (byte <= SPACE) continue;
    const bracket = byte | CURLY;
    if (opened && bracket !== CLOSE) nodes++;
    opened = bracket === OPEN;
    if (byte === QUOTE) at = endOfText(data, at + 1);
    else if (byte === COMMA) nodes++;
    else if (bracket === OPEN) {
      if (++depth > deepest) deepest = depth;
    } else if (bracket === CLOSE) depth--;
  }
  return { nodes, depth: deepest };
}

function endOfText(data: Uint8Array, start: number): number {
  let at = start;
  while (at < data.length && data[at] !== QUOTE) at += data[at] === BACKSLASH ? 2 : 1;
  return at;
}

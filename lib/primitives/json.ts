/**
 * Small values as JSON: those that we store ourselves, and those that people type.
 * @module
 */

/** The bytes of a value. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** What stored JSON says, which may come from anybody. @returns `undefined` for what is no JSON, and for nothing */
export function readJson(stored: Uint8Array | string | undefined): unknown {
  try {
    return stored && JSON.parse(typeof stored === "string" ? stored : new TextDecoder().decode(stored));
  } catch {
    return undefined;
  }
}

/**
 * Reads JSON that was typed, and refuses numbers that would become others: those with more digits than a number keeps.
 *
 * @param text What was typed.
 * @returns The value.
 * @throws {SyntaxError} If it is no JSON.
 * @throws {RangeError} Naming the number.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    if (typeof value === "number" && source !== undefined && isChanged(value, source)) {
      throw new RangeError(`The number ${source.slice(0, 40)} has more digits than a number keeps: write it as a text`);
    }
    return value;
  });
}

function isChanged(value: number, source: string): boolean {
  if (!Number.isFinite(value)) return true;
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(value) && BigInt(source) !== BigInt(value);
}

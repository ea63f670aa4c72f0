/**
 * JSON that people type.
 * @module
 */

/**
 * Reads JSON, and refuses numbers that would become others: those with more digits than a number keeps.
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

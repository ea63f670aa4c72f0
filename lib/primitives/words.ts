/**
 * Numbers and lengths of time in sentences for people, and values that people type.
 * @module
 */

/** Made when it is needed: it takes a millisecond. */
let numbers: Intl.NumberFormat | undefined;

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["year", 365 * 86_400],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/**
 * A number of things.
 *
 * @param value How many.
 * @param one The word for one of them.
 * @param many The word for several. Default: with an s.
 */
export function numberOf(value: number, one: string, many: string = `${one}s`): string {
  numbers ??= new Intl.NumberFormat("en-US");
  return `${numbers.format(value)} ${value === 1 ? one : many}`;
}

/** A length of time in its largest unit: nobody acts on the rest. */
export function roughLength(seconds: number): string {
  const [name, size] = UNITS.find(([, unit]) => seconds >= unit) ?? ["second", 1];
  return numberOf(Math.floor(seconds / size), name);
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

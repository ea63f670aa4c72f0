/**
 * Numbers and lengths of time in sentences for people.
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

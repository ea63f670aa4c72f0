/**
 * How handles and compositions look in a log: they keep all that they know in private fields.
 * @module
 */

/** What both runtimes, and a third, ask an object for before they print it. */
const INSPECT: unique symbol = Symbol.for("nodejs.util.inspect.custom") as never;

/** More members than this are counted, not listed. */
const MOST_MEMBERS = 10;

/**
 * Makes the instances of a class print as one text, by `console.log` and `String` alike.
 *
 * @param prototype That of the class.
 * @param text The text of an instance.
 */
export function printAs<T extends object>(prototype: T, text: (instance: T) => string): void {
  function print(this: T): string {
    return text(this);
  }
  const property = { value: print, configurable: true, writable: true };
  Object.defineProperties(prototype, { toString: property, [INSPECT]: property });
}

/** `result(add: 1f2e)`: the kind of a thing, and what it is made of. */
export function printed(kind: string, parts: readonly unknown[], separator: string = ", "): string {
  const listed = parts.slice(0, MOST_MEMBERS).map(String);
  const more = parts.length > MOST_MEMBERS ? [`${parts.length - MOST_MEMBERS} more`] : [];
  return `${kind}(${[...listed, ...more].join(separator)})`;
}

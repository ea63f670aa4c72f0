/**
 * Shapes: each checks a value completely, and answers a copy that has nothing but what the shape knows. What an application hands
 * in, what is written, and what is read back from the log are equal by that.
 * @module
 */

/** What becomes of bytes: a copy, or a reference to a large value. */
export type Hold = (bytes: Uint8Array) => Uint8Array;

/** @throws {TypeError} If the value has another shape */
export type Shape<T> = (value: unknown, hold: Hold) => T;

/** Any text. */
export const text: Shape<string> = (value) => typeof value === "string" ? value : refuse("a text", value);

/** Any number, also an infinite one. */
export const number: Shape<number> = (value) => {
  return typeof value === "number" && !Number.isNaN(value) ? value : refuse("a number", value);
};

/** Yes or no. */
export const flag: Shape<boolean> = (value) => typeof value === "boolean" ? value : refuse("true or false", value);

/** Bytes. */
export const bytes: Shape<Uint8Array> = (value, hold) => value instanceof Uint8Array ? hold(value) : refuse("bytes", value);

/** Numbers by name. */
export const tally: Shape<Record<string, number>> = (value, hold) => {
  const entries = Object.entries(asObject(value));
  for (const [name, count] of entries) {
    if (name === "__proto__") refuse("a name", name);
    else number(count, hold);
  }
  return Object.fromEntries(entries) as Record<string, number>;
};

/** One of a few texts. */
export function oneOf<T extends string>(...texts: readonly T[]): Shape<T> {
  return (value) => texts.includes(value as T) ? value as T : refuse(`one of ${texts.join(", ")}`, value);
}

/** The first of several shapes that fits. */
export function either<A, B>(first: Shape<A>, second: Shape<B>): Shape<A | B> {
  return (value, hold) => {
    try {
      return first(value, hold);
    } catch {
      return second(value, hold);
    }
  };
}

/** The shape, or nothing. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, hold) => value === undefined || value === null ? undefined : shape(value, hold);
}

/** Any number of values of a shape. */
export function list<T>(shape: Shape<T>): Shape<T[]> {
  return (value, hold) => Array.isArray(value) ? value.map((one) => shape(one, hold)) : refuse("a list", value);
}

/** An object with these fields. */
export function fields<T>(shapes: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const entries = Object.entries(shapes) as [string, Shape<unknown>][];
  return (value, hold) => {
    const from = asObject(value);
    const copy: Record<string, unknown> = {};
    for (const [name, shape] of entries) {
      const field = shape(from[name], hold);
      if (field !== undefined) copy[name] = field;
    }
    return copy as T;
  };
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : refuse("an object", value);
}

function refuse(wanted: string, value: unknown): never {
  throw new TypeError(`A file storage needs ${wanted} here: ${String(value).slice(0, 100)}`);
}

/**
 * The format of stored values: JSON, in which what JSON lacks is an object with the key `$`.
 *
 * | value | as JSON |
 * |---|---|
 * | `undefined`, also for a hole in an array | `{"$":"undefined"}` |
 * | `NaN`, `Infinity`, `-Infinity`, `-0` | `{"$":"number","v":"NaN"}` |
 * | `12n` | `{"$":"bigint","v":"12"}` |
 * | a date; invalid: `null` | `{"$":"Date","v":1700000000000}` |
 * | a map | `{"$":"Map","v":[["key",1]]}` |
 * | a set | `{"$":"Set","v":[1]}` |
 * | a regular expression | `{"$":"RegExp","v":["a+","gi"]}` |
 * | a URL | `{"$":"URL","v":"https://example.com/"}` |
 * | bytes and other numbers of fixed width, little-endian, base64 | `{"$":"Uint8Array","v":"AAE="}`, also `"ArrayBuffer"`, `"DataView"`, ... |
 * | an error; `own` are its other enumerable properties | `{"$":"Error","v":{"name":"TypeError","message":"m","stack":"s","cause":1,"own":{}}}` |
 * | a DOMException | `{"$":"DOMException","v":{"name":"AbortError","message":"m","stack":"s"}}` |
 * | what `spread()` made | `{"$":"spread","v":[1,2]}` |
 * | an object that has a key `$` | `{"$":"object","v":{"$":1}}` |
 *
 * Objects without a prototype arrive with the usual one, instances of a subclass of a built-in class as that class, and what
 * is in two places of a value arrives twice; an error that is met again within the same error, with its name and message only.
 * Symbols as keys do not travel.
 *
 * @module
 */

/** The key that marks a tag. */
export const TAG = "$";
/** Longest bigint, sign included: conversion takes more than linear time, and data may come from anybody. */
export const MAX_DIGITS = 100_000;

/** Longest sources of all regular expressions of a value together: to compile some takes a millisecond for each ten characters. */
export const MAX_PATTERNS = 10_000;

/** Longest host of a URL with its login: to write other letters in those of DNS takes more than linear time. */
export const MAX_HOST = 2000;

/** The scheme of a URL whose host is one of DNS, and what stands before the host. */
const BEFORE_HOST = /^[\0- ]*(?:https?|wss?|ftp|file):[/\\]*/i;

/**
 * Whether the host of a URL is longer than any that is found.
 *
 * @param url What `new URL` would be given.
 */
export function hasLongHost(url: string): boolean {
  if (url.length <= MAX_HOST) return false;
  // Tabs and line breaks anywhere are left out of a URL.
  const text = url.replace(/[\t\n\r]+/g, "");
  const start = BEFORE_HOST.exec(text)?.[0].length;
  return start !== undefined && !/[/\\?#]/.test(text.slice(start, start + MAX_HOST)) && text.length > start + MAX_HOST;
}

/** One step from a value into it. `call` is shown as it is. */
export type PathStep = string | number | { readonly call: string };

/**
 * Shows a place inside a value: `args[0].callback`.
 *
 * @param steps From the top.
 * @returns The path, `value` for the top itself.
 */
export function showPath(steps: readonly PathStep[]): string {
  let path = "";
  for (const step of steps) {
    if (typeof step === "number") path += `[${step}]`;
    else if (typeof step === "object") path += `${path === "" ? "value" : ""}.${step.call}`;
    else if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) path += path === "" ? step : `.${step}`;
    else path += `[${JSON.stringify(step)}]`;
  }
  if (path.length > 2 * SHOWN) return `${path.slice(0, SHOWN)} ... ${path.slice(-SHOWN)}`;
  return path === "" ? "value" : path;
}

/** Of a long path so much is shown at either end. */
const SHOWN = 100;

/**
 * Sets an own property, whatever its name: assigning to `__proto__` would change the prototype.
 *
 * @param target The object.
 * @param key Name of the property.
 * @param value Its value.
 */
export function setOwn(target: object, key: string, value: unknown): void {
  if (key !== "__proto__") (target as Record<string, unknown>)[key] = value;
  else Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

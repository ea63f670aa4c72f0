/**
 * Values into tagged JSON: a tree that `JSON.stringify` writes without loss.
 * @module
 */
import { types } from "node:util";
import { isSpread, spreadItems } from "./spread.ts";
import { encodeBytes } from "./tagged_bytes.ts";
import { isError, recordOfError } from "./tagged_error.ts";
import { MAX_DEPTH, MAX_DIGITS, setOwn, showPath, type Step, TAG } from "./tagged_format.ts";

/**
 * Whether `JSON.stringify` keeps a value as it is, so that nothing needs a tag.
 *
 * @param value Any value.
 * @param depth How many containers are around it.
 * @returns false also when unsure.
 */
export function isPlainJson(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return value !== 0 ? Number.isFinite(value) : !Object.is(value, -0);
    case "object":
      return value === null || (depth < MAX_DEPTH && isPlainContainer(value, depth + 1));
    default:
      return false;
  }
}

function isPlainContainer(value: object, depth: number): boolean {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      if (!isPlainJson(value[index], depth)) return false;
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    if (key === TAG || !isPlainJson((value as Record<string, unknown>)[key], depth)) return false;
  }
  return true;
}

/**
 * The tagged form of a value.
 *
 * @param value Any value.
 * @returns Only what JSON has.
 * @throws {TypeError} For what cannot travel (a function, a symbol, a cycle, an instance of a class, too deep a value), naming
 * its path.
 */
export function toTagged(value: unknown): unknown {
  return new Encoder().encode(value);
}

class Encoder {
  readonly #path: Step[] = [];
  /** The containers around the present place. */
  readonly #ancestors: Set<object> = new Set();

  encode(value: unknown): unknown {
    switch (typeof value) {
      case "string":
      case "boolean":
        return value;
      case "number":
        if (Object.is(value, -0)) return tagged("number", "-0");
        return Number.isFinite(value) ? value : tagged("number", String(value));
      case "bigint":
        return this.#bigint(value);
      case "undefined":
        return { [TAG]: "undefined" };
      case "object":
        return value === null ? null : this.#nested(value);
      default:
        throw this.#refusal(`a ${typeof value} cannot be stored`);
    }
  }

  #nested(value: object): unknown {
    if (this.#ancestors.has(value)) throw this.#refusal("it contains itself");
    if (this.#ancestors.size >= MAX_DEPTH) throw this.#refusal(`it is nested deeper than ${MAX_DEPTH} levels`);
    this.#ancestors.add(value);
    try {
      if (Array.isArray(value)) return this.#items(value);
      return isPlainObject(value) ? this.#record(value) : this.#builtIn(value);
    } finally {
      this.#ancestors.delete(value);
    }
  }

  #bigint(value: bigint): unknown {
    const digits = String(value);
    if (digits.length > MAX_DIGITS) throw this.#refusal(`a bigint must not have more than ${MAX_DIGITS} digits`);
    return tagged("bigint", digits);
  }

  #builtIn(value: object): unknown {
    if (types.isDate(value)) return tagged("Date", Number.isNaN(value.getTime()) ? null : value.getTime());
    if (types.isMap(value)) return tagged("Map", this.#entries(value));
    if (types.isSet(value)) return tagged("Set", this.#members(value));
    if (isError(value)) return this.#error(value);
    if (types.isRegExp(value)) return tagged("RegExp", [value.source, value.flags]);
    if (value instanceof URL) return tagged("URL", value.href);
    if (isSpread(value)) return tagged("spread", this.#items(spreadItems(value)));
    const bytes = encodeBytes(value);
    return bytes === undefined ? this.#instance(value) : tagged(bytes.tag, bytes.text);
  }

  #instance(value: object): unknown {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return this.encode(toJSON.call(value, ""));
    const hint = types.isPromise(value) ? ", await it first" : ", which is neither plain data nor has a toJSON method";
    throw this.#refusal(`it is an instance of ${className(value)}${hint}`);
  }

  #record(value: object): unknown {
    if (typeof (value as { toJSON?: unknown }).toJSON === "function") return this.#instance(value);
    const encoded = {};
    for (const key of Object.keys(value)) setOwn(encoded, key, this.#at(key, (value as Record<string, unknown>)[key]));
    return Object.hasOwn(encoded, TAG) ? tagged("object", encoded) : encoded;
  }

  #items(values: readonly unknown[]): unknown[] {
    const encoded: unknown[] = [];
    for (let index = 0; index < values.length; index++) encoded.push(this.#at(index, values[index]));
    return encoded;
  }

  #members(values: Set<unknown>): unknown[] {
    const encoded: unknown[] = [];
    for (const value of values) encoded.push(this.#at({ call: `values()[${encoded.length}]` }, value));
    return encoded;
  }

  #entries(map: Map<unknown, unknown>): unknown[] {
    const encoded: unknown[] = [];
    for (const [key, value] of map) {
      const place = typeof key === "string" ? `get(${JSON.stringify(key)})` : `values()[${encoded.length}]`;
      encoded.push([this.#at({ call: `keys()[${encoded.length}]` }, key), this.#at({ call: place }, value)]);
    }
    return encoded;
  }

  #error(error: Error): unknown {
    const record = recordOfError(error, (key) => this.#attempt(error, key));
    if (!(error instanceof DOMException)) return tagged("Error", record);
    return tagged("DOMException", { name: record.name, message: record.message, stack: record.stack });
  }

  #attempt(error: Error, key: string): { encoded: unknown } | undefined {
    try {
      return { encoded: this.#at(key, error[key as keyof Error]) };
    } catch {
      // An error is stored with what can travel: keeping the failure matters more than keeping all of it.
      return undefined;
    }
  }

  #at(step: Step, value: unknown): unknown {
    if (typeof value === "string") return value;
    this.#path.push(step);
    try {
      return this.encode(value);
    } finally {
      this.#path.pop();
    }
  }

  #refusal(reason: string): TypeError {
    return new TypeError(`Cannot serialize ${showPath(this.#path)}: ${reason}`);
  }
}

function tagged(tag: string, value: unknown): unknown {
  return { [TAG]: tag, v: value };
}

/** Also for objects of another realm, whose prototype is another `Object.prototype`. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "a class without a name";
}

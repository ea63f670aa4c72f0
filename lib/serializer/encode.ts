/**
 * Values into tagged JSON: a tree that `JSON.stringify` writes without loss. Everything is read once, and what was checked is what is
 * written: a getter, a proxy or a `toJSON` may answer differently at each call.
 * @module
 */
import { util } from "../primitives/builtin.ts";
import { isSpread, spreadItems } from "./spread.ts";
import { type Bounds, tooDeep, tooLong, tooMany } from "./bounds.ts";
import { encodeBytes } from "./bytes.ts";
import { type ErrorRecord, isError, recordOfError } from "./error.ts";
import { hasLongHost, MAX_DIGITS, MAX_HOST, MAX_PATTERNS, type PathStep, setOwn, showPath, TAG } from "./format.ts";

/**
 * The tagged form of a value.
 *
 * @param value Any value.
 * @param bounds How large it may be.
 * @returns Only what JSON has.
 * @throws {TypeError} For what cannot travel (a function, a symbol, a cycle, an instance of a class, too deep a value), naming
 * its path.
 * @throws {RangeError} For more than the bounds allow, also for little that is met again and again.
 */
export function toTagged(value: unknown, bounds: Bounds): unknown {
  if (isPlain(value)) return value;
  try {
    return new Encoder(bounds, undefined).encode(value);
  } catch (error) {
    if (error !== REFUSED) throw error;
    // Once more, keeping account of the place: what can be stored need not pay for that.
    new Encoder(bounds, { path: [], containers: [] }).encode(value);
    throw new TypeError("Cannot serialize the value: it changes while it is read");
  }
}

/** Thrown at what cannot be stored, where no account is kept of the place. */
const REFUSED: unique symbol = Symbol("refused");

/** The way to the present place. */
interface Trail {
  readonly path: PathStep[];
  /** The containers around the place. */
  readonly containers: object[];
}

/** What is known of the errors of a value. */
interface ErrorTrail {
  /** Those around the present place. */
  readonly outer: Error[];
  /** Those that are written in full, within the outermost one, in their order. */
  readonly full: Set<Error>;
  readonly order: Error[];
  /** Values that were left out of errors again: what is tried in vain must have an end too. */
  wasted: number;
}

/** One of a chain of causes. */
interface Link {
  readonly error: Error;
  readonly record: ErrorRecord;
  /** Its cause, if that is an error; written into the record when that is known. */
  readonly cause: Error | undefined;
  readonly isCauseInFull: boolean;
}

class Encoder {
  readonly #bounds: Bounds;
  /** Where this is, if somebody wants to know. */
  readonly #trail: Trail | undefined;
  #level = 0;
  #nodes = 1;
  #length = 0;
  #patterns = 0;
  #errors: ErrorTrail | undefined;

  constructor(bounds: Bounds, trail: Trail | undefined) {
    this.#bounds = bounds;
    this.#trail = trail;
  }

  encode(value: unknown): unknown {
    switch (typeof value) {
      case "string":
        return this.#text(value);
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
        throw this.#refusal(() => `a ${typeof value} cannot be stored`);
    }
  }

  #nested(value: object): unknown {
    // A cycle comes to its end at the deepest level, if no account is kept.
    const containers = this.#trail?.containers;
    if (containers?.includes(value)) throw this.#refusal(() => "it contains itself");
    if (this.#level >= this.#bounds.maxDepth) throw this.#refusal(() => tooDeep(this.#bounds));
    this.#level++;
    containers?.push(value);
    const encoded = this.#container(value);
    containers?.pop();
    this.#level--;
    return encoded;
  }

  #container(value: object): unknown {
    const isList = Array.isArray(value);
    if (!isList && !isPlainObject(value)) return this.#builtIn(value);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return this.encode(toJSON.call(value, ""));
    return isList ? this.#items(value) : this.#record(value);
  }

  /** Counts values before they are looked at, so that a list of any length, or one list in many places, costs no more than the bound. */
  #count(more: number): void {
    this.#nodes += more;
    if (this.#nodes > this.#bounds.maxNodes) throw this.#refusal(() => tooMany(this.#bounds), RangeError);
  }

  /** Counts a text, if there is room for it. */
  #fits(length: number): boolean {
    if (this.#length + length > this.#bounds.maxBytes) return false;
    this.#length += length;
    return true;
  }

  #text(value: string): string {
    if (!this.#fits(value.length)) {
      throw this.#refusal(() => tooLong(`more than ${this.#bounds.maxBytes}`, this.#bounds), RangeError);
    }
    return value;
  }

  #bigint(value: bigint): unknown {
    const digits = String(value);
    if (digits.length > MAX_DIGITS) throw this.#refusal(() => `a bigint must not have more than ${MAX_DIGITS} digits`);
    return tagged("bigint", this.#text(digits));
  }

  #pattern(source: string): string {
    this.#patterns += source.length;
    if (this.#patterns > MAX_PATTERNS) {
      throw this.#refusal(
        () => `its regular expressions must not have more than ${MAX_PATTERNS} characters together`,
        RangeError,
      );
    }
    return this.#text(source);
  }

  #url(href: string): string {
    if (hasLongHost(href)) {
      throw this.#refusal(() => `the host of a URL must not have more than ${MAX_HOST} characters`, RangeError);
    }
    return this.#text(href);
  }

  #builtIn(value: object): unknown {
    if (util().types.isDate(value)) return tagged("Date", dateOf(value));
    if (util().types.isMap(value)) return tagged("Map", this.#entries(value));
    if (util().types.isSet(value)) return tagged("Set", this.#members(value));
    if (isError(value)) return this.#error(value);
    if (util().types.isRegExp(value)) return tagged("RegExp", [this.#pattern(SOURCE.call(value)), value.flags]);
    const href = hrefOf(value);
    if (href !== undefined) return tagged("URL", this.#url(href));
    if (isSpread(value)) return tagged("spread", this.#items(spreadItems(value)));
    const bytes = encodeBytes(value);
    return bytes === undefined ? this.#instance(value) : tagged(bytes.tag, this.#text(bytes.text));
  }

  #instance(value: object): unknown {
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === "function") return this.encode(toJSON.call(value, ""));
    throw this.#refusal(() => {
      const hint = util().types.isPromise(value) ? ", await it first" : ", which is neither plain data nor has a toJSON method";
      return `it is an instance of ${className(value)}${hint}`;
    });
  }

  #record(value: object): unknown {
    // A copy: from here on nothing of the application is asked.
    const record: Record<string, unknown> = { ...value };
    for (const key in record) {
      if (!Object.hasOwn(record, key)) continue;
      this.#count(1);
      this.#length += key.length;
      const part = record[key];
      if (isPlain(part) || (typeof part === "string" && this.#fits(part.length))) continue;
      const encoded = this.#at(key, part);
      if (encoded !== part) setOwn(record, key, encoded);
    }
    return Object.hasOwn(record, TAG) ? tagged("object", record) : record;
  }

  #items(values: readonly unknown[]): unknown[] {
    const { length } = values;
    this.#count(length);
    const encoded: unknown[] = [];
    for (let index = 0; index < length; index++) {
      const value = values[index];
      encoded.push(isPlain(value) || (typeof value === "string" && this.#fits(value.length)) ? value : this.#at(index, value));
    }
    return encoded;
  }

  #members(set: Set<unknown>): unknown[] {
    const members = [...SET_VALUES.call(set)];
    this.#count(members.length);
    return members.map((value, index) => this.#at({ call: `values()[${index}]` }, value));
  }

  #entries(map: Map<unknown, unknown>): unknown[] {
    const entries = [...MAP_ENTRIES.call(map)];
    this.#count(3 * entries.length);
    return entries.map(([key, value], index) => {
      const place = typeof key === "string" ? `get(${JSON.stringify(key)})` : `values()[${index}]`;
      return [this.#at({ call: `keys()[${index}]` }, key), this.#at({ call: place }, value)];
    });
  }

  /**
   * One that is met again within the same error has only its name and message there: errors that point to one another have no end.
   * A chain of causes is written link by link: with a call inside of a call it would need more stack than every runtime has.
   */
  #error(error: Error): unknown {
    const errors = this.#errors ??= { outer: [], full: new Set(), order: [], wasted: 0 };
    const [outer, level, steps] = [errors.outer.length, this.#level, this.#trail?.path.length ?? 0];
    const chain: Link[] = [];
    let next: Link | undefined = this.#link(error, errors, claimInFull(errors, error));
    while (next !== undefined) {
      chain.push(next);
      next = this.#attemptCause(next, errors);
    }
    errors.outer.length = outer;
    this.#level = level;
    if (this.#trail !== undefined) this.#trail.path.length = steps;
    if (outer === 0) forgetErrors(errors, 0);
    let written: unknown;
    for (const link of chain.reverse()) {
      if (written !== undefined) link.record.cause = written;
      written = taggedError(link);
    }
    return written;
  }

  /** An error without its cause, if that is an error. */
  #link(error: Error, errors: ErrorTrail, isInFull: boolean): Link {
    if (errors.outer.includes(error)) throw this.#refusal(() => "it contains itself");
    errors.outer.push(error);
    let [cause, isCauseInFull]: [Error | undefined, boolean] = [undefined, false];
    const encode = (key: string): { encoded: unknown } | undefined => {
      if (key !== "cause") return this.#attempt(error, key, errors);
      const value = readProperty(error, key);
      if (!isErrorValue(value)) return this.#attempt({ cause: value }, key, errors);
      // Before the other properties, which may hold the same error: the cause is where it is in full.
      [cause, isCauseInFull] = [value, claimInFull(errors, value)];
      return undefined;
    };
    const record = recordOfError(error, isInFull ? encode : undefined);
    for (const text of [record.name, record.message, record.stack ?? ""]) this.#text(text);
    return { error, record, cause, isCauseInFull };
  }

  /** The next link of a chain; `undefined` if it cannot travel. */
  #attemptCause({ cause, isCauseInFull }: Link, errors: ErrorTrail): Link | undefined {
    if (cause === undefined) return undefined;
    return this.#tried(errors, () => {
      this.#count(1);
      this.#trail?.path.push("cause");
      if (this.#level >= this.#bounds.maxDepth) throw this.#refusal(() => tooDeep(this.#bounds));
      this.#level++;
      return this.#link(cause, errors, isCauseInFull);
    });
  }

  #attempt(error: object, key: string, errors: ErrorTrail): { encoded: unknown } | undefined {
    return this.#tried(errors, () => {
      this.#count(1);
      return { encoded: this.#at(key, error[key as keyof typeof error]) };
    });
  }

  /** An error is stored with what can travel: keeping the failure matters more than keeping all of it. */
  #tried<T>(errors: ErrorTrail, write: () => T): T | undefined {
    if (errors.wasted > this.#bounds.maxNodes) return undefined;
    const before = [this.#nodes, this.#length, this.#level, this.#patterns] as const;
    const [outer, full] = [errors.outer.length, errors.order.length];
    const [steps, containers] = [this.#trail?.path.length ?? 0, this.#trail?.containers.length ?? 0];
    try {
      return write();
    } catch {
      errors.wasted += 1 + this.#nodes - before[0];
      [this.#nodes, this.#length, this.#level, this.#patterns] = before;
      errors.outer.length = outer;
      forgetErrors(errors, full);
      if (this.#trail !== undefined) [this.#trail.path.length, this.#trail.containers.length] = [steps, containers];
      return undefined;
    }
  }

  /** What throws leaves its step on the path: it is shown, or cut off by whoever goes on. */
  #at(step: PathStep, value: unknown): unknown {
    const path = this.#trail?.path;
    if (path === undefined) return this.encode(value);
    path.push(step);
    const encoded = this.encode(value);
    path.pop();
    return encoded;
  }

  #refusal(reason: () => string, kind: new (message: string) => Error = TypeError): unknown {
    if (this.#trail === undefined) return REFUSED;
    return new kind(`Cannot serialize ${showPath(this.#trail.path)}: ${reason()}`);
  }
}

/** Whether an error is to be written in full here: where it is met first. */
function claimInFull(errors: ErrorTrail, error: Error): boolean {
  if (errors.full.has(error)) return false;
  errors.order.push(error);
  errors.full.add(error);
  return true;
}

function taggedError({ error, record }: Link): unknown {
  if (!(error instanceof DOMException)) return tagged("Error", record);
  return tagged("DOMException", { name: record.name, message: record.message, stack: record.stack });
}

/** A property whose getter may throw. */
function readProperty(error: Error, key: keyof Error): unknown {
  try {
    return error[key];
  } catch {
    return undefined;
  }
}

function isErrorValue(value: unknown): value is Error {
  return typeof value === "object" && value !== null && isError(value);
}

/** Forgets all but the first `count` of those that are written in full. */
function forgetErrors({ full, order }: ErrorTrail, count: number): void {
  for (const error of order.splice(count)) full.delete(error);
}

/** Whether JSON has a value as it is, whatever its bounds. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return value !== 0 && Number.isFinite(value);
  return typeof value === "boolean" || value === null;
}

function tagged(tag: string, value: unknown): unknown {
  return { [TAG]: tag, v: value };
}

// The methods of the classes themselves: an instance may have others under their names, which answer as they like.
const { getTime: GET_TIME } = Date.prototype;
const { entries: MAP_ENTRIES } = Map.prototype;
const { values: SET_VALUES } = Set.prototype;
const SOURCE = getterOf(RegExp.prototype, "source");
const HREF = getterOf(URL.prototype, "href");

function getterOf(prototype: object, key: string): () => string {
  return Object.getOwnPropertyDescriptor(prototype, key)!.get as () => string;
}

function dateOf(date: Date): number | null {
  const time = GET_TIME.call(date);
  return Number.isNaN(time) ? null : time;
}

function hrefOf(value: object): string | undefined {
  if (!(value instanceof URL)) return undefined;
  try {
    return HREF.call(value);
  } catch {
    // It has the prototype of a URL, and is none.
    return undefined;
  }
}

/** Also for objects of another realm, whose prototype is another `Object.prototype`. */
function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? name : "a class without a name";
}

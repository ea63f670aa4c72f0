/**
 * Values as JSON can write them, whatever they are.
 * @module
 */
import { errorText, readText, toError } from "../../lib/primitives/error_record.ts";
import { showSafely } from "../../lib/primitives/log_text.ts";
import { beginningOf, withoutSecrets } from "../../lib/primitives/secrets.ts";

/** Deeper, and after so many parts, values are shown as a text. */
const DEEPEST = 8;
const MOST_PARTS = 10_000;
/** Longest text of such a value. */
const LONGEST = 1000;
/** Showing one takes as long as copying so many parts. */
const PARTS_OF_SHOWN = 100;
/** All texts together; the same long one may be there many times. */
const MOST_TEXT = 4_000_000;

/** What errors have beside their own properties. */
const OF_ERRORS = ["cause", "errors", "error", "suppressed"] as const;

/**
 * A copy that `JSON.stringify` writes without an error and without running code of the value: circles, getters and methods that throw,
 * big integers and errors with their reasons become text or plain objects; known secrets are hidden.
 *
 * @param value Anything.
 */
export function plainCopy(value: unknown): unknown {
  return new Copier().copy(value, 0);
}

class Copier {
  readonly #above: Set<object> = new Set();
  #parts = 0;
  #textLeft = MOST_TEXT;

  copy(value: unknown, depth: number): unknown {
    if (typeof value === "string") return this.#text(value);
    if (typeof value === "bigint") return String(value);
    if (typeof value === "number" || typeof value === "boolean" || value === null || value === undefined) return value;
    if (typeof value !== "object") return this.#text(showSafely(value));
    if (this.#above.has(value)) return "[circular]";
    if (this.#parts > MOST_PARTS) return "[...]";
    if (depth > DEEPEST || isOpaque(value)) return this.#show(value);
    this.#above.add(value);
    try {
      return this.#copyObject(value, depth);
    } catch {
      return this.#show(value);
    } finally {
      this.#above.delete(value);
    }
  }

  #text(text: string): string {
    const left = this.#textLeft;
    this.#textLeft -= Math.min(left, text.length);
    return text.length <= left ? withoutSecrets(text) : `${beginningOf(text, left)}...`;
  }

  #show(value: object): string {
    this.#parts += PARTS_OF_SHOWN;
    return this.#text(showSafely(value, LONGEST));
  }

  #copyObject(value: object, depth: number): unknown {
    if (value instanceof Error) return this.#copyError(value, depth);
    if (Array.isArray(value)) return value.slice(0, MOST_PARTS).map((each) => this.#part(() => each, depth));
    const written = toJson(value);
    if (written !== value) return this.copy(written, depth + 1);
    const keys = Object.keys(value);
    return Object.fromEntries(
      keys.map((key) => [this.#text(key), this.#part(() => (value as Record<string, unknown>)[key], depth)]),
    );
  }

  #copyError(error: Error, depth: number): unknown {
    const { name, message } = toError(error);
    const copy: Record<string, unknown> = {
      name: this.#text(name),
      message: this.#text(message),
      stack: this.#text(readText(error, "stack") ?? errorText(error)),
    };
    for (const key of OF_ERRORS) {
      const part = this.#part(() => Reflect.get(error, key), depth);
      if (part !== undefined) copy[key] = part;
    }
    return copy;
  }

  #part(read: () => unknown, depth: number): unknown {
    this.#parts++;
    try {
      return this.copy(read(), depth + 1);
    } catch {
      return "[a value that cannot be read]";
    }
  }
}

/** JSON would show these as empty, or number by number. */
function isOpaque(value: object): boolean {
  return value instanceof Map || value instanceof Set || value instanceof RegExp || ArrayBuffer.isView(value);
}

/** What a value says of itself; itself, if it has nothing to say, or saying it fails. */
function toJson(value: object): unknown {
  try {
    const { toJSON } = value as { toJSON?: () => unknown };
    return typeof toJSON === "function" ? toJSON.call(value) : value;
  } catch {
    return showSafely(value, LONGEST);
  }
}

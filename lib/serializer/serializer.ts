/**
 * Values as bytes: what is stored of messages and results.
 * @module
 */
import { compress, type CompressionFormat, decompress, detectCodec, isTooLong, overhead } from "./compression.ts";
import { DecodeError } from "../errors.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { type Bounds, DEFAULT_BOUNDS, tooLong } from "./bounds.ts";
import { decodeJson, encodeJson } from "./json.ts";
import type { Place, SerializerLike, SerializerOptions } from "../types/options.ts";

/** The options of a serializer, and what each of them takes. */
export const SERIALIZER_RULES: Rules<SerializerOptions> = {
  compression: rule.boolean,
  compressionLevel: rule.whole({ min: 0, max: 9 }),
  useZlib: rule.boolean,
  maxBytes: rule.whole({ min: 1, max: 0x1000_0000 }),
  maxNodes: rule.whole({ min: 1 }),
  maxDepth: rule.whole({ min: 1, max: 1000 }),
};

/**
 * Tagged JSON: plain data, dates, maps, sets, bigints, bytes, `undefined`, every number, regular expressions, URLs and errors
 * arrive as they were sent, on both runtimes alike. No code of the data runs when it is read.
 *
 * A subclass gives a format of its own by overriding `encode` and `decode`; compression stays outside of it.
 *
 * @example
 * ```ts
 * import { Serializer } from "@hueyjs/huey";
 *
 * const serializer = new Serializer({ compression: true });
 * const data = serializer.serialize({ when: new Date(), tags: new Set(["a"]) });
 * serializer.deserialize(data); // { when: Date, tags: Set { "a" } }
 * ```
 */
export class Serializer implements SerializerLike {
  readonly #codec: CompressionFormat | undefined;
  readonly #level: number;
  readonly #bounds: Bounds;

  /**
   * Makes a serializer.
   *
   * @param options `compression` (default false), `compressionLevel` 0 to 9 (default 6), `useZlib` instead of gzip (default false);
   * `maxBytes`, `maxNodes` and `maxDepth` bound what is written and read.
   * @throws {TypeError} For an unknown option, or one of a wrong type.
   * @throws {RangeError} For a number out of range.
   */
  constructor(options: SerializerOptions = {}) {
    checkOptions<SerializerOptions>(options, "A serializer", SERIALIZER_RULES);
    this.#level = options.compressionLevel ?? 6;
    this.#codec = options.compression ? (options.useZlib ? "zlib" : "gzip") : undefined;
    this.#bounds = {
      maxBytes: options.maxBytes ?? DEFAULT_BOUNDS.maxBytes,
      maxNodes: options.maxNodes ?? DEFAULT_BOUNDS.maxNodes,
      maxDepth: options.maxDepth ?? DEFAULT_BOUNDS.maxDepth,
    };
  }

  /**
   * Writes a value.
   *
   * @param value Anything but functions, symbols, cycles, and instances of classes without a `toJSON` method.
   * @returns The bytes to store.
   * @throws {TypeError} For what cannot travel, naming its path: `args[0].callback`.
   * @throws {RangeError} For a value beyond the bounds, which could not be read.
   */
  serialize(value: unknown, _place?: Place): Uint8Array {
    const encoded = this.encode(value);
    if (encoded.length > this.#bounds.maxBytes) {
      throw new RangeError(`Cannot serialize the value: ${tooLong(encoded.length, this.#bounds)}`);
    }
    return this.#codec === undefined ? encoded : compress(encoded, this.#codec, this.#level);
  }

  /**
   * Reads a value. Compressed and uncompressed data are told apart, whatever the options say; a format of one's own is only
   * decompressed with `compression` on.
   *
   * @param data What `serialize` returned.
   * @returns The value.
   * @throws {DecodeError} If the data is not a value of this serializer, or beyond the bounds. It is not decompressed any further
   * than they allow, nor made into a value.
   */
  deserialize(data: Uint8Array, _place?: Place): unknown {
    if (!(data instanceof Uint8Array)) throw new DecodeError(`The data must be a Uint8Array: ${typeof data}`);
    try {
      return this.decode(this.#decompressed(data));
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      throw new DecodeError("The data cannot be decoded", { cause: error });
    }
  }

  /**
   * Writes a value without compressing or signing it, so that the same value always gives the same bytes.
   *
   * @param value As of `serialize`.
   * @returns The bytes.
   * @throws {TypeError | RangeError} As `serialize`.
   */
  plain(value: unknown): Uint8Array {
    return this.encode(value);
  }

  /** Writes a value, before compression. */
  protected encode(value: unknown): Uint8Array {
    return encodeJson(value, this.#bounds);
  }

  /** Reads a value, after decompression. What it throws becomes the cause of a `DecodeError`. */
  protected decode(data: Uint8Array): unknown {
    return decodeJson(data, this.#bounds);
  }

  #decompressed(data: Uint8Array): Uint8Array {
    const { maxBytes } = this.#bounds;
    const ownFormat = this.decode !== Serializer.prototype.decode;
    const codec = ownFormat && this.#codec === undefined ? undefined : detectCodec(data);
    if (data.length > maxBytes + (codec === undefined ? 0 : overhead(maxBytes))) throw tooLarge(data.length, this.#bounds);
    if (codec === undefined) return data;
    try {
      return decompress(data, codec, maxBytes);
    } catch (error) {
      if (isTooLong(error)) throw tooLarge(`more than ${maxBytes}`, this.#bounds);
      // Uncompressed data in a format of one's own may begin like this by chance.
      if (ownFormat) return data;
      throw new DecodeError(`The data is damaged: ${data.length} bytes that begin like ${codec}`, { cause: error });
    }
  }
}

/** Whether values are written as this package writes them, so that errors stay errors. */
export function isOurFormat(serializer: SerializerLike): boolean {
  return serializer instanceof Serializer && serializer["encode"] === Serializer.prototype["encode"];
}

function tooLarge(length: number | string, bounds: Bounds): DecodeError {
  return new DecodeError(`The value is too large: ${tooLong(length, bounds)}`);
}

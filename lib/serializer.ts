/**
 * Values as bytes: what is stored of messages and results.
 * @module
 */
import { type Codec, compress, decompress, detectCodec } from "./compression.ts";
import { DecodeError } from "./errors.ts";
import { checkOptions, rule, type Rules } from "./option_rules.ts";
import { decodeValue, encodeValue, MAX_BYTES } from "./tagged_json.ts";
import type { SerializerLike, SerializerOptions } from "./types/options.ts";

const RULES: Rules<SerializerOptions> = {
  compression: rule.boolean,
  compressionLevel: rule.whole({ min: 0, max: 9 }),
  useZlib: rule.boolean,
};

/** Names of the options. */
export const SERIALIZER_KEYS: readonly string[] = Object.keys(RULES);

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
  readonly #codec: Codec | undefined;
  readonly #level: number;

  /**
   * @param options `compression` (default false), `compressionLevel` 0 to 9 (default 6), `useZlib` instead of gzip (default false).
   * @throws {TypeError} For an unknown option, or one of a wrong type.
   * @throws {RangeError} For a level out of range.
   */
  constructor(options: SerializerOptions = {}) {
    checkOptions<SerializerOptions>(options, "A serializer", RULES);
    this.#level = options.compressionLevel ?? 6;
    this.#codec = options.compression ? (options.useZlib ? "zlib" : "gzip") : undefined;
  }

  /**
   * Writes a value.
   *
   * @param value Anything but functions, symbols, cycles, and instances of classes without a `toJSON` method.
   * @returns The bytes to store.
   * @throws {TypeError} For what cannot travel, naming its path: `args[0].callback`.
   */
  serialize(value: unknown): Uint8Array {
    const encoded = this.encode(value);
    return this.#codec === undefined ? encoded : compress(encoded, this.#codec, this.#level);
  }

  /**
   * Reads a value. Compressed and uncompressed data are told apart, whatever the options say; a format of one's own is only
   * decompressed with `compression` on.
   *
   * @param data What `serialize` returned.
   * @returns The value.
   * @throws {DecodeError} If the data is not a value of this serializer.
   */
  deserialize(data: Uint8Array): unknown {
    if (!(data instanceof Uint8Array)) throw new DecodeError(`The data must be a Uint8Array: ${typeof data}`);
    try {
      return this.decode(this.#decompressed(data));
    } catch (error) {
      if (error instanceof DecodeError) throw error;
      throw new DecodeError("The data cannot be decoded", { cause: error });
    }
  }

  /** Writes a value, before compression. */
  protected encode(value: unknown): Uint8Array {
    return encodeValue(value);
  }

  /** Reads a value, after decompression. What it throws becomes the cause of a `DecodeError`. */
  protected decode(data: Uint8Array): unknown {
    return decodeValue(data);
  }

  #decompressed(data: Uint8Array): Uint8Array {
    const ownFormat = this.decode !== Serializer.prototype.decode;
    const codec = ownFormat && this.#codec === undefined ? undefined : detectCodec(data);
    if (codec === undefined) return data;
    try {
      return decompress(data, codec, MAX_BYTES);
    } catch (error) {
      // Uncompressed data in a format of one's own may begin like this by chance.
      if (ownFormat) return data;
      throw new DecodeError(`The data is damaged: ${data.length} bytes that begin like ${codec}`, { cause: error });
    }
  }
}

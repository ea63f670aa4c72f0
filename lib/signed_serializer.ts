/**
 * Serialized values that only holders of a secret can make.
 * @module
 */
import { checkKeys } from "./arguments.ts";
import { nodeCrypto } from "./builtin.ts";
import { ConfigurationError, DecodeError } from "./errors.ts";
import { Serializer, SERIALIZER_KEYS } from "./serializer.ts";
import type { SerializerOptions } from "./types/options.ts";

/** Bytes of an HMAC-SHA-256. */
const SIGNATURE_BYTES = 32;

/** The secret that all producers and consumers share, and what separates its uses. */
export interface SigningOptions {
  readonly secret: string;
  /** Default "huey". */ readonly salt?: string;
}

/**
 * Adds an HMAC-SHA-256 in front of the data, so that whoever can write to the storage, but does not know the secret, can
 * neither forge nor change a message or a result. It hides nothing, and does not stop somebody from storing old data again.
 *
 * The signature covers the compressed data and is checked before anything is decompressed or decoded.
 *
 * @example
 * ```ts
 * import { SignedSerializer } from "@hueyjs/huey";
 *
 * const serializer = new SignedSerializer({ secret: "not this one" });
 * serializer.deserialize(serializer.serialize([1, 2])); // [1, 2]
 * ```
 */
export class SignedSerializer extends Serializer {
  readonly #key: Uint8Array;

  /**
   * @param options Those of `Serializer`, the `secret`, and the `salt` (default "huey").
   * @throws {ConfigurationError} For an empty or missing secret, or an empty salt.
   */
  constructor(options: SerializerOptions & SigningOptions) {
    if (options !== undefined) checkKeys(options, "A signed serializer", [...SERIALIZER_KEYS, "secret", "salt"]);
    const { secret: given, salt: chosen = "huey", ...others } = options ?? {};
    super(others);
    const secret = required(given, "secret");
    const salt = required(chosen, "salt");
    this.#key = nodeCrypto().createHmac("sha256", secret).update(salt).digest();
  }

  override serialize(value: unknown): Uint8Array {
    const data = super.serialize(value);
    const signed = new Uint8Array(SIGNATURE_BYTES + data.length);
    signed.set(this.#signature(data));
    signed.set(data, SIGNATURE_BYTES);
    return signed;
  }

  /** @throws {DecodeError} Also if the signature is missing or wrong. */
  override deserialize(data: Uint8Array): unknown {
    if (!(data instanceof Uint8Array) || data.length < SIGNATURE_BYTES) throw new DecodeError("The data is not signed");
    const payload = data.subarray(SIGNATURE_BYTES);
    if (!nodeCrypto().timingSafeEqual(data.subarray(0, SIGNATURE_BYTES), this.#signature(payload))) {
      throw new DecodeError("The signature of the data is wrong: it was changed, or signed with another secret or salt");
    }
    return super.deserialize(payload);
  }

  #signature(data: Uint8Array): Uint8Array {
    return nodeCrypto().createHmac("sha256", this.#key).update(data).digest();
  }
}

function required(text: unknown, name: string): string {
  if (typeof text !== "string" || text === "") {
    throw new ConfigurationError(`SignedSerializer needs a ${name} that is not empty`);
  }
  return text;
}

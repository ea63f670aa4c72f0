/**
 * Serialized values that only holders of a secret can make.
 * @module
 */
import { Buffer } from "node:buffer";
import { show } from "../primitives/arguments.ts";
import { nodeCrypto } from "../primitives/builtin.ts";
import { ConfigurationError, DecodeError } from "../errors.ts";
import { Serializer, SERIALIZER_RULES } from "./serializer.ts";
import { checkOptions, rule } from "../primitives/option_rules.ts";
import { registerSecret } from "../primitives/secrets.ts";
import type { Place, SerializerOptions } from "../types/options.ts";

/** Bytes of an HMAC-SHA-256. */
const SIGNATURE_BYTES = 32;
/** What is shorter can be guessed. */
const LEAST_SECRET_BYTES = 16;

/** The secret that all producers and consumers share, and what separates its uses. */
export interface SigningOptions {
  /**
   * At least 16 bytes; 32 random ones are good. Of several, the first one signs and each of them is accepted: to change the secret, put
   * the new one in front everywhere, and take the old one away when nothing that it has signed is left.
   */
  readonly secret: string | readonly string[];

  /** Default "huey". */
  readonly salt?: string;
}

/**
 * Adds an HMAC-SHA-256 in front of the data, so that whoever can write to the storage, but does not know the secret, can neither
 * forge nor change a message or a result, nor move one: the signature covers what the value is (a message, a result, ...), the name
 * of the queue and the id or key under which it stands. A message whose task has ended is refused as long as the storage knows of that
 * end: an id that the application has chosen can be used again once its result was read. It hides nothing, and does not cover what
 * only the storage knows: revocations, due times, priorities, leases, and what is missing.
 *
 * The signature covers the compressed data and is checked before anything is decompressed or decoded.
 *
 * @example
 * ```ts
 * import { SignedSerializer } from "@hueyjs/huey";
 *
 * const secret = crypto.randomUUID(); // usually from the environment, the same for all producers and consumers
 * const serializer = new SignedSerializer({ secret });
 * serializer.deserialize(serializer.serialize([1, 2])); // [1, 2]
 *
 * const place = { purpose: "value", queue: "shop", id: "rates" } as const;
 * const data = serializer.serialize([1, 2], place);
 * serializer.deserialize(data, place); // [1, 2]; a DecodeError in any other place
 * ```
 */
export class SignedSerializer extends Serializer {
  /** A message whose task has ended is refused. */
  readonly signs: boolean = true;
  /** One for each secret; the first signs. */
  readonly #keys: readonly Uint8Array[];

  /**
   * Makes a serializer that signs.
   *
   * @param options Those of `Serializer`, the `secret`, and the `salt` (default "huey").
   * @throws {ConfigurationError} For a secret that is missing or too short, or an empty salt.
   * @throws {TypeError | RangeError} For any other wrong option.
   */
  constructor(options: SerializerOptions & SigningOptions) {
    const { secret, salt = "huey", ...others } = checked(options);
    super(others);
    for (const each of secretsOf(secret)) registerSecret(each);
    this.#keys = secretsOf(secret).map((each) => nodeCrypto().createHmac("sha256", each).update(salt).digest());
  }

  /** Writes a value with its signature in front. @throws {TypeError} For what cannot travel, naming its path. */
  override serialize(value: unknown, place?: Place): Uint8Array {
    const data = super.serialize(value, place);
    const signed = new Uint8Array(SIGNATURE_BYTES + data.length);
    signed.set(sign(this.#keys[0]!, prefix(place), data));
    signed.set(data, SIGNATURE_BYTES);
    return signed;
  }

  /** Reads a value whose signature is right. @throws {DecodeError} Also if the signature is missing or wrong. */
  override deserialize(data: Uint8Array, place?: Place): unknown {
    if (!(data instanceof Uint8Array) || data.length < SIGNATURE_BYTES) throw new DecodeError("The data is not signed");
    const signature = data.subarray(0, SIGNATURE_BYTES);
    const payload = data.subarray(SIGNATURE_BYTES);
    const before = prefix(place);
    if (!this.#keys.some((key) => nodeCrypto().timingSafeEqual(signature, sign(key, before, payload)))) {
      throw new DecodeError(
        `The signature of the data is wrong: it was not signed as ${
          describe(place)
        }, or was changed, or signed with another secret or salt`,
      );
    }
    return super.deserialize(payload, place);
  }
}

function sign(key: Uint8Array, before: string, data: Uint8Array): Uint8Array {
  return nodeCrypto().createHmac("sha256", key).update(before).update(data).digest();
}

/** What is signed in front of the data. JSON has no zero byte, so nothing of the data can be taken for a part of it. */
function prefix(place: Place | undefined): string {
  return place === undefined ? "\0" : `${JSON.stringify([place.purpose, place.queue, place.id])}\0`;
}

function describe(place: Place | undefined): string {
  return place === undefined
    ? "a value without a place"
    : `the ${place.purpose} ${show(place.id)} of queue ${show(place.queue)}`;
}

function checked(options: SerializerOptions & SigningOptions): SerializerOptions & SigningOptions {
  if (options === undefined || options === null) throw new ConfigurationError("SignedSerializer needs a secret");
  checkOptions<object>(options, "A signed serializer", { ...SERIALIZER_RULES, secret: rule.any, salt: rule.any });
  if (options.salt !== undefined && (typeof options.salt !== "string" || options.salt === "")) {
    throw new ConfigurationError("The salt of a SignedSerializer must be a text that is not empty");
  }
  return options;
}

/** @throws {ConfigurationError} Without showing any of them. */
function secretsOf(secret: unknown): readonly string[] {
  const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  const areGood = secrets.every((each) => typeof each === "string" && Buffer.byteLength(each) >= LEAST_SECRET_BYTES);
  if (secrets.length > 0 && areGood) return secrets as readonly string[];
  throw new ConfigurationError(
    `SignedSerializer needs a secret of at least ${LEAST_SECRET_BYTES} bytes, or a list of such secrets: the first one signs`,
  );
}

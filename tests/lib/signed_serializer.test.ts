import { createHmac } from "node:crypto";
import { describe, expect, test } from "bun:test";
import { ConfigurationError, DecodeError } from "../../lib/errors.ts";
import { Serializer } from "../../lib/serializer.ts";
import { SignedSerializer } from "../../lib/signed_serializer.ts";

const value = { args: [1, new Date(5)] };
const signed = new SignedSerializer({ secret: "secret" });

describe("SignedSerializer", () => {
  test("round trip, with and without compression", () => {
    expect(signed.deserialize(signed.serialize(value))).toEqual(value);
    const packed = new SignedSerializer({ secret: "secret", compression: true });
    expect(packed.deserialize(packed.serialize(value))).toEqual(value);
    expect(signed.deserialize(packed.serialize(value))).toEqual(value);
    expect(packed.deserialize(signed.serialize(value))).toEqual(value);
  });

  test("the signature is the HMAC-SHA-256 of the data, 32 bytes in front of it", () => {
    const data = signed.serialize(value);
    const payload = new Serializer().serialize(value);
    const key = createHmac("sha256", "secret").update("huey").digest();
    expect(data.subarray(32)).toEqual(payload);
    expect([...data.subarray(0, 32)]).toEqual([...createHmac("sha256", key).update(payload).digest()]);
  });

  test("any changed bit is seen", () => {
    const data = signed.serialize(value);
    for (let index = 0; index < data.length; index++) {
      const changed = Uint8Array.from(data);
      changed[index] = (changed[index] as number) ^ 1;
      expect(() => signed.deserialize(changed)).toThrow(DecodeError);
    }
  });

  test("another secret or salt is refused", () => {
    const data = signed.serialize(value);
    expect(() => new SignedSerializer({ secret: "other" }).deserialize(data)).toThrow("The signature of the data is wrong");
    expect(() => new SignedSerializer({ secret: "secret", salt: "other" }).deserialize(data)).toThrow(DecodeError);
    // Secret and salt are kept apart.
    expect(() => new SignedSerializer({ secret: "secreth", salt: "uey" }).deserialize(data)).toThrow(DecodeError);
  });

  test("unsigned, short and no data is refused", () => {
    expect(() => signed.deserialize(new Serializer().serialize(value))).toThrow(DecodeError);
    expect(() => signed.deserialize(new Uint8Array(31))).toThrow("The data is not signed");
    expect(() => signed.deserialize(undefined as never)).toThrow(DecodeError);
  });

  test("a secret and a salt are needed", () => {
    for (const options of [{ secret: "" }, { secret: "s", salt: "" }, {}, undefined, { secret: 5 }]) {
      expect(() => new SignedSerializer(options as never)).toThrow(ConfigurationError);
    }
  });
});

import { createHmac } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, test } from "bun:test";
import { ConfigurationError, DecodeError } from "../../lib/errors.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import type { Place } from "../../lib/types/options.ts";

const value = { args: [1, new Date(5)] };
const secret = "a secret of some length";
const other = "another secret of some length";
const signed = new SignedSerializer({ secret });
const place: Place = { purpose: "result", queue: "shop", id: "7" };

describe("SignedSerializer", () => {
  test("round trip, with and without compression", () => {
    const packed = new SignedSerializer({ secret, compression: true });
    for (const writer of [signed, packed]) {
      for (const reader of [signed, packed]) {
        expect(reader.deserialize(writer.serialize(value))).toEqual(value);
        expect(reader.deserialize(writer.serialize(value, place), place)).toEqual(value);
      }
    }
  });

  test("the signature is the HMAC-SHA-256 of the place and the data, 32 bytes in front of it", () => {
    const key = createHmac("sha256", secret).update("huey").digest();
    const payload = new Serializer().serialize(value);
    for (const [at, before] of [[undefined, "\0"], [place, '["result","shop","7"]\0']] as const) {
      const data = signed.serialize(value, at);
      expect(data.subarray(32)).toEqual(payload);
      expect([...data.subarray(0, 32)]).toEqual([...createHmac("sha256", key).update(before).update(payload).digest()]);
    }
  });

  test("any changed bit is seen", () => {
    const data = signed.serialize(value, place);
    for (let index = 0; index < data.length; index++) {
      const changed = Uint8Array.from(data);
      changed[index] = (changed[index] as number) ^ 1;
      expect(() => signed.deserialize(changed, place)).toThrow(DecodeError);
    }
  });

  test("in another place it is refused, and the message says what was expected there", () => {
    const elsewhere: (Place | undefined)[] = [
      undefined,
      { ...place, purpose: "message" },
      { ...place, queue: "shop2" },
      { ...place, id: "8" },
      { purpose: "result", queue: 'shop","7', id: "" },
      { purpose: "result", queue: "", id: 'shop","7' },
    ];
    const data = signed.serialize(value, place);
    for (const wrong of elsewhere) expect(() => signed.deserialize(data, wrong)).toThrow(DecodeError);
    expect(() => signed.deserialize(data, { ...place, id: "8" })).toThrow('not signed as the result "8" of queue "shop"');
    expect(() => signed.deserialize(signed.serialize(value), place)).toThrow(DecodeError);
  });

  test("another secret or salt is refused", () => {
    const data = signed.serialize(value);
    expect(() => new SignedSerializer({ secret: other }).deserialize(data)).toThrow("The signature of the data is wrong");
    expect(() => new SignedSerializer({ secret, salt: "other" }).deserialize(data)).toThrow(DecodeError);
    // Secret and salt are kept apart.
    expect(() => new SignedSerializer({ secret: `${secret}h`, salt: "uey" }).deserialize(data)).toThrow(DecodeError);
  });

  test("of several secrets the first signs and each is accepted", () => {
    const changing = new SignedSerializer({ secret: [other, secret] });
    expect(changing.deserialize(signed.serialize(value, place), place)).toEqual(value);
    expect(new SignedSerializer({ secret: other }).deserialize(changing.serialize(value))).toEqual(value);
    expect(() => signed.deserialize(changing.serialize(value))).toThrow(DecodeError);
    expect(() => changing.deserialize(new SignedSerializer({ secret: `${other}.` }).serialize(value))).toThrow(DecodeError);
  });

  test("unsigned, short and no data is refused", () => {
    expect(() => signed.deserialize(new Serializer().serialize(value))).toThrow(DecodeError);
    expect(() => signed.deserialize(new Uint8Array(31))).toThrow("The data is not signed");
    expect(() => signed.deserialize(undefined as never)).toThrow(DecodeError);
  });

  test("a secret that can be guessed, none, or an empty salt is refused, and no secret is shown", () => {
    const short = "only 15 bytes..";
    const wrong = [undefined, null, {}, { secret: "" }, { secret: short }, { secret: 5 }, { secret: [] }, {
      secret: [secret, short],
    }];
    for (const options of [...wrong, { secret, salt: "" }, { secret, salt: 5 }]) {
      expect(() => new SignedSerializer(options as never)).toThrow(ConfigurationError);
    }
    expect(() => new SignedSerializer({ secret: [secret, short] })).not.toThrow(short);
    // Eight characters, sixteen bytes.
    expect(new SignedSerializer({ secret: "éééééééé" }).signs).toBe(true);
    expect(inspect(signed, { showHidden: true, depth: 9 })).not.toContain(secret);
  });

  test("unknown options and wrong values are refused as by Serializer", () => {
    const refused: [object, string][] = [
      [{ secrets: [secret] }, 'A signed serializer has no option "secrets": did you mean "secret"?'],
      [{ compresion: true }, 'did you mean "compression"?'],
      [{ compression: "yes" }, "compression must be true or false"],
      [{ maxBytes: 0 }, "maxBytes must be a whole number"],
    ];
    for (const [options, message] of refused) {
      expect(() => new SignedSerializer({ secret, ...options } as never)).toThrow(message);
    }
  });
});

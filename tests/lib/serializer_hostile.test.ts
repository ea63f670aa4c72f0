import { describe, expect, test } from "bun:test";
import { DecodeError } from "../../lib/errors.ts";
import { compress } from "../../lib/serializer/compression.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import { limitMs, size } from "../sizes.ts";

const serializer = new Serializer();
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Repeatable random numbers, below `limit`. */
function randomizer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const TAGS = [
  ...["undefined", "number", "bigint", "Date", "Map", "Set", "RegExp", "URL", "Error", "DOMException", "spread", "object"],
  ...["Uint8Array", "Float64Array", "ArrayBuffer", "DataView", "Function", "__proto__", "constructor", "toString", "", "eval"],
];
const WORDS = ["$", "v", "__proto__", "constructor", "prototype", "then", "toJSON", "name", "message", "stack", "own", "cause"];
const SCALARS = [
  "1",
  "-1",
  "1e999",
  "null",
  "true",
  '"x"',
  '"AAAA"',
  '"(((" ',
  '"NaN"',
  "9007199254740993",
  "[]",
  "{}",
  '"TaskException"',
];

function hostileText(random: (limit: number) => number, depth = 0): string {
  const inner = (): string => hostileText(random, depth + 1);
  const pick = (words: readonly string[]): string => words[random(words.length)] as string;
  switch (depth > 4 ? 0 : random(6)) {
    case 0:
      return pick(SCALARS);
    case 1:
      return `[${inner()},${inner()}]`;
    case 2:
      return `{${JSON.stringify(pick(WORDS))}:${inner()},${JSON.stringify(pick(WORDS))}:${inner()}}`;
    case 3:
      return `{"$":${inner()},"v":${inner()}}`;
    case 4:
      return `{"$":"Error","v":{"name":${inner()},"message":"m","own":${inner()},"cause":${inner()}}}`;
    default:
      return `{"$":${JSON.stringify(pick(TAGS))},"v":${inner()}}`;
  }
}

const GOOD = new Serializer().serialize({
  args: [new Date(1), new Map([[1n, new Set(["x"])]]), /a/g, new Uint8Array(9), new URL("https://example.com"), { $: 1 }],
  error: new AggregateError([new TypeError("t")], "m", { cause: new RangeError("r") }),
});
const GOOD_GZIP = compress(GOOD, "gzip", 6);
const GOOD_ZLIB = compress(GOOD, "zlib", 6);

function damaged(random: (limit: number) => number): Uint8Array {
  const copy = Uint8Array.from([GOOD, GOOD_GZIP, GOOD_ZLIB][random(3)] as Uint8Array);
  for (let change = 0; change < 3; change++) copy[random(copy.length)] = random(256);
  return random(2) === 0 ? copy : copy.subarray(0, random(copy.length));
}

/** Reads it. @returns whether it could be read; everything but a DecodeError is thrown on */
function isReadable(reader: Serializer, data: Uint8Array): boolean {
  try {
    reader.deserialize(data);
    return true;
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return false;
  }
}

describe("hostile inputs give a value or a DecodeError", () => {
  const random = randomizer(42);
  const KINDS: [string, number, () => Uint8Array][] = [
    ["random bytes", size(20_000, 100_000), () => Uint8Array.from({ length: random(60) }, () => random(256))],
    ["damaged values", size(20_000, 100_000), () => damaged(random)],
    ["hostile tags", size(20_000, 100_000), () => bytesOf(hostileText(random))],
  ];
  for (const [name, count, make] of KINDS) {
    test(name, () => {
      const before = [Object.prototype, Array.prototype, Error.prototype].map((it) => Reflect.ownKeys(it).length);
      let readable = 0;
      for (let index = 0; index < count; index++) readable += Number(isReadable(serializer, make()));
      expect(readable).toBeLessThan(count);
      expect([Object.prototype, Array.prototype, Error.prototype].map((it) => Reflect.ownKeys(it).length)).toEqual(before);
    }, limitMs(60_000));
  }

  test("none passes for signed", () => {
    const signed = new SignedSerializer({ secret: "a secret of some length" });
    for (let index = 0; index < size(5000, 20_000); index++) expect(isReadable(signed, damaged(random))).toBe(false);
  }, limitMs(60_000));
});

describe("each is a DecodeError", () => {
  const REFUSED: [string, string][] = [
    ["nothing", ""],
    ["no JSON", "undefined"],
    ["an unknown tag", '{"$":"Function","v":"alert(1)"}'],
    ["a tag that every object has", '{"$":"toString","v":1}'],
    ["a tag that is no text", '{"$":{"a":1}}'],
    ["a number that needs no tag", '{"$":"number","v":"5"}'],
    ["a bigint that is no number", '{"$":"bigint","v":"0x10"}'],
    ["a bigint that takes too long", `{"$":"bigint","v":"${"9".repeat(200_000)}"}`],
    ["a date of text", '{"$":"Date","v":"2020-01-01"}'],
    ["an entry without a value", '{"$":"Map","v":[[1]]}'],
    ["entries of an object", '{"$":"Map","v":{"length":1}}'],
    ["a set of text", '{"$":"Set","v":"abc"}'],
    ["a broken regular expression", '{"$":"RegExp","v":["(",""]}'],
    ["unknown flags", '{"$":"RegExp","v":["a","q"]}'],
    ["a relative URL", '{"$":"URL","v":"/a"}'],
    ["bytes that are not base64", '{"$":"Uint8Array","v":"AA*A"}'],
    ["bytes that do not fit", '{"$":"Float64Array","v":"AAAA"}'],
    ["an error without a message", '{"$":"Error","v":{"name":"Error"}}'],
    ["a stack that is no text", '{"$":"Error","v":{"name":"Error","message":"","stack":1}}'],
    ["properties in a list", '{"$":"Error","v":{"name":"Error","message":"","own":[1]}}'],
    ["an error that is null", '{"$":"Error","v":null}'],
    ["an escaped list", '{"$":"object","v":[1]}'],
  ];
  for (const [name, text] of REFUSED) {
    test(name, () => expect(() => serializer.deserialize(bytesOf(text))).toThrow(DecodeError));
  }

  test("text that is not UTF-8", () => {
    expect(() => serializer.deserialize(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(DecodeError);
  });
  test("what is not bytes", () => {
    for (const data of [undefined, null, "[]", {}, []]) {
      expect(() => serializer.deserialize(data as never)).toThrow(DecodeError);
    }
  });
  test("little data that decompresses to much", () => {
    const bomb = compress(new Uint8Array(300 * 1024 * 1024), "gzip", 1);
    expect(() => serializer.deserialize(bomb)).toThrow(DecodeError);
  }, limitMs(60_000));
  test("the message shows the start of the data, not all of it", () => {
    expect(() => serializer.deserialize(bytesOf("x".repeat(1000)))).toThrow(
      `The data is not a value in tagged JSON: 1000 bytes starting with "${"x".repeat(40)}"`,
    );
  });
});

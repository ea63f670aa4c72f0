import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DecodeError } from "../../lib/errors.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { isSpread, spread, spreadItems } from "../../lib/serializer/spread.ts";
import { same } from "./_same.ts";
import { limitMs, size } from "../sizes.ts";

const serializer = new Serializer();
const textOf = (value: unknown): string => new TextDecoder().decode(serializer.serialize(value));
const roundTrip = (value: unknown): unknown => serializer.deserialize(serializer.serialize(value));

/** The exact text pins the format, and with it that both runtimes write the same. */
const FORMAT: [string, unknown, string][] = [
  ["null", null, "null"],
  ["text", 'ä"\n\u{1F600}', '"ä\\"\\n😀"'],
  ["half of a pair", "\ud800", '"\\ud800"'],
  ["undefined", undefined, '{"$":"undefined"}'],
  ["NaN", NaN, '{"$":"number","v":"NaN"}'],
  ["Infinity", Infinity, '{"$":"number","v":"Infinity"}'],
  ["-Infinity", -Infinity, '{"$":"number","v":"-Infinity"}'],
  ["-0", -0, '{"$":"number","v":"-0"}'],
  ["bigint", -(10n ** 20n), '{"$":"bigint","v":"-100000000000000000000"}'],
  ["date", new Date(1.7e12), '{"$":"Date","v":1700000000000}'],
  ["invalid date", new Date(NaN), '{"$":"Date","v":null}'],
  [
    "map",
    new Map<unknown, unknown>([["a", 1], [{ b: 2n }, new Set([1])]]),
    '{"$":"Map","v":[["a",1],[{"b":{"$":"bigint","v":"2"}},{"$":"Set","v":[1]}]]}',
  ],
  ["set", new Set([1, "1", undefined]), '{"$":"Set","v":[1,"1",{"$":"undefined"}]}'],
  ["regular expression", /a\/"b/giu, '{"$":"RegExp","v":["a\\\\/\\"b","giu"]}'],
  ["URL", new URL("https://example.com/a?b=c#d"), '{"$":"URL","v":"https://example.com/a?b=c#d"}'],
  ["bytes", new Uint8Array([0, 1, 255]), '{"$":"Uint8Array","v":"AAH/"}'],
  ["a window on bytes", new Uint8Array([9, 1, 2, 9]).subarray(1, 3), '{"$":"Uint8Array","v":"AQI="}'],
  ["clamped bytes", new Uint8ClampedArray([1]), '{"$":"Uint8ClampedArray","v":"AQ=="}'],
  ["int32", new Int32Array([-1, 2]), '{"$":"Int32Array","v":"/////wIAAAA="}'],
  ["float64", new Float64Array([1.5]), '{"$":"Float64Array","v":"AAAAAAAA+D8="}'],
  ["bigint64", new BigInt64Array([-2n]), '{"$":"BigInt64Array","v":"/v////////8="}'],
  ["buffer", new Uint8Array([7]).buffer, '{"$":"ArrayBuffer","v":"Bw=="}'],
  ["view", new DataView(new Uint8Array([1, 2, 3]).buffer, 1), '{"$":"DataView","v":"AgM="}'],
  ["an object with the key of tags", { $: "Date", v: 1 }, '{"$":"object","v":{"$":"Date","v":1}}'],
  ["undefined inside", { a: undefined, b: [undefined, null] }, '{"a":{"$":"undefined"},"b":[{"$":"undefined"},null]}'],
];

describe("format", () => {
  for (const [name, value, text] of FORMAT) {
    test(name, () => {
      expect(textOf(value)).toBe(text);
      expect(same(roundTrip(value), value)).toBe(true);
    });
  }

  test("a plain message is plain JSON", () => {
    const message = { v: 1, id: "x", name: "add", args: [1, 2.5, "$", true, null, { a: [] }] };
    expect(textOf(message)).toBe(JSON.stringify(message));
    expect(roundTrip(message)).toEqual(message);
  });

  test("memory of its own, not a window on shared memory", () => {
    const bytes = roundTrip(new Uint8Array([1, 2])) as Uint8Array;
    expect(bytes.buffer.byteLength).toBe(2);
  });

  test("spread arrives as a spread", () => {
    const value = (roundTrip({ value: spread(1, new Date(5)) }) as { value: unknown }).value;
    expect(isSpread(value)).toBe(true);
    expect(isSpread(value) && spreadItems(value)).toEqual([1, new Date(5)]);
  });

  test("a spread from another copy of the package is known by its mark", () => {
    const foreign = Object.assign(Object.create(class Foreign {}.prototype), { [Symbol.for("@hueyjs/huey.spread")]: [1] });
    expect(textOf(foreign)).toBe('{"$":"spread","v":[1]}');
  });

  test("many items of a spread", () => {
    const value = roundTrip(spread(...new Array(1000).fill(undefined)));
    expect(isSpread(value) && spreadItems(value).length).toBe(1000);
  });

  test("holes become undefined, subclasses and null prototypes their base, what toJSON gives stands for the object", () => {
    class Names extends Map<string, number> {}
    class Money {
      toJSON(): unknown {
        return { cents: 5n };
      }
    }
    // deno-lint-ignore no-sparse-arrays -- that is what is tested
    expect(roundTrip([1, , 2])).toEqual([1, undefined, 2]);
    expect(roundTrip(new Names([["a", 1]]))).toEqual(new Map([["a", 1]]));
    expect(roundTrip(Object.assign(Object.create(null), { a: 1n }))).toEqual({ a: 1n });
    expect(roundTrip([new Money()])).toEqual([{ cents: 5n }]);
    expect(roundTrip({ toJSON: () => "own" })).toBe("own");
  });

  test("__proto__ is data", () => {
    for (const text of ['{"__proto__":{"x":1},"a":1}', '{"__proto__":{"x":{"$":"bigint","v":"1"}},"a":1}']) {
      const value = serializer.deserialize(new TextEncoder().encode(text)) as object;
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
      expect(Object.keys(value)).toEqual(["__proto__", "a"]);
      expect(textOf(value)).toBe(text);
    }
    expect("x" in {}).toBe(false);
  });
});

describe("round trip of anything", () => {
  const tree = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.anything({ withBigInt: true, withDate: true, withTypedArray: true, withMap: true, withSet: true }),
      fc.constantFrom(undefined, NaN, -0, Infinity, -Infinity, null, /x/gi, new URL("data:,x"), "$"),
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$", "v", "__proto__", "constructor", "then")), tie("value"), {
        maxKeys: 4,
        noNullPrototype: true,
      }),
      fc.array(fc.tuple(tie("value"), tie("value")), { maxLength: 3 }).map((entries) => new Map(entries)),
    ),
  })).value;

  for (const options of [{}, { compression: true }, { compression: true, useZlib: true }]) {
    test(`with ${JSON.stringify(options)}`, () => {
      const chosen = new Serializer(options);
      fc.assert(
        fc.property(tree, (value) => same(chosen.deserialize(chosen.serialize(value)), value)),
        { numRuns: size(1000, 5000) },
      );
    }, limitMs(60_000));
  }
});

describe("refusals", () => {
  class Account {}
  const cycle: { self?: unknown; list: unknown[] } = { list: [] };
  cycle.list.push({ cycle });
  const REFUSED: [string, unknown, string][] = [
    ["a function", { args: [{ callback: () => 1 }] }, "Cannot serialize args[0].callback: a function cannot be stored"],
    ["a symbol", [Symbol.iterator], "Cannot serialize [0]: a symbol cannot be stored"],
    ["the top", () => 1, "Cannot serialize value: a function cannot be stored"],
    ["a key that is no name", { "a b": { "": isSpread } }, 'Cannot serialize ["a b"][""]: a function cannot be stored'],
    ["a cycle", cycle, "Cannot serialize list[0].cycle: it contains itself"],
    ["in a map", { m: new Map([["k", isSpread]]) }, 'Cannot serialize m.get("k"): a function cannot be stored'],
    ["a key of a map", new Map([[isSpread, 1]]), "Cannot serialize value.keys()[0]: a function cannot be stored"],
    ["in a set", { s: new Set([1, isSpread]) }, "Cannot serialize s.values()[1]: a function cannot be stored"],
    [
      "an instance",
      { args: [new Account()] },
      "Cannot serialize args[0]: it is an instance of Account, which is neither plain data nor has a toJSON method",
    ],
    ["a promise", [Promise.resolve()], "Cannot serialize [0]: it is an instance of Promise, await it first"],
    [
      "a bigint of 100,001 digits",
      { n: 10n ** 100_000n },
      "Cannot serialize n: a bigint must not have more than 100000 digits",
    ],
  ];
  for (const [name, value, message] of REFUSED) {
    test(name, () => expect(() => serializer.serialize(value)).toThrow(new TypeError(message)));
  }

  test("toJSON that returns the object itself", () => {
    const value = { toJSON: (): unknown => value };
    expect(() => serializer.serialize({ value })).toThrow("Cannot serialize value: it contains itself");
  });

  test("the same object twice is no cycle", () => {
    const shared = { when: new Date(1) };
    expect(roundTrip([shared, shared])).toEqual([shared, shared]);
  });
});

describe("depth", () => {
  function nested(levels: number, wrap: (inner: unknown) => unknown): unknown {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = wrap(value);
    return value;
  }
  const WRAPS: [string, (inner: unknown) => unknown][] = [
    ["arrays", (inner) => [inner]],
    ["objects", (inner) => ({ inner })],
    ["maps", (inner) => new Map([[1, inner]])],
    ["sets", (inner) => new Set([inner])],
    ["escaped objects", (inner) => ({ $: inner })],
    ["causes", (inner) => new Error("e", { cause: inner })],
  ];
  for (const [name, wrap] of WRAPS) {
    test(`1,000 levels of ${name} travel`, () => {
      const value = nested(1000, wrap);
      expect(serializer.serialize(roundTrip(value))).toEqual(serializer.serialize(value));
    });
  }
  test("10,000 levels are a TypeError", () => {
    for (const [name, wrap] of WRAPS) {
      if (name !== "causes") expect(() => serializer.serialize(nested(10_000, wrap))).toThrow(TypeError);
    }
  });
  test("10,000 levels are a DecodeError", () => {
    for (const [open, close] of [["[", "]"], ['{"a":', "}"], ['{"$":"Set","v":[', "]}"], ['{"$":"Map","v":[[1,', "]]}"]]) {
      const text = `${open?.repeat(10_000)}1${close?.repeat(10_000)}`;
      expect(() => serializer.deserialize(new TextEncoder().encode(text))).toThrow(DecodeError);
    }
  });
});

describe("compression", () => {
  const value = { text: "a".repeat(1000), when: new Date(1) };
  const KINDS = [{}, { compression: true }, { compression: true, useZlib: true }];

  test("shrinks", () => {
    expect(new Serializer({ compression: true }).serialize(value).length).toBeLessThan(100);
    expect(new Serializer({ compression: true, compressionLevel: 0 }).serialize(value).length).toBeGreaterThan(1000);
  });
  test("every kind reads every other", () => {
    for (const writer of KINDS) {
      const data = new Serializer(writer).serialize(value);
      for (const reader of KINDS) expect(new Serializer(reader).deserialize(data)).toEqual(value);
    }
  });
  test("damaged data is a DecodeError", () => {
    const data = new Serializer({ compression: true }).serialize(value);
    expect(() => serializer.deserialize(data.subarray(0, -5))).toThrow(DecodeError);
    expect(() => serializer.deserialize(data.subarray(0, -5))).toThrow("begin like gzip");
  });
  test("a level out of range is refused", () => {
    expect(() => new Serializer({ compressionLevel: 10 })).toThrow("compressionLevel must be a whole number from 0 to 9: 10");
    expect(() => new Serializer({ compressionLevel: 1.5 })).toThrow(RangeError);
    expect(() => new Serializer({ compressionLevel: "6" as never })).toThrow(TypeError);
  });
});

describe("a format of one's own", () => {
  class Reversed extends Serializer {
    protected override encode(value: unknown): Uint8Array {
      return super.encode(value).reverse();
    }
    protected override decode(data: Uint8Array): unknown {
      if (data.length === 0) throw new Error("nothing there");
      return super.decode(data.toReversed());
    }
  }
  class Raw extends Serializer {
    protected override encode(value: unknown): Uint8Array {
      return value as Uint8Array;
    }
    protected override decode(data: Uint8Array): unknown {
      return data;
    }
  }
  const gzipMark = new Uint8Array([0x1f, 0x8b, 1, 2]);

  test("goes inside the compression", () => {
    const reversed = new Reversed({ compression: true });
    expect(reversed.serialize([1])[0]).toBe(0x1f);
    expect(reversed.deserialize(reversed.serialize([1]))).toEqual([1]);
    expect(reversed.deserialize(new Reversed().serialize([1]))).toEqual([1]);
  });
  test("may look compressed by chance", () => {
    expect(new Raw().deserialize(gzipMark)).toEqual(gzipMark);
    expect(new Raw({ compression: true }).deserialize(gzipMark)).toEqual(gzipMark);
  });
  test("its errors become DecodeError", () => {
    expect(() => new Reversed().deserialize(new Uint8Array())).toThrow(DecodeError);
  });
});

/**
 * Bytes that nobody in his right mind would store: random, cut off, changed, and made to do harm.
 * @module
 */
import { gzipSync } from "node:zlib";
import { MESSAGE_FIELDS } from "../../lib/message/check.ts";
import type { Dice } from "../dice.ts";

const encoder = new TextEncoder();

/** Text that is no message at all, however it is read. */
const TEXTS = [
  "",
  "null",
  "[]",
  "1e999",
  '"text"',
  "{",
  '{"v":1}',
  '{"v":2,"id":"x","name":"good","args":[]}',
  '{"v":1,"id":5,"name":"good","args":[]}',
  '{"v":1,"id":"x","name":{},"args":[]}',
  '{"v":1,"id":"x","name":"good","args":{"length":1}}',
  '{"__proto__":{"v":1,"id":"x","name":"good","args":[]}}',
  '{"v":1,"constructor":{"prototype":{"polluted":1}}}',
  '{"v":1,"id":"x","name":"good","args":[{"$":"nope"}]}',
  '{"v":1,"id":"x","name":"good","args":[{"$":"Map","v":[[1]]}]}',
  '{"v":1,"id":"x","name":"good","args":[{"$":"RegExp","v":["(","g"]}]}',
  '{"v":1,"id":"x","name":"good","args":[{"$":"URL","v":"javascript"}]}',
  '{"v":1,"id":"x","name":"good","args":[{"$":"Float64Array","v":"AAA"}]}',
  '{"v":1,"id":"x","name":"good","args":[{"$":"bigint","v":"1e5"}]}',
  '{"$":"__proto__","v":1}',
  '{"$":"constructor","v":["return process"]}',
  `${"[".repeat(5000)}${"]".repeat(5000)}`,
  `{"v":1,"id":"x","name":"good","args":${"[".repeat(2000)}${"]".repeat(2000)}}`,
  "function(){}",
  "\u0000",
  "\ufeff{}",
];

/** Bytes of other formats. */
const BINARIES: readonly Uint8Array[] = [
  gzipSync(new Uint8Array(100_000)),
  gzipSync(encoder.encode('{"v":1')),
  gzipSync(encoder.encode("null")).slice(0, 15),
  Uint8Array.of(0x1f, 0x8b),
  Uint8Array.of(0x78, 0x9c, 1, 2, 3),
  Uint8Array.of(0x80, 0x04, 0x95, 0x0b), // a pickle
];

/** Bytes that are no message. @param valid A message that is one, to be cut off */
export function garbage(dice: Dice, valid: Uint8Array): Uint8Array {
  const kind = dice.below(8);
  if (kind < 3) return dice.bytes(dice.below(200));
  if (kind < 5) return valid.slice(0, dice.below(valid.length));
  return kind === 5 ? dice.pick(BINARIES) : encoder.encode(dice.pick(TEXTS));
}

/** A message with some bytes changed; it may be one still. */
export function changed(dice: Dice, valid: Uint8Array): Uint8Array {
  const copy = valid.slice();
  for (let changes = 1 + dice.below(3); changes > 0; changes--) copy[dice.below(copy.length)] = dice.below(256);
  return copy;
}

/** Values for the fields of a message that a program of ours would never write. */
const ODD: readonly unknown[] = [
  null,
  -1,
  0,
  1e308,
  -1e308,
  1.5,
  true,
  "",
  "soon",
  "__proto__",
  [],
  [[]],
  {},
  { toString: 1, valueOf: 2 },
  { v: 1, id: "odd", name: "good" },
  { v: 1, id: "odd", name: "good", args: 5 },
  { v: 1, id: "odd", name: "nobody", args: [] },
  { chord: "c", members: 5, callback: null },
  { chord: "c", members: [null], callback: {} },
  { id: "c", index: 0, size: 1 },
  { id: "c", index: -1, size: 1e9, callback: { v: 1, id: "odd", name: "good", args: [] } },
  { id: "__proto__", index: "__proto__", size: "x", callback: 5 },
  { $: "Date", v: null },
  { $: "Error", v: { name: "__proto__", message: "m", stack: 5, own: { constructor: 1 } } },
  { $: "spread", v: [1, 2] },
  { $: "bigint", v: "99999999999999999999" },
  { "__proto__": { polluted: true } },
];

/** Without them it could not be read. */
const NEEDED = ["v", "id", "name"];
const FIELDS = MESSAGE_FIELDS.filter((field) => !NEEDED.includes(field));

/** A message of a known task whose fields make no sense: it can be read, and must be survived. */
export function nonsense(dice: Dice, names: readonly string[]): Uint8Array {
  const message: Record<string, unknown> = { v: 1, id: `n${dice.below(1e9)}`, name: dice.pick(names), args: [1] };
  for (let fields = 1 + dice.below(3); fields > 0; fields--) message[dice.pick(FIELDS)] = dice.pick(ODD);
  // An own "__proto__" survives JSON.parse, not an object literal.
  return encoder.encode(JSON.stringify(message).replaceAll('{"toString"', '{"__proto__":{"polluted":1},"toString"'));
}

/** Values that look like what the library stores beside results. */
const STORED = [
  '{"huey:failure":null}',
  '{"huey:failure":5}',
  '{"huey:failure":{}}',
  '{"huey:failure":{"error":5,"traceback":{},"taskId":null,"retries":"x","outcome":"__proto__"},"cause":{"$":"Error","v":5}}',
  '{"huey:failure":{"error":"e"},"cause":{"$":"Error","v":{"name":"E","message":"m","stack":"s","own":{"__proto__":{"polluted":1}}}}}',
  '{"total":1}',
  '{"total":"x","values":5}',
  '{"once":"yes","until":{}}',
  '{"until":"never"}',
  '{"until":1e999}',
];

/** Bytes that stand where a result, a partial value, a revocation or a progress record should. */
export function spoiled(dice: Dice, valid: Uint8Array): Uint8Array {
  return dice.below(3) === 0
    ? encoder.encode(dice.pick(STORED))
    : dice.below(2) === 0
    ? changed(dice, valid)
    : garbage(dice, valid);
}

/** What must not change, whatever is read. */
export function builtIns(): string {
  const shared = [Object, Function, Array, Error, Map, Set, Date, RegExp, Promise, Uint8Array];
  return shared.map(({ name, prototype }) => `${name}:${Reflect.ownKeys(prototype).map(String).toSorted().join(",")}`).join(
    "\n",
  );
}

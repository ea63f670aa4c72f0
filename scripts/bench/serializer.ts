/**
 * Measures the serializer: `bun scripts/bench/serializer.ts`, `deno run scripts/bench/serializer.ts`.
 * @module
 */
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";

const ROUNDS = 5;
const CALLS = 200_000;

const small = { v: 1, id: "550e8400-e29b-41d4-a716-446655440000", name: "add", args: [1, 2] };
const tagged = { ...small, args: [new Date(0), undefined, new Map([["a", 1n]])] };
const large = { ...small, args: [Array.from({ length: 100 }, (_, index) => ({ index, text: `row ${index}` }))] };

function perSecond(call: () => unknown, calls: number): number {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    for (let index = 0; index < calls; index++) call();
    best = Math.max(best, (calls / (performance.now() - start)) * 1000);
  }
  return best;
}

function report(name: string, serializer: Serializer, value: unknown, calls: number = CALLS): void {
  const data = serializer.serialize(value);
  const encode = perSecond(() => serializer.serialize(value), calls);
  const decode = perSecond(() => serializer.deserialize(data), calls);
  const thousands = (rate: number): string => `${(rate / 1000).toFixed(0)}k/s`.padStart(9);
  console.log(
    `${name.padEnd(28)} ${String(data.length).padStart(6)} B  encode ${thousands(encode)}  decode ${thousands(decode)}`,
  );
}

const serializer = new Serializer();
report("typical message", serializer, small);
report("with tags", serializer, tagged);
report("100 rows", serializer, large, 5000);
report("typical message, signed", new SignedSerializer({ secret: "a secret of 24 bytes..." }), small, 20_000);
report("100 rows, gzip", new Serializer({ compression: true }), large, 2000);

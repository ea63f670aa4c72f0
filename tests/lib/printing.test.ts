import { expect, test } from "bun:test";
import { inspect } from "node:util";
import { chord, group } from "../../lib/composition/group.ts";
import { memory } from "../helpers.ts";

test("handles and compositions print their kind, ids and tasks", async () => {
  const huey = memory();
  const add = huey.task("add", (a: number, b: number) => a + b);
  const sum = huey.task("sum", (values: number[]) => values.length);
  const [one, two] = [add.s(1, 2), add.s(3, 4)];
  const three = sum.s([]);
  const result = await add(1, 2);
  const results = await huey.enqueueMany([one, two]);
  const pipeline = one.andThen(two);
  const chorded = await huey.enqueue(chord([one, two], sum));
  const callback = chorded.callback.id;
  const texts: [unknown, string][] = [
    [result, `result(add: ${result.id})`],
    [results, `result-group(result(add: ${one.id}), result(add: ${two.id}))`],
    [chorded, `chord-result(result-group(result(add: ${one.id}), result(add: ${two.id})) -> result(sum: ${callback}))`],
    [pipeline, `pipeline(task(add: ${one.id}) -> task(add: ${two.id}))`],
    [group([one, pipeline]), `group(task(add: ${one.id}), ${pipeline})`],
    [(chord as (...args: unknown[]) => unknown)([one], three), `chord(group(task(add: ${one.id})) -> task(sum: ${three.id}))`],
  ];
  for (const [value, text] of texts) {
    expect(String(value)).toBe(text);
    expect(inspect(value)).toBe(String(value));
    expect(inspect([value])).toContain(String(value));
  }
  expect(String(one)).toBe(`task(add: ${one.id})`);
});

test("a large group counts what it does not list", async () => {
  const add = memory().task("add", (n: number) => n);
  const results = await add.map(Array.from({ length: 1000 }, (_, n) => n));
  expect(String(results)).toMatch(/, 990 more\)$/);
});

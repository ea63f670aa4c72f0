/** The heap of the storages: what it takes and lists, beside a sorted array. */
import { expect, test } from "bun:test";
import { Heap } from "../../storage/heap.ts";
import { Dice } from "../dice.ts";

function filled(values: readonly number[], compare: (left: number, right: number) => number): Heap<number> {
  const heap = new Heap<number>(compare);
  for (const value of values) heap.push(value);
  return heap;
}

test("lists the smallest in order, as many as are asked for, and keeps all", () => {
  const dice = new Dice(7);
  for (const size of [0, 1, 2, 3, 10, 100, 1000]) {
    const values = Array.from({ length: size }, () => dice.below(500));
    const sorted = values.toSorted((left, right) => left - right);
    const heap = filled(values, (left, right) => left - right);
    for (const limit of [0, 1, 2, 9, 10, 124, 125, 999, 1000, 1001, Infinity]) {
      expect([size, limit, heap.first(limit)]).toEqual([size, limit, sorted.slice(0, limit)]);
    }
    expect(Array.from({ length: size }, () => heap.pop())).toEqual(sorted);
  }
});

test("looks at few values for a short list of many", () => {
  let compared = 0;
  const heap = filled(Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 20_000), (left, right) => {
    compared++;
    return left - right;
  });
  compared = 0;
  expect(heap.first(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(compared).toBeLessThan(200);
});

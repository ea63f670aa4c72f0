/**
 * Items that have a gate or a unique key: on their way to the scripts, and what these tell of them.
 * @module
 */
import type { Enqueued, Item } from "../../lib/storage.ts";
import { double } from "./bytes.ts";
import { PackedItem } from "./pack.ts";
import { itemsOf, tail } from "./record.ts";

/** A word, a position, a value, and so on. */
export type Told = Buffer | number;

/** An `Enqueued` in the making. */
interface Answer {
  duplicates?: Map<number, string>;
  blocked?: Set<number>;
  admitted?: Item[];
}

/** Whether the server has to look at an item before it knows what becomes of it. */
export function mustEnter({ gate, unique }: Item): boolean {
  return gate !== undefined || unique !== undefined;
}

/** Such an item, or one among them, with its due time. */
export function entering(item: Item): PackedItem {
  return new PackedItem(item, item.dueMs ?? NaN);
}

/** The same as bytes. */
export function dueAndTail(item: Item): Buffer {
  return Buffer.concat([double(item.dueMs ?? NaN), tail(item)]);
}

/** What the script has told of one item, if it has told anything. */
export function enteredAnswer(reply: unknown): Enqueued | undefined {
  return reply === null ? undefined : enteredAnswers([1], reply as Told[])[0]!;
}

/** What became of the items of each call. @param sizes How many items each call has. */
export function enteredAnswers(sizes: readonly number[], told: readonly Told[]): readonly Enqueued[] {
  const answers = sizes.map((): Answer => ({}));
  let [call, start] = [0, 0];
  for (let index = 0; index < told.length; index += 3) {
    const position = told[index + 1] as number;
    while (position >= start + sizes[call]!) start += sizes[call++]!;
    addTold(answers[call]!, String(told[index]), position - start, told[index + 2] as Buffer);
  }
  return answers;
}

function addTold(answer: Answer, word: string, position: number, value: Buffer): void {
  if (word === "duplicate") (answer.duplicates ??= new Map()).set(position, String(value));
  else if (word === "blocked") (answer.blocked ??= new Set()).add(position);
  else (answer.admitted ??= []).push(...itemsOf([value], 0));
}

/**
 * What scripts tell of items that were enqueued or settled, where it is not what usually becomes of them.
 * @module
 */
import type { Item, Moved } from "../../../lib/storage.ts";
import { itemOf, itemsOf, readTail } from "./record.ts";

/** A word, the number of the call or settlement, the position in it, a value, and so on. */
export type Told = Buffer | number;

/** What was told of one call or settlement. */
export interface Answer {
  duplicates?: Map<number, string>;
  blocked?: Set<number>;
  admitted?: Item[];
  callback?: Moved;
}

/** @param count How many calls or settlements there were. @param told Nothing but an empty text if all is as usual */
export function answersOf(count: number, told: readonly Told[] | Buffer): readonly Answer[] {
  const answers = Array.from({ length: count }, (): Answer => ({}));
  for (let index = 0; index + 3 < told.length; index += 4) {
    const [word, number, position, value] = (told as readonly Told[]).slice(index, index + 4);
    addTold(answers[number as number]!, String(word), position as number, value as Buffer);
  }
  return answers;
}

function addTold(answer: Answer, word: string, position: number, value: Buffer): void {
  if (word === "duplicate") (answer.duplicates ??= new Map()).set(position, String(value));
  else if (word === "blocked") (answer.blocked ??= new Set()).add(position);
  else if (word === "admitted") (answer.admitted ??= []).push(...itemsOf([value], 0));
  else {
    const callback = readDueAndTail(value);
    if (callback) answer.callback = word === "waits" ? { ...callback, blocked: true } : callback;
  }
}

/** An item that has its due time in front, NaN for none. */
export function readDueAndTail(bytes: Buffer): Item | undefined {
  const read = readTail(bytes, 8);
  const dueMs = read && bytes.readDoubleBE(0);
  return read && itemOf(read, Number.isNaN(dueMs) ? undefined : dueMs);
}

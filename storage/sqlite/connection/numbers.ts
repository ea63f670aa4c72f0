/**
 * The numbers of messages. A number tells the queue, whether the message has a priority, and its place: plain messages (those of
 * priority 0) stand in their queue by number alone, so that they need no index for their order.
 *
 * Plain messages are claimed in the order of their numbers, so those that are claimed stand at the front. `low` and `high` of a
 * queue bound where: before `low` none waits, from `high` on all wait, without a gap. They move once in a while, not with each
 * claim, and bound what is read to find the first that waits, to find the claimed ones, and to count.
 * @module
 */

/** How many numbers the plain, and the prioritised, messages of a queue have: a year and more at 50,000 a second. */
const NUMBERS = 2 ** 41;

/** Queues in one file; more numbers would not be exact in JavaScript. */
export const MOST_QUEUES: number = 2 ** 53 / NUMBERS / 2 - 1;

/** SQL for numbers that can be ours: others are not exact in JavaScript. */
export const IS_NUMBER: string = `seq between 0 and ${Number.MAX_SAFE_INTEGER}`;

/** The first number of the plain messages of a queue. */
export function firstPlain(queue: number): number {
  return queue * 2 * NUMBERS;
}

/** The first number of its messages with a priority, which is the end of the plain ones. */
export function firstPrioritised(queue: number): number {
  return firstPlain(queue) + NUMBERS;
}

/** The first number of the next queue. */
export function endOfNumbers(queue: number): number {
  return firstPlain(queue + 1);
}

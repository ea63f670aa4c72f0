/**
 * The numbers of messages. A number tells the queue, whether the message has a priority, and its place: plain messages (those of
 * priority 0) stand in their queue by number alone, so that they need no index for their order.
 *
 * Plain messages are claimed in the order of their numbers, so those that are claimed stand at the front. `low` and `high` of a
 * queue bound where: before `low` none waits, from `high` on all wait, without a gap. They move once in a while, not with each
 * claim, and bound what is read to find the first that waits, to find the claimed ones, and to count.
 * @module
 */
import type { Session } from "../connection/session.ts";

/** How many numbers the plain, and the prioritised, messages of a queue have: a year and more at 50,000 a second. */
const NUMBERS = 2 ** 41;

/** Queues in one file; more numbers would not be exact in JavaScript. */
export const MOST_QUEUES: number = 2 ** 53 / NUMBERS / 2 - 1;

/** How far `high` is moved ahead of the claims. */
const AHEAD = 256;

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

/** The number of the next plain message: behind the last one, and never before `low`. Parameters: queue, its first prioritised number. */
export const NEXT_PLAIN =
  `select max(low, ifnull((select seq from huey_task where seq < ?2 + 0 order by seq desc limit 1), 0) + 1)
  from huey_queue where id = ?1`;

/** @returns the number that the next message gets */
export function nextNumber(session: Session, isPlain: boolean): number {
  const { queue } = session;
  if (isPlain) return Number(session.get(`select (${NEXT_PLAIN}) as seq`, queue, firstPrioritised(queue))?.seq);
  const row = session.get("select max(seq) as seq from huey_task where seq < ?", endOfNumbers(queue));
  return Math.max(Number(row?.seq), firstPrioritised(queue) - 1) + 1;
}

/** Notes that all plain messages up to `last` are claimed or gone. Others behind it may be claimed too, if it had been given back. */
export function moveAhead(session: Session, last: number): void {
  session.run("update huey_queue set low = ?, high = max(high, ?) where id = ?", last + 1, last + 1 + AHEAD, session.queue);
}

/** Notes that a message waits again. */
export function moveBack(session: Session, seq: number): void {
  session.run("update huey_queue set low = min(low, ?) where id = ?", seq, session.queue);
}

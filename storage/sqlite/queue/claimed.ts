/**
 * How the claims of a queue are found, and named.
 * @module
 */
import { firstPlain } from "../records/numbers.ts";
import { NOBODY } from "../connection/schema.ts";

const FIRST_PLAIN = `${firstPlain(1)} * ?1`;

/** Other numbers are not ours, and not exact in JavaScript. */
export const IS_NUMBER: string = `seq between 0 and ${Number.MAX_SAFE_INTEGER}`;

/** All claims of a queue, its number being the first parameter. Plain ones stand before `high`, the others are in the index. */
export const CLAIMED: string = `from (
  select * from huey_task where seq >= ${FIRST_PLAIN} and seq < (select high from huey_queue where id = ?1) and owner > ${NOBODY}
  union all
  select * from huey_task where queue = ?1 and owner > ${NOBODY} and priority <> 0 and ${IS_NUMBER}
)`;

/** The number of the row and the number of the hand-out. */
export function splitToken(token: string): [number, number] {
  const dot = token.indexOf(".");
  return [Number(token.slice(0, dot)), Number(token.slice(dot + 1))];
}

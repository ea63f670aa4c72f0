/**
 * Numbers for the ids of tasks. Rows are found by number and id, and only the number is in an index, which then is a third as large
 * as one of ids.
 * @module
 */

/** Of the time in a UUID of version 7, in milliseconds, so much is kept. */
const TIMES = 2 ** 41;

/**
 * The number of an id: the same each time, rarely that of another one, and growing with the time for ids that begin with it, so
 * that the index grows at its end.
 *
 * @param id Any text.
 * @returns A whole number below 2 ** 53.
 */
export function idNumber(id: string): number {
  if (!isTimed(id)) return hash(id);
  const time = digits(digits(0, id, 0, 8), id, 9, 13);
  return digits(time % TIMES, id, 33, 36);
}

/** Whether it looks like a UUID of version 7. */
function isTimed(id: string): boolean {
  return id.length === 36 && id[8] === "-" && id[13] === "-" && id[14] === "7" && id[18] === "-" && id[23] === "-";
}

/** Appends hexadecimal digits to a number. */
function digits(number: number, id: string, start: number, end: number): number {
  for (let index = start; index < end; index++) {
    const code = id.charCodeAt(index);
    number = number * 16 + ((code & 15) + (code > 57 ? 9 : 0)) % 16;
  }
  return number;
}

function hash(id: string): number {
  let low = 0;
  let high = 0;
  for (let index = 0; index < id.length; index++) {
    low = (Math.imul(low, 31) + id.charCodeAt(index)) | 0;
    high = (Math.imul(high, 37) + id.charCodeAt(index)) | 0;
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

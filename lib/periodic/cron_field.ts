/**
 * One field of a crontab: text or a number into the values that match.
 * @module
 */

/** Name and range of a field. */
export interface FieldRule {
  readonly name: FieldName;
  readonly min: number;
  readonly max: number;
  /** Names for values, from `min` on. */
  readonly names?: readonly string[];
}

/** Names of the fields, in the order of an expression. */
export type FieldName = "minute" | "hour" | "day" | "month" | "dayOfWeek";

/** The fields in the order of an expression. */
export const FIELD_RULES: readonly FieldRule[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day", min: 1, max: 31 },
  {
    name: "month",
    min: 1,
    max: 12,
    names: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
  },
  { name: "dayOfWeek", min: 0, max: 7, names: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] },
];

const SUNDAY = 7;

/** `*` or a value, perhaps a second value after a hyphen, perhaps a step after a slash. */
const PIECE = /^(?<start>\*|\d+|[a-z]+)(?:-(?<end>\d+|[a-z]+))?(?:\/(?<step>\d+))?$/i;

/**
 * The values that a field matches.
 *
 * @param rule The field.
 * @param input A whole number, or pieces between commas, with spaces around them or not: `*`, `5`, `1-5`, `*` + `/15`,
 * `0-30/10`. Months and weekdays have names in any case; Sunday is 0 and 7.
 * @returns The values, ascending; Sunday is 0.
 * @throws {TypeError} If it is neither text nor a number.
 * @throws {RangeError} If it is not understood or out of range.
 */
export function parseField(rule: FieldRule, input: unknown): readonly number[] {
  if (typeof input !== "number" && typeof input !== "string") {
    throw new TypeError(`crontab ${rule.name} must be text or a number: ${input === null ? "null" : typeof input}`);
  }
  const values = new Set<number>();
  for (const piece of String(input).split(",")) {
    for (const value of parsePiece(rule, piece.trim())) values.add(rule.max === SUNDAY ? value % SUNDAY : value);
  }
  return [...values].sort((a, b) => a - b);
}

function parsePiece(rule: FieldRule, piece: string): number[] {
  if (piece === "") throw refusal(rule, piece, "is empty");
  const { start, end, step } = PIECE.exec(piece)?.groups ?? {};
  if (start === undefined) throw refusal(rule, piece, "is not understood, write 5, 1-5, */15, 0-30/10 or *");
  if (start === "*") {
    if (end !== undefined) throw refusal(rule, piece, "has a range that starts with *");
    return range(rule.min, rule.max === SUNDAY ? SUNDAY - 1 : rule.max, readStep(rule, piece, step));
  }
  if (end === undefined) {
    if (step !== undefined) throw refusal(rule, piece, `has a step without a range, write ${start}-${rule.max}/${step}`);
    return [readValue(rule, piece, start)];
  }
  const [first, last] = readRange(rule, piece, start, end);
  return range(first, last, readStep(rule, piece, step));
}

function readRange(rule: FieldRule, piece: string, start: string, end: string): [first: number, last: number] {
  let first = readValue(rule, piece, start);
  let last = readValue(rule, piece, end);
  if (rule.max === SUNDAY) {
    // Sunday begins the week as well as it ends it: 7-2 is 0-2, and FRI-SUN is 5-7.
    if (first === SUNDAY && last < SUNDAY) first = 0;
    if (last === 0 && first > 0 && end.toUpperCase() === "SUN") last = SUNDAY;
  }
  if (first > last) throw refusal(rule, piece, "is a reversed range, write two pieces such as 22-23,0-2 to go past the end");
  return [first, last];
}

function readValue(rule: FieldRule, piece: string, text: string): number {
  const place = rule.names?.indexOf(text.toUpperCase()) ?? -1;
  if (place >= 0) return rule.min + place;
  if (!/^\d+$/.test(text)) {
    const names = rule.names === undefined ? "it takes no names" : `its names are ${rule.names.join(", ")}`;
    throw refusal(rule, piece, `has the unknown name ${JSON.stringify(text)}, ${names}`);
  }
  const value = Number(text);
  if (value < rule.min || value > rule.max) throw refusal(rule, piece, `is out of range ${rule.min}-${rule.max}`);
  return value;
}

function readStep(rule: FieldRule, piece: string, step = "1"): number {
  const value = Number(step);
  if (value === 0) throw refusal(rule, piece, "has a step of 0, the least is 1");
  return value;
}

function range(first: number, last: number, step: number): number[] {
  const values: number[] = [];
  for (let value = first; value <= last; value += step) values.push(value);
  return values;
}

function refusal(rule: FieldRule, piece: string, reason: string): RangeError {
  return new RangeError(`crontab ${rule.name} ${JSON.stringify(piece)} ${reason}`);
}

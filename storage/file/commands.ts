/**
 * Commands: what the log says. A command is the name of a method of `MemoryStore`, or of one of its spaces, and its arguments. It
 * is checked completely, by the shapes here, before it is written and again when it is read, so that it never fails half way.
 * @module
 */
import type {
  Burial,
  CanceledStep,
  ChordPlace,
  ChordRecord,
  ChordReport,
  Claim,
  CountBounds,
  CountRow,
  DeadLetterBounds,
  Gate,
  Item,
  Lease,
  Owner,
  OwnerFilter,
  Pause,
  PutIfEmptyOptions,
  Settlement,
  UniqueKey,
} from "../../lib/storage.ts";
import { DEAD_LETTER_KINDS, ENDINGS, FLUSH_PARTS } from "../../lib/storage.ts";
import { SPACES } from "../calls.ts";
import type { MemoryStore } from "../memory/store.ts";
import { type HeldValue, isReference } from "./large.ts";
import { checkItem } from "./options.ts";
import { bytes, either, fields, flag, type Hold, list, number, oneOf, optional, type Shape, tally, text } from "./shapes.ts";

/** A change that somebody has asked for. */
export interface Command {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Large values that it mentions, as they were handed in. */
  readonly large: readonly HeldValue[];
}

/** A chord has no more places. */
const MOST_PLACES = 1_000_000;

const limit: Shape<number> = (value, hold) => Math.max(0, number(value, hold));
const finite: Shape<number> = (value, hold) => number(Number.isFinite(value) ? value : undefined, hold);
const ending = oneOf(...ENDINGS);

const place: Shape<number> = (value, hold) => {
  const index = number(value, hold);
  if (!Number.isInteger(index) || Math.abs(index) > MOST_PLACES) throw new RangeError(`No place or size of a chord: ${index}`);
  return index;
};

const anyItem = fields<Item>({
  id: text,
  data: bytes,
  priority: number,
  dueMs: optional(finite),
  retry: optional(flag),
  track: flag,
  chord: optional(fields<ChordPlace>({ id: text, index: number })),
  gate: optional(fields<Gate>({ key: text, limit: number })),
  unique: optional(fields<UniqueKey>({ key: text, until: either(oneOf("start", "end"), number), from: optional(text) })),
  steps: optional(text),
  about: optional(text),
});

const item: Shape<Item> = (value, hold) => {
  checkItem(value as Item);
  return anyItem(value, hold);
};

const chord = fields<ChordRecord>({ id: text, size: place, callback: item });

/** What the store needs of a claim that is handed in; it has the rest. */
const claim = fields<Pick<Claim, "token" | "id" | "priority" | "track" | "steps">>({
  token: text,
  id: text,
  priority: number,
  track: flag,
  steps: optional(text),
}) as Shape<Claim>;

const owner = fields<Owner>({ consumer: text, worker: text });
const target = fields<OwnerFilter>({ consumer: text, worker: optional(text) });
const lease = fields<Lease>({ consumer: text, ttlMs: number, host: text, pid: number, about: optional(text) });
const step = oneOf("minute", "hour");

const burial = fields<Burial>({
  kind: oneOf(...DEAD_LETTER_KINDS),
  id: text,
  reason: text,
  atMs: finite,
  data: bytes,
  taskId: optional(text),
  taskName: optional(text),
  error: optional(bytes),
  attempts: optional(number),
});

const settlement = fields<Settlement>({
  claim: optional(claim),
  id: text,
  again: optional(flag),
  result: optional(bytes),
  resultTtlMs: optional(number),
  ending: optional(ending),
  noticeTtlMs: number,
  dropRevocations: optional(list(text)),
  enqueue: optional(list(item)),
  next: optional(item),
  chords: optional(list(chord)),
  chord: optional(fields<ChordReport>({ id: text, index: place, value: bytes })),
  canceled: optional(list(fields<CanceledStep>({ id: text, result: optional(bytes) }))),
  dropChord: optional(text),
  bury: optional(burial),
  buryBounds: optional(fields<DeadLetterBounds>({ count: number, ageMs: optional(number) })),
  dropSteps: optional(text),
  about: optional(text),
  dropLocks: optional(flag),
  passLocks: optional(owner),
});

const row = fields<CountRow>({ step, atMs: finite, taskName: text, sums: tally, maxima: tally });
const bounds = fields<CountBounds>({ minuteAgeMs: number, hourAgeMs: number, recent: limit });
const putOptions = fields<PutIfEmptyOptions>({ ttlMs: optional(number), holder: optional(text) });

const SPACE_SHAPES: Readonly<Record<string, readonly Shape<unknown>[]>> = {
  put: [text, bytes, optional(number)],
  pop: [text],
  change: [text, optional(bytes), optional(bytes), optional(putOptions)],
  flush: [],
};

const STORE_SHAPES: Readonly<Record<string, readonly Shape<unknown>[]>> = {
  enqueue: [list(item), optional(list(chord))],
  enqueueOnce: [text, number, item],
  claim: [limit, owner],
  settle: [settlement],
  begin: [claim],
  keep: [claim, text, bytes],
  leaveGate: [claim],
  release: [list(claim)],
  renewLease: [lease],
  endLease: [text],
  recover: [optional(target), optional(lease)],
  promoteDue: [limit],
  promote: [text],
  pause: [fields<Pause>({ untilMs: optional(number) })],
  resume: [],
  increment: [text, number, optional(number)],
  requeueDeadLetter: [text, item, optional(list(text))],
  deleteDeadLetter: [text],
  count: [list(row), list(bytes), bounds],
  flush: [optional(list(oneOf(...FLUSH_PARTS)))],
};

/** The shapes of the arguments of each command. */
const SHAPES: ReadonlyMap<string, readonly Shape<unknown>[]> = new Map([
  ...Object.entries(STORE_SHAPES),
  ...SPACES.flatMap((space) => Object.entries(SPACE_SHAPES).map(([name, shapes]) => [`${space}.${name}`, shapes] as const)),
]);

/** Whether there is a command of this name. */
export function isCommand(name: string): boolean {
  return SHAPES.has(name);
}

/**
 * Checks a command.
 *
 * @param hold What becomes of bytes.
 * @returns a copy that shares nothing with the arguments
 * @throws {TypeError | RangeError} If it is none
 */
export function checkCommand(name: string, args: readonly unknown[], hold: Hold): Command {
  const shapes = SHAPES.get(name);
  if (shapes === undefined) throw new TypeError(`There is no command "${name}"`);
  const large: HeldValue[] = [];
  const held: Hold = (bytes) => {
    const reference = hold(bytes);
    if (reference !== bytes && isReference(reference)) large.push({ reference, bytes });
    return reference;
  };
  return { name, args: shapes.map((shape, index) => shape(args[index], held)), large };
}

/** Carries a command out. @returns what the method answers */
export function applyCommand(store: MemoryStore, { name, args }: Command): unknown {
  const [first = "", second] = name.split(".");
  const object: unknown = second === undefined ? store : store[first as "data"];
  return (object as Record<string, (...args: readonly unknown[]) => unknown>)[second ?? first]!(...args);
}

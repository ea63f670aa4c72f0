/**
 * Storages whose calls are all carried out by one function, and the list of these calls, each with the answer of a storage that keeps
 * nothing.
 * @module
 */
import type { Item, KeyValue, Storage } from "../lib/storage.ts";

/** Names of the methods that only a driver can answer. */
type Calls<T> =
  & { [Name in keyof T]: T[Name] extends (...values: never[]) => Promise<unknown> ? Name : never }[keyof T]
  & keyof T;

/** What each of them answers where nothing is kept. */
type EmptyAnswers<T> = {
  readonly [Name in Calls<T>]: T[Name] extends (...values: infer A) => Promise<infer R> ? (...values: A) => R : never;
};

/** In the order of the contract. A wait for a result ends at once: none will ever come. */
export const STORAGE_ANSWERS: EmptyAnswers<Storage> = {
  enqueue: () => ({}),
  enqueueOnce: () => ({}),
  claim: () => ({ claims: [], revocations: false }),
  begin: () => true,
  keep: () => true,
  kept: () => new Map(),
  leaveGate: () => [],
  settle: () => ({ held: true }),
  release: () => {},
  claimed: () => [],
  renewLease: () => {},
  endLease: () => {},
  leases: () => [],
  recover: () => [],
  promoteDue: () => [],
  promote: () => undefined,
  dueMs: () => undefined,
  endedOf: (ids) => [...ids],
  listen: () => () => {},
  pause: () => {},
  resume: () => false,
  paused: () => undefined,
  state: () => undefined,
  increment: (_key, by) => by,
  collect: () => ({ values: [], filledMs: undefined }),
  pending: () => [],
  scheduled: () => [],
  pendingCount: () => 0,
  scheduledCount: () => 0,
  running: () => [],
  blocked: () => [],
  blockedCount: () => 0,
  oldestMs: () => undefined,
  deadLetters: () => [],
  deadLetterCount: () => 0,
  deadLetter: () => undefined,
  requeueDeadLetter: () => undefined,
  deleteDeadLetter: () => false,
  count: () => {},
  counts: () => [],
  recent: () => [],
  flush: () => {},
  close: () => {},
};

/** Of a name space. What is put conditionally counts as put: each key is free. */
export const SPACE_ANSWERS: EmptyAnswers<KeyValue> = {
  put: () => {},
  peekMany: (keys) => keys.map(() => undefined),
  peek: () => undefined,
  pop: () => undefined,
  delete: () => false,
  has: () => false,
  putIfEmpty: () => true,
  deleteIfEqual: () => false,
  replaceIfEqual: (_key, expected) => expected === undefined,
  size: () => 0,
  entries: () => new Map(),
  flush: () => {},
};

/** The name spaces. */
export const SPACES = ["results", "locks", "data", "revocations", "meta"] as const;

/** Names of the name spaces. */
export type SpaceName = typeof SPACES[number];

/** Carries out a call: of the storage itself, or of one of its name spaces. */
export type CarryOut = (name: string, values: never[], space: SpaceName | undefined) => Promise<unknown>;

/** What is known of a storage without a call. */
export interface KnownStorage extends Pick<Storage, "name" | "shared" | "place" | "descriptor"> {
  /** As `Storage.check`. */
  readonly check: (item: Item) => void;
}

/** The calls, and the name spaces. */
export interface CalledStorage extends Pick<Storage, Calls<Storage> | SpaceName> {}

/** A storage whose calls are all carried out by one function. */
export class CalledStorage implements Storage {
  readonly name: string;
  readonly shared: boolean;
  readonly place: string | undefined;
  readonly descriptor: Storage["descriptor"];
  readonly #check: (item: Item) => void;

  /** @param known What is told without a call. @param carryOut Carries out the others. */
  constructor(known: KnownStorage, carryOut: CarryOut) {
    this.name = known.name;
    this.shared = known.shared;
    this.place = known.place;
    this.descriptor = known.descriptor;
    this.#check = known.check;
    addCalls(this, STORAGE_ANSWERS, (name, values) => carryOut(name, values, undefined));
    for (const space of SPACES) {
      const calls = addCalls({}, SPACE_ANSWERS, (name, values) => carryOut(name, values, space));
      Object.defineProperty(this, space, { value: calls, writable: true, configurable: true });
    }
  }

  /** @throws What the driver would throw. */
  check(item: Item): void {
    this.#check(item);
  }
}

/** Gives an object methods. Tests replace some of them. */
function addCalls(target: object, names: object, carryOut: (name: string, values: never[]) => Promise<unknown>): object {
  for (const name of Object.keys(names)) {
    const value = (...values: never[]): Promise<unknown> => carryOut(name, values);
    Object.defineProperty(target, name, { value, writable: true, configurable: true });
  }
  return target;
}

/**
 * Storages whose calls are all carried out by one function, and the list of these calls, each with the answer of a storage that keeps
 * nothing.
 * @module
 */
import { StorageError } from "../lib/errors.ts";
import type { Item, KeyValue, Storage } from "../lib/storage.ts";

/** Names of the methods that only a driver can answer. */
type Calls<T> =
  & { [Name in keyof T]: T[Name] extends (...values: never[]) => Promise<unknown> ? Name : never }[keyof T]
  & keyof T;

/** The same methods of something that answers at once. */
export type Immediate<T> = {
  readonly [Name in Calls<T>]: T[Name] extends (...values: infer A) => Promise<infer R> ? (...values: A) => R : never;
};

/** What a storage answers that keeps nothing, in the order of the contract. A wait for a result ends at once: none will ever come. */
export const STORAGE_ANSWERS: Immediate<Storage> = {
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

/** The same of a name space. What is put conditionally counts as put: each key is free. */
export const SPACE_ANSWERS: Immediate<KeyValue> = {
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

/** What answers all calls of a storage at once. */
export type ImmediateStorage = Immediate<Storage> & { readonly [Space in SpaceName]: Immediate<KeyValue> };

/** Carries out a call: of the storage itself, or of one of its name spaces. */
export type CarryOut = (name: string, values: never[], space?: SpaceName) => Promise<unknown>;

/** What is known of a storage without a call. */
export interface KnownStorage extends Pick<Storage, "name" | "shared" | "place" | "descriptor"> {
  /** As `Storage.check`. */
  readonly check: (item: Item) => void;
}

/** The calls are added below, the name spaces to each of them. */
export interface CalledStorage extends Storage {}

/** A storage whose calls are all carried out by one function. */
export class CalledStorage {
  readonly name: string;
  readonly shared: boolean;
  readonly place: string | undefined;
  readonly descriptor: Storage["descriptor"];
  readonly check: (item: Item) => void;
  readonly #carryOut: CarryOut;

  static {
    addMethods(this.prototype, STORAGE_ANSWERS, (name) =>
      function (this: CalledStorage, ...values: never[]) {
        return this.#carryOut(name, values);
      });
  }

  /** @param known What is told without a call. @param carryOut Carries out the others. */
  constructor(known: KnownStorage, carryOut: CarryOut) {
    this.name = known.name;
    this.shared = known.shared;
    this.place = known.place;
    this.descriptor = known.descriptor;
    this.check = known.check;
    this.#carryOut = carryOut;
    for (const space of SPACES) {
      const value = new CalledSpace((name, values) => carryOut(name, values, space));
      Object.defineProperty(this, space, { value, writable: true, configurable: true });
    }
  }
}

/** One of its name spaces. */
class CalledSpace {
  readonly #carryOut: CarryOut;

  static {
    addMethods(this.prototype, SPACE_ANSWERS, (name) =>
      function (this: CalledSpace, ...values: never[]) {
        return this.#carryOut(name, values);
      });
  }

  constructor(carryOut: CarryOut) {
    this.#carryOut = carryOut;
  }
}

/** Gives a class methods of these names. Tests replace some of them. */
function addMethods(prototype: object, names: object, method: (name: string) => (...values: never[]) => unknown): void {
  for (const name of Object.keys(names)) {
    Object.defineProperty(prototype, name, { value: method(name), writable: true, configurable: true });
  }
}

/**
 * Carries calls out by something that answers at once. What it throws becomes a rejection, and so does each call after a close.
 *
 * @param name Of the storage, for the error.
 */
export function answerAtOnce(name: string, storage: ImmediateStorage): CarryOut {
  let closed = false;
  // deno-lint-ignore require-await -- what is thrown must become a rejection
  return async (call, values, space) => {
    if (closed && call !== "close") throw new StorageError(`Storage "${name}" is closed`);
    closed ||= call === "close";
    const target: object = space === undefined ? storage : storage[space];
    return (target as Record<string, (...values: never[]) => unknown>)[call]!(...values);
  };
}

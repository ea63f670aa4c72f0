/**
 * A storage whose driver is loaded when it is first used, so that a program pays only for the drivers that it uses.
 * @module
 */
import type { Item, KeyValue, Storage, StorageDescriptor } from "../lib/storage.ts";

/** What is known of a storage before its driver is loaded. */
export interface LazyOptions {
  readonly name: string;
  readonly shared: boolean;
  /** As `Storage.place`. */
  readonly place?: string | undefined;
  readonly descriptor: StorageDescriptor | undefined;
  /** As `Storage.check`. */
  readonly check: (item: Item) => void;
  /** Whether the driver has `Storage.claimOrWait`. */
  readonly canWait?: boolean | undefined;
  /** Loads the driver. Everything that can be wrong with the options was found before. */
  readonly load: () => Promise<Storage>;
}

/** A method that only the driver can answer. */
type Call = (...values: never[]) => Promise<unknown>;

/** Names of these methods. */
type Calls<T> = { [Name in keyof T]: T[Name] extends Call ? Name : never }[keyof T] & keyof T;

/** Uses what may not be there yet; who comes first is served first. */
type Use<T> = <R>(call: (loaded: T) => Promise<R>) => Promise<R>;

/** All that is handed to the driver. */
const STORAGE_CALLS: Readonly<Record<Calls<Storage>, true>> = {
  enqueue: true,
  enqueueOnce: true,
  claim: true,
  settle: true,
  begin: true,
  keep: true,
  kept: true,
  leaveGate: true,
  release: true,
  claimed: true,
  renewLease: true,
  endLease: true,
  leases: true,
  recover: true,
  promoteDue: true,
  promote: true,
  dueMs: true,
  endedOf: true,
  listen: true,
  pause: true,
  resume: true,
  paused: true,
  state: true,
  increment: true,
  collect: true,
  pending: true,
  scheduled: true,
  pendingCount: true,
  scheduledCount: true,
  running: true,
  blocked: true,
  blockedCount: true,
  oldestMs: true,
  deadLetters: true,
  deadLetterCount: true,
  deadLetter: true,
  requeueDeadLetter: true,
  deleteDeadLetter: true,
  count: true,
  counts: true,
  recent: true,
  flush: true,
  close: true,
};

const SPACE_CALLS: Readonly<Record<Calls<KeyValue>, true>> = {
  put: true,
  peekMany: true,
  peek: true,
  pop: true,
  delete: true,
  has: true,
  putIfEmpty: true,
  deleteIfEqual: true,
  replaceIfEqual: true,
  size: true,
  entries: true,
  flush: true,
};

/** The methods of the driver. */
export interface LazyStorage extends Pick<Storage, Calls<Storage>> {
  readonly results: KeyValue;
  readonly locks: KeyValue;
  readonly data: KeyValue;
  readonly revocations: KeyValue;
  readonly meta: KeyValue;
}

/** Hands everything to the driver, which it loads at the first call. */
export class LazyStorage implements Storage {
  readonly name: string;
  readonly shared: boolean;
  readonly place: string | undefined;
  readonly descriptor: StorageDescriptor | undefined;
  readonly claimOrWait?: NonNullable<Storage["claimOrWait"]>;
  readonly #check: (item: Item) => void;

  /** @param options What the driver's own class knows before it is loaded. */
  constructor(options: LazyOptions) {
    this.name = options.name;
    this.shared = options.shared;
    this.place = options.place;
    this.descriptor = options.descriptor;
    this.#check = options.check;
    const use = atFirstUse(options.load);
    const space = (name: "results" | "locks" | "data" | "revocations" | "meta"): KeyValue =>
      forward<KeyValue>({}, SPACE_CALLS, (call) => use((driver) => call(driver[name])));
    const spaces = {
      results: space("results"),
      locks: space("locks"),
      data: space("data"),
      revocations: space("revocations"),
      meta: space("meta"),
    };
    forward<Storage>(Object.assign(this, spaces), STORAGE_CALLS, use);
    if (options.canWait) this.claimOrWait = (...asked) => use((driver) => driver.claimOrWait!(...asked));
  }

  /** @throws What the driver would throw. */
  check(item: Item): void {
    this.#check(item);
  }
}

/** Gives an object methods that are carried out by what is loaded. */
function forward<T extends object>(target: object, names: Readonly<Record<Calls<T>, true>>, use: Use<T>): T {
  for (const name of Object.keys(names)) {
    const method = (...values: never[]): Promise<unknown> =>
      use((loaded) => (Reflect.get(loaded, name) as Call).apply(loaded, values));
    Object.defineProperty(target, name, { value: method, writable: true, configurable: true });
  }
  return target as T;
}

function atFirstUse<T>(load: () => Promise<T>): Use<T> {
  let loaded: T | undefined;
  let loading: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    const begun = load();
    // Apart from the promise that calls wait for, so that none gets ahead of them between its loading and their turn.
    begun.then((driver) => loaded = driver, () => loading = undefined);
    return begun;
  };
  return (call) => {
    if (loaded !== undefined) return call(loaded);
    loading ??= begin();
    return loading.then(call);
  };
}

/**
 * The driver of the storage that keeps everything in files of one folder, for several processes of one computer. No server, no library
 * and no lock: everybody appends commands to one log, and carries out what is in it.
 *
 * `folder.ts` says what is where, `log.ts` and `record.ts` how commands are written, `replica.ts` what becomes of them,
 * `generations.ts` how a log ends, `large.ts` where large values are.
 * @module
 */
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { KeyValue, Storage } from "../../lib/storage.ts";
import type { MemoryStore } from "../memory/store.ts";
import { checkCommand } from "./commands.ts";
import { Folder } from "./folder.ts";
import { LargeValues } from "./large.ts";
import { checkItem, type FileOptions, fileSettings, rootOf } from "./options.ts";
import { Replica } from "./replica.ts";
import { type Answer, Turns } from "./turns.ts";
import { FileKeyValue } from "./values.ts";
import { Waits } from "./waits.ts";

export type { FileOptions };

/** Looks whether there is anything to change, and answers if there is not. */
type Look<Name extends Looked> = (store: MemoryStore, ...asked: Parameters<Storage[Name]>) => Answer | undefined;

/** Operations that look at the state. */
const READS = [
  "kept",
  "claimed",
  "leases",
  "dueMs",
  "paused",
  "endedOf",
  "state",
  "collect",
  "pending",
  "scheduled",
  "pendingCount",
  "scheduledCount",
  "running",
  "blocked",
  "blockedCount",
  "oldestMs",
  "deadLetters",
  "deadLetterCount",
  "deadLetter",
  "counts",
  "recent",
] as const;

/** Operations that change the state, whatever it is. */
const WRITES = [
  "begin",
  "keep",
  "settle",
  "leaveGate",
  "renewLease",
  "endLease",
  "recover",
  "promote",
  "pause",
  "resume",
  "increment",
  "count",
  "flush",
] as const;

/** Operations that often change nothing. */
type Looked = "enqueue" | "enqueueOnce" | "claim" | "release" | "promoteDue" | "requeueDeadLetter" | "deleteDeadLetter";

type Looks = { readonly [Name in Looked]: Look<Name> };

/** All of these. */
type Bound = (typeof READS)[number] | (typeof WRITES)[number] | Looked;

/** How operations are carried out. */
interface Ways {
  readonly large: LargeValues;
  readonly turns: Turns;
  readonly clock: Clock;
}

/**
 * Makes a storage.
 *
 * @param options Name of the queue (default "huey"; each name has a folder of its own below `path`) and {@linkcode FileOptions}.
 * @returns The storage.
 * @throws {TypeError} For an unknown option, or a value of a wrong type.
 * @throws {RangeError} If `levels` or `mode` is out of range.
 * @throws {ConfigurationError} If there is no path, something else than a folder is there, or a queue that this version cannot read.
 */
export function fileStorage(options: { readonly name?: string; readonly clock?: Clock } & FileOptions): Storage {
  const settings = fileSettings(options);
  const { name, path, levels, mode, fsync, clock = systemClock } = settings;
  const folder = new Folder({ path: rootOf(settings), mode, fsync });
  const large = new LargeValues(folder, levels);
  const replica = new Replica(folder, large, clock);
  const turns: Turns = new Turns({ name, replica, ring: (topics) => waits.ring(topics) });
  const waits: Waits = new Waits({ folder, clock, catchUp: () => void turns.read(() => {}).catch(() => {}) });
  const space = (name: "results" | "locks" | "data" | "revocations" | "meta"): KeyValue => new FileKeyValue(name, turns, large);
  const bound = bind({ large, turns, clock });
  return {
    name,
    shared: true,
    place: path,
    descriptor: undefined,
    results: space("results"),
    locks: space("locks"),
    data: space("data"),
    revocations: space("revocations"),
    meta: space("meta"),
    check: checkItem,
    ...bound,
    async renewLease(lease) {
      await bound.renewLease(lease);
      return replica.takeLines();
    },
    // deno-lint-ignore require-await -- what is thrown must become a rejection
    async listen(topic, wake) {
      turns.assertOpen();
      const [forget, stop] = [replica.store.listen(topic, wake), waits.listen(topic)];
      return () => (forget(), stop());
    },
    async close() {
      waits.close();
      await turns.close();
      replica.store.waits.end();
    },
  };
}

function looks(clock: Clock): Looks {
  const isGone = (store: MemoryStore, id: string): boolean => store.deadLetter(id) === undefined;
  return {
    enqueue: (_store, items, chords = []) => items.length === 0 && chords.length === 0 ? { value: {} } : undefined,
    enqueueOnce: (store, key) => store.meta.has(key) ? { value: undefined } : undefined,
    claim(store, limit) {
      if (limit > 0 && store.pendingCount() > 0 && store.paused() === undefined) return undefined;
      return { value: { claims: [], revocations: store.revocations.size() > 0 } };
    },
    release: (_store, claims) => claims.length === 0 ? { value: undefined } : undefined,
    promoteDue: (store) => (store.dueMs() ?? Infinity) > clock.now() ? { value: [] } : undefined,
    requeueDeadLetter: (store, id) => isGone(store, id) ? { value: undefined } : undefined,
    deleteDeadLetter: (store, id) => isGone(store, id) ? { value: false } : undefined,
  };
}

/** The operations of the store that is behind the log. */
function bind({ large, turns, clock }: Ways): Pick<Storage, Bound> {
  const read = (name: keyof MemoryStore) => (...asked: never[]): Promise<unknown> =>
    turns.read((store) => large.resolve((store[name] as (...asked: never[]) => unknown)(...asked)));
  const write = (name: string, look?: Look<never>) => async (...asked: never[]): Promise<unknown> => {
    turns.assertOpen();
    const command = turns.attempt(() => checkCommand(name, asked, large.hold));
    const answer = look && ((store: MemoryStore) => look(store, ...asked as Parameters<Look<never>>));
    return await turns.write(command, { look: answer, present: large.resolve });
  };
  return Object.fromEntries([
    ...READS.map((name) => [name, read(name)]),
    ...WRITES.map((name) => [name, write(name)]),
    ...Object.entries(looks(clock)).map(([name, look]) => [name, write(name, look as Look<never>)]),
  ]) as Pick<Storage, Bound>;
}

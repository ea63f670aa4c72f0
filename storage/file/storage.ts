/**
 * The driver of the storage that keeps everything in files of one folder, for several processes of one computer. No server, no library
 * and no lock: everybody appends commands to one log, and carries out what is in it.
 *
 * `folder.ts` says what is where, `log.ts` and `record.ts` how commands are written, `replica.ts` what becomes of them,
 * `generations.ts` how a log ends, `large.ts` where large values are.
 * @module
 */
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import type { KeyValue, Storage, Topic } from "../../lib/storage.ts";
import { Bell } from "../bell.ts";
import { type SpaceName, STORAGE_ANSWERS } from "../calls.ts";
import type { StorageOptions } from "../options.ts";
import type { MemoryStore } from "../memory/store.ts";
import { type BellName, QueueBells } from "../queue_bells.ts";
import { isCommand } from "./commands.ts";
import { Folder } from "./folder.ts";
import { LargeValues } from "./large.ts";
import { checkItem, type FileOptions, fileSettings, rootOf } from "./options.ts";
import { Replica } from "./replica.ts";
import { type Answer, Turns } from "./turns.ts";
import { FileKeyValue } from "./values.ts";

export type { FileOptions };

/** The calls of a storage. */
type Calls = Pick<Storage, keyof typeof STORAGE_ANSWERS>;

/** Looks for calls that often change nothing: each answers if there is nothing to change. */
type Looks = { readonly [Name in keyof Calls]?: (store: MemoryStore, ...asked: Parameters<Calls[Name]>) => Answer | undefined };

/**
 * Makes a storage.
 *
 * @param options Name of the queue (default "huey"; each name has a folder of its own below `path`) and {@linkcode FileOptions}.
 * @returns The storage.
 * @throws {TypeError} For an unknown option, or a value of a wrong type.
 * @throws {RangeError} If `levels` or `mode` is out of range.
 * @throws {ConfigurationError} If there is no path, something else than a folder is there, or a queue that this version cannot read.
 */
export function fileStorage(options: StorageOptions & FileOptions): Storage {
  const settings = fileSettings(options);
  const { name, path, levels, mode, fsync, clock = systemClock } = settings;
  const folder = new Folder({ path: rootOf(settings), mode, fsync });
  const large = new LargeValues(folder, levels);
  const replica = new Replica(folder, large, clock);
  const turns: Turns = new Turns({ name, replica, large, ring: (topics) => ring(bells, topics) });
  // The state rings its listeners when a command is carried out, so the commands of others need only be read.
  const catchUp = (): void => void turns.read(() => {}).catch(() => {});
  const bells: QueueBells = new QueueBells({
    clock,
    open: (name) => openBell(folder, name, clock),
    rung: catchUp,
    look: catchUp,
  });
  const space = (name: SpaceName): KeyValue => new FileKeyValue(name, turns, large);
  const calls = bind(turns, large, looks(clock));
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
    ...calls,
    async renewLease(lease) {
      await calls.renewLease(lease);
      return replica.takeLines();
    },
    // deno-lint-ignore require-await -- what is thrown must become a rejection
    async listen(topic, wake) {
      turns.assertOpen();
      const [forget, stop] = [replica.store.listen(topic, wake), bells.listen(topic)];
      return () => (forget(), stop());
    },
    async close() {
      bells.close();
      await turns.close();
      replica.store.waits.end();
    },
  };
}

function ring(bells: QueueBells, topics: ReadonlySet<Topic>): void {
  const hasEnds = topics.has("results");
  if (hasEnds) bells.ring("ends");
  if (topics.size > Number(hasEnds)) bells.ring("work");
}

/** The file gets the mode that all files of the queue have. */
function openBell(folder: Folder, name: BellName, clock: Clock): Bell {
  const file = name === "work" ? "bell" : "done";
  try {
    folder.make();
    folder.touch(file);
  } catch {
    // On a full disk, whoever waits looks now and then.
  }
  return new Bell(folder.at(file), { clock, like: folder.path });
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

/** What changes the state goes through the log; all else looks at it. */
function bind(turns: Turns, large: LargeValues, looks: Looks): Calls {
  const read = (name: string) => (...asked: never[]): Promise<unknown> =>
    turns.read((store) => large.resolve((store[name as "state"] as (...asked: never[]) => unknown)(...asked)));
  const write = (name: string) => {
    const look = looks[name as keyof Calls] as ((store: MemoryStore, ...asked: never[]) => Answer | undefined) | undefined;
    return (...asked: never[]): Promise<unknown> =>
      turns.write(name, asked, { look: look && ((store: MemoryStore) => look(store, ...asked)) });
  };
  const names = Object.keys(STORAGE_ANSWERS);
  return Object.fromEntries(names.map((name) => [name, isCommand(name) ? write(name) : read(name)])) as Calls;
}

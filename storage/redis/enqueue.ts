/**
 * Items on their way to the queue, the schedule, or the line of a gate.
 * @module
 */
import type { ChordRecord, Enqueued, Item, Storage } from "../../lib/storage.ts";
import { Batch, BATCH_BYTES, BATCHES } from "./connection/batch.ts";
import type { RedisCore } from "./connection/core.ts";
import type { Argument } from "./connection/dial.ts";
import { checkItem } from "./item.ts";
import { once, type Script } from "./lua/library.ts";
import { type Packable, packed, packedArguments, PackedItem, PackedState } from "./records/pack.ts";
import { stateLetter, tail } from "./records/record.ts";
import { answersOf, type Told } from "./records/told.ts";

/**
 * ARGV from 4: packed tails for the queue, tails with their due time for the schedule, states, chords, and items by call if one of them
 * has a gate or a key. Replies as \`enterAll\`.
 */
const ENQUEUE = once(`
local function main()
  local added, reply = cmsgpack.unpack(joined(4)), ''
  size()
  storeChords(added[4])
  if #added[5] > 0 then added, reply = enterAll(added[5]) end
  add(added)
  return reply
end`);

/** ARGV 4 tail, 5 id and 6 state if it is tracked. The usual case: one item for the queue. */
export const ENQUEUE_ONE: Script = once(`
local function main()
  pushOne(ARGV[4])
  if ARGV[5] then call('HSET', P .. 'state', ARGV[5], ARGV[6]) end
  return '1'
end`);

/** ARGV 4 key, 5 its life, from 6 packed: the item by call. Replies as \`enterAll\`, or nothing if the key was not free. */
const ENQUEUE_ONCE = once(`
local function main()
  if find('meta', ARGV[4]) then return false end
  size()
  store('meta', ARGV[4], '', ARGV[5])
  local added, reply = enterAll(cmsgpack.unpack(joined(6)))
  add(added)
  return reply
end`);

/**
 * ARGV 4 id of the dead letter, 5 ids of other tasks, from 6 packed: the item by call. What was stored of the ends of its task and of the others goes;
 * its steps stay. Replies nothing if there is no such letter, else as \`enterAll\`.
 */
const REQUEUE = once(`
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[4])
  if not letter then return false end
  size()
  local added, reply = enterAll(cmsgpack.unpack(joined(6)))
  if reply[1] == 'duplicate' then return reply end
  local ended = cmsgpack.unpack(ARGV[5])
  ended[#ended + 1] = rare().dropLetter(ARGV[4], letter, true)
  dropFrom('notices', ended)
  dropFrom('results', ended)
  add(added)
  return reply
end`);

/** What one call enqueues. */
interface Enqueuing {
  readonly items: readonly Item[];
  readonly chords: readonly ChordRecord[];
}

const NO_CHORDS: readonly ChordRecord[] = [];
const NOTHING_TO_TELL: Enqueued = {};
const ONE_DONE: readonly Enqueued[] = [NOTHING_TO_TELL];

/** What enqueues. */
export function enqueuing(core: RedisCore): Pick<Storage, "check" | "enqueue" | "enqueueOnce" | "requeueDeadLetter"> {
  const check = (item: Item): void => checkItem(item, core.settings.name, core.kind);
  const batch = new Batch<Enqueuing, Enqueued>((calls) => send(core, calls), { ...BATCHES, size: sizeOf, leading: true });
  core.closed.addEventListener("abort", () => batch.flush());
  return {
    check,
    // Not async: it is called for each task, and each promise costs.
    enqueue(items, chords = NO_CHORDS) {
      try {
        core.assertOpen();
        for (const item of items) check(item);
        for (const { callback } of chords) check(callback);
      } catch (error) {
        return Promise.reject(error);
      }
      return items.length > 0 || chords.length > 0 ? batch.add({ items, chords }) : Promise.resolve(NOTHING_TO_TELL);
    },
    async enqueueOnce(key, ttlMs, item) {
      check(item);
      return answerOf(await core.once(ENQUEUE_ONCE, key, String(Math.ceil(ttlMs)), ...entering(item)));
    },
    async requeueDeadLetter(id, item, others = []) {
      check(item);
      return answerOf(await core.once(REQUEUE, id, packed(others), ...entering(item)));
    },
  };
}

/** Of how many bytes it is, roughly. */
function sizeOf({ items }: Enqueuing): number {
  let size = 0;
  for (const { data } of items) size += data.length + 100;
  return size;
}

/** One call with one item. */
function entering(item: Item): Argument[] {
  return packedArguments([[packableEntering(item)]]);
}

/** What was told of one item, unless the script has replied nothing. */
function answerOf(reply: unknown): Enqueued | undefined {
  return reply === null ? undefined : answersOf(1, reply as Told[])[0];
}

async function send(core: RedisCore, calls: readonly Enqueuing[]): Promise<readonly Enqueued[]> {
  const chords = calls.flatMap((call) => call.chords.map(packableChord));
  const [first, ...others] = calls.length === 1 ? calls[0]!.items : [];
  if (first && others.length === 0 && chords.length === 0 && isPlain(first)) {
    await core.calls.once(
      ENQUEUE_ONE,
      first.track ? [tail(first), first.id, stateLetter(first) + (first.about ?? "")] : [tail(first)],
    );
    return ONE_DONE;
  }
  const added = new Added();
  const enters = calls.some(({ items }) => items.some(mustEnter));
  if (!enters) { for (const { items } of calls) for (const item of items) added.add(item); }
  const entering = enters ? calls.map(({ items }) => items.map(packableEntering)) : [];
  return answersOf(
    calls.length,
    await core.calls.once(ENQUEUE, packedArguments([...added.columns, chords, entering])) as Told[],
  );
}

/** What is added to queue and schedule, as the scripts read it: tails, scheduled ones, and the states of tracked ones. */
export class Added {
  readonly queued: PackedItem[] = [];
  readonly scheduled: PackedItem[] = [];
  readonly states: Packable[] = [];

  add(item: Item): void {
    const { dueMs } = item;
    (dueMs === undefined ? this.queued : this.scheduled).push(new PackedItem(item, dueMs));
    if (item.track) this.states.push(item.id, new PackedState(item));
  }

  get columns(): Packable[] {
    return [this.queued, this.scheduled, this.states];
  }
}

/** Whether the server has to look at an item before it knows what becomes of it. */
export function mustEnter({ gate, unique }: Item): boolean {
  return gate !== undefined || unique !== undefined;
}

/** Whether an item goes to the queue as it is, and a server takes it as one argument. */
function isPlain(item: Item): boolean {
  return item.dueMs === undefined && !mustEnter(item) && item.data.length <= BATCH_BYTES / 2;
}

/** An item that the server has to look at, with its due time. */
export function packableEntering(item: Item): PackedItem {
  return new PackedItem(item, item.dueMs ?? NaN);
}

/** A chord with its callback, which has its due time in front. */
export function packableChord({ id, size, callback }: ChordRecord): Packable {
  return [id, String(size), packableEntering(callback)];
}

/**
 * Items on their way to the queue, the schedule, or the line of a gate.
 * @module
 */
import type { ChordRecord, Enqueued, Item, Storage } from "../../lib/storage.ts";
import { Batch, BATCH_BYTES, BATCHES } from "./connection/batch.ts";
import type { Argument } from "./connection/dial.ts";
import type { RedisCore } from "./connection/core.ts";
import { checkItem } from "./item.ts";
import { once, type Script } from "./lua/library.ts";
import { type Packable, packed, packedArguments } from "./records/pack.ts";
import { tail } from "./records/record.ts";
import { answersOf, type Told } from "./records/told.ts";

/** Most items that go as arguments of their own; a server takes no more than a million arguments. */
const MOST_ARGUMENTS = 100_000;

/**
 * ARGV 4 how many tails for the queue there are, then these, each as it is, since Lua reads each byte of each string that it makes; then packed:
 * tails for the schedule with their due times in turn, states, chords; and of a batch in which an item has a gate or a key, or is too large to be
 * an argument, tails, how many items each call has, and due times. Replies as \`enterAll\`. (Looking at each item costs a quarter of an enqueue.)
 */
export const ENQUEUE: Script = once(`
local function main()
  local count, tails, reply = tonumber(ARGV[4]), {}, {}
  local scheduled, states, chords, special = unpack(cmsgpack.unpack(joined(5 + count)))
  size()
  for _, chord in ipairs(chords) do storeChord(unpack(chord)) end
  for i = 1, count do tails[i] = ARGV[4 + i] end
  local added = {tails, scheduled, states}
  if special then added, reply = enterAll(unpack(special)) end
  add(added)
  return reply
end`);

/** ARGV 4 key, 5 its life, 6 packed tail and due time. Replies as \`enterAll\`, or nothing if the key was not free. */
const ENQUEUE_ONCE = once(`
local function main()
  if find('meta', ARGV[4]) then return false end
  size()
  store('meta', ARGV[4], '', ARGV[5])
  local tail, due = unpack(cmsgpack.unpack(joined(6)))
  local added, reply = enterAll({tail}, {1}, {due})
  add(added)
  return reply
end`);

/**
 * ARGV 4 id of the dead letter, 5 ids of other tasks, 6 packed tail and due time. What was stored of the ends of its task and of the others goes;
 * its steps stay. Replies nothing if there is no such letter, else as \`enterAll\`.
 */
const REQUEUE = once(`
local function main()
  local letter = call('HGET', P .. 'dead', ARGV[4])
  if not letter then return false end
  size()
  local tail, due = unpack(cmsgpack.unpack(joined(6)))
  local added, reply = enterAll({tail}, {1}, {due})
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

const NOTHING_TO_TELL: Enqueued = {};

/** What enqueues. */
export function enqueuing(core: RedisCore): Pick<Storage, "check" | "enqueue" | "enqueueOnce" | "requeueDeadLetter"> {
  const check = (item: Item): void => checkItem(item, core.settings.name, core.kind);
  const size = ({ items }: Enqueuing): number => items.reduce((sum, { data }) => sum + data.length + 100, 0);
  const batch = new Batch<Enqueuing, Enqueued>((calls) => send(core, calls), { ...BATCHES, size, leading: true });
  core.onClose(() => batch.flush());
  return {
    check,
    async enqueue(items, chords = []) {
      core.assertOpen();
      items.forEach(check);
      for (const { callback } of chords) check(callback);
      return items.length > 0 || chords.length > 0 ? await batch.add({ items, chords }) : NOTHING_TO_TELL;
    },
    async enqueueOnce(key, ttlMs, item) {
      check(item);
      return answerOf(await core.once(ENQUEUE_ONCE, key, String(Math.ceil(ttlMs)), ...packedArguments(packableItem(item))));
    },
    async requeueDeadLetter(id, item, others = []) {
      check(item);
      return answerOf(await core.once(REQUEUE, id, packed(others), ...packedArguments(packableItem(item))));
    },
  };
}

/** What was told of one item, unless the script has replied nothing. */
function answerOf(reply: unknown): Enqueued | undefined {
  return reply === null ? undefined : answersOf(1, reply as Told[])[0];
}

async function send(core: RedisCore, calls: readonly Enqueuing[]): Promise<readonly Enqueued[]> {
  const items = calls.flatMap((call) => call.items);
  const chords = calls.flatMap((call) => call.chords.map(packableChord));
  const isPlain = items.length <= MOST_ARGUMENTS &&
    !items.some((item) => isSpecial(item) || item.data.length > BATCH_BYTES / 2);
  const args = isPlain
    ? plainArguments(items, chords)
    : ["0", ...packedArguments([[], [], chords, packableCalls(calls, items)])];
  return answersOf(calls.length, await core.calls.once(ENQUEUE, args) as Told[]);
}

/** Of items of which the server has to look at none. */
function plainArguments(items: readonly Item[], chords: Packable): Argument[] {
  const [queued, scheduled, states]: [Buffer[], Packable[], string[]] = [[], [], []];
  for (const item of items) {
    const { id, dueMs, track, retry, about = "" } = item;
    if (dueMs === undefined) queued.push(tail(item));
    else scheduled.push(...packableItem(item));
    if (track) states.push(id, (retry ? "t" : dueMs === undefined ? "w" : "s") + about);
  }
  return [String(queued.length), ...queued, ...packedArguments([scheduled, states, chords, undefined])];
}

function packableCalls(calls: readonly Enqueuing[], items: readonly Item[]): Packable {
  return [items.map(tail), calls.map((call) => call.items.length), items.map(({ dueMs }) => dueMs)];
}

/** An item as the scripts read it: its tail, and its due time. */
export function packableItem(item: Item): readonly [Buffer, number | undefined] {
  return [tail(item), item.dueMs];
}

/** A chord with its callback. */
export function packableChord({ id, size, callback }: ChordRecord): readonly Packable[] {
  return [id, String(size), ...packableItem(callback)];
}

/** Whether the server has to look at an item, since it has a gate or a key. */
export function isSpecial({ gate, unique }: Item): boolean {
  return gate !== undefined || unique !== undefined;
}

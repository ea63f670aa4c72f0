/**
 * Looking for items in the lists of a storage, without reading more than a process can hold: messages of 100 kB in smaller numbers than
 * those of 100 bytes.
 * @module
 */
import type { Core } from "../core/core.ts";
import type { Item } from "../storage.ts";

/** So many bytes of messages may be read at once, as far as those of the first ones tell, unless it is told. */
const MOST_BYTES = 24_000_000;
/** What a message costs beside its bytes. */
const EACH_BYTES = 500;
const SAMPLE = 20;

/** Lists whose messages are read; `dead`: of all kinds. */
export type MessageList = "waiting" | "scheduled" | "blocked" | "failed" | "dead";

/**
 * How many of a list may be read.
 *
 * @param core Of the Huey.
 * @param list The list.
 * @param most How many are wanted at most.
 * @param mostBytes How many bytes of messages may be read.
 * @returns at least a few, at most `most`
 */
export async function affordableCount(
  { storage }: Core,
  list: MessageList,
  most: number,
  mostBytes: number = MOST_BYTES,
): Promise<number> {
  if (most <= SAMPLE) return most;
  const looks: Readonly<Record<MessageList, () => Promise<readonly Pick<Item, "data">[]>>> = {
    waiting: () => storage.pending(SAMPLE),
    scheduled: () => storage.scheduled(SAMPLE),
    blocked: () => storage.blocked(SAMPLE),
    failed: () => storage.deadLetters({ limit: SAMPLE, kind: "failed" }),
    dead: () => storage.deadLetters({ limit: SAMPLE }),
  };
  const sample = await looks[list]();
  if (sample.length < SAMPLE) return most;
  const bytes = sample.reduce((sum, { data }) => sum + data.length, 0) / sample.length;
  return Math.min(most, Math.max(SAMPLE, Math.floor(mostBytes / (bytes + EACH_BYTES))));
}

/** So many tasks of a list are looked at for the one with an id. */
const MOST_LOOKED = 10_000;

type OpenList = "waiting" | "scheduled" | "blocked" | "running";

/** The lists in which a task that has not ended may be found. */
const LISTS: Readonly<Record<string, readonly OpenList[]>> = { blocked: ["blocked"], running: ["running"] };
const OTHERS: readonly OpenList[] = ["waiting", "scheduled"];
const ALL: readonly OpenList[] = [...OTHERS, "blocked", "running"];

/**
 * The item of a task that has not ended. The lists are looked through in their stored form: one message is read, not thousands.
 *
 * @param state Where the task is, as far as that is known.
 */
export async function findItem(core: Core, id: string, state: string | undefined): Promise<Item | undefined> {
  for (const list of state === undefined ? ALL : LISTS[state] ?? OTHERS) {
    const found = (await itemsOf(core, list)).find((item) => item.id === id);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function itemsOf(core: Core, list: OpenList): Promise<readonly Item[]> {
  const { storage } = core;
  if (list === "running") return (await storage.running(MOST_LOOKED)).map(({ claim }) => claim);
  const most = await affordableCount(core, list, MOST_LOOKED);
  return await storage[list === "waiting" ? "pending" : list](most);
}

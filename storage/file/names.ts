/**
 * Where things are, below the folder of one queue. Names of files say what must be known without reading them.
 *
 *     lock/free.<...> or lock/held.<...>          the lock, see lock.ts
 *     journals/<isolate>                          what a holder of the lock is about to do, see journal.ts
 *     waiting/<branch>/<leaf>/<message>           messages that may run: <rank>-<order>-<birth>.<deliveries>[b if it has begun].<time at
 *                                                 which it got there>
 *     later/<branch>/<leaf>/<message>             messages that wait for their time: <due>-<order>-<birth>-<rank>
 *     blocked/<branch>/<leaf>/<message>           messages that wait at a gate: <gate>-<order>-<birth>-<rank>
 *     running/<consumer>/<worker>/<claim>         messages that were handed out: <message>.<since>.<order>; beside it
 *                                                 <claim>~begun and <claim>~locks
 *     places/<two digits of a hash>               where the messages of tracked tasks are, see places.ts
 *     tasks/<hash levels>/<hash of the id>        how a task ended, and its result
 *     news/ended                                  which tasks have ended for which somebody waits, see news.ts
 *     data, locks, revocations, meta, counters, letters, lost, gates, unique/<hash levels>/<hash of the key>
 *     chords/<hash of the id>/...                 see chords.ts
 *     steps/<hash of the key>/<hash of the name>  see steps.ts
 *     dead/<kind>/<branch>/<leaf>/<time>-<order>  dead letters
 *     counts/<step>/<time>, counts/recent         see counts.ts
 *     leases/<consumer>
 *     pause
 *     spare/<number>                              files that are not needed any more, to be used again
 *     trash/<order>, refused/<order>              what is being deleted; what was in the way
 *     queue.bell, schedule.bell, ...
 *
 * An order is the number of a hold of the lock and a count, so that what is written later sorts behind. <rank> is 65535 minus the
 * priority, so that sorting by name is sorting by priority, then first in first out. <birth> is the first order of a message.
 * @module
 */
import { nodeCrypto } from "../../lib/primitives/builtin.ts";

/** Priorities are 16 bits. */
export const MAX_PRIORITY = 65535;
const MAX_TIME_MS = 2 ** 48 - 1;

/** Names in `waiting`. */
export const WAITING: RegExp = /^[0-9a-f]{4}-[0-9a-f]{20}-[0-9a-f]{20}\.\d{1,9}b?\.[0-9a-f]{12}$/;
/** Names in `later`. */
export const LATER: RegExp = /^[0-9a-f]{12}-[0-9a-f]{20}-[0-9a-f]{20}-[0-9a-f]{4}$/;
/** Names in `blocked`. */
export const BLOCKED: RegExp = /^[0-9a-f]{24}-[0-9a-f]{20}-[0-9a-f]{20}-[0-9a-f]{4}$/;
/** Names in `dead`. */
export const DEAD: RegExp = /^[0-9a-f]{12}-[0-9a-f]{20}$/;
/** Names of claims. */
export const CLAIM: RegExp = /^[0-9a-f]{4}-[0-9a-f]{20}-[0-9a-f]{20}\.\d{1,9}b?\.[0-9a-f]{12}\.[0-9a-f]{12}\.[0-9a-f]{20}$/;
/** Names of consumers' and workers' folders, as `encodeName` makes them. */
export const FOLDER: RegExp = /^[a-z0-9_%-]{1,130}$/;
/** Hashes. */
export const HASH: RegExp = /^[0-9a-f]{64}$/;

let lastKey: string | undefined;
let lastHash = "";

/** Hash of a key, which may be any text, as a file's name. Most often several are asked for one after the other. */
export function hashOf(key: string): string {
  if (key !== lastKey) {
    lastHash = nodeCrypto().hash("sha256", key);
    lastKey = key;
  }
  return lastHash;
}

/** A number as hexadecimal digits that sort like the number. */
export function sortable(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** A time as twelve digits. */
export function sortableTime(ms: number): string {
  return sortable(Math.min(Math.max(Math.trunc(ms), 0), MAX_TIME_MS), 12);
}

/** The number in hexadecimal digits. */
export function numberOf(digits: string): number {
  return Number.parseInt(digits, 16);
}

/** The name of a message in `waiting`. */
export function waitingName({ priority, order, birth, deliveries, begun, enteredMs }: Omit<MessageName, "key">): string {
  const key = `${sortable(MAX_PRIORITY - priority, 4)}-${order}-${birth}`;
  return `${key}.${deliveries}${begun ? "b" : ""}.${sortableTime(enteredMs)}`;
}

/** The name of a message in `later`. */
export function laterName(dueMs: number, order: string, birth: string, priority: number): string {
  return `${sortableTime(dueMs)}-${order}-${birth}-${sortable(MAX_PRIORITY - priority, 4)}`;
}

/** The name of a message in `blocked`. */
export function blockedName(gate: string, order: string, birth: string, priority: number): string {
  return `${gateName(gate)}-${order}-${birth}-${sortable(MAX_PRIORITY - priority, 4)}`;
}

/** What the names of all messages begin with that wait at a gate. */
export function gateName(gate: string): string {
  return hashOf(gate).slice(0, 24);
}

/** What the name of a waiting or claimed message says. */
export interface MessageName {
  /** The name without what changes from one hand-out to the next. */
  readonly key: string;
  readonly priority: number;
  readonly order: string;
  readonly birth: string;
  readonly deliveries: number;
  readonly begun: boolean;
  /** When it got to the queue. */
  readonly enteredMs: number;
}

/** Reads the name of a message in `waiting` or `running`. */
export function parseMessage(name: string): MessageName {
  const [key = "", count = "0", entered = "0"] = name.split(".");
  const begun = count.endsWith("b");
  const deliveries = Number(begun ? count.slice(0, -1) : count);
  const [rank = "0", order = "", birth = ""] = key.split("-");
  return { key, priority: MAX_PRIORITY - numberOf(rank), order, birth, deliveries, begun, enteredMs: numberOf(entered) };
}

/** The priority in the name of a message, in any of the places. */
export function priorityOf(name: string): number {
  const parts = name.split("-");
  return MAX_PRIORITY - numberOf(parts[parts.length === 4 ? 3 : 0]!);
}

/** The first order of a message, in its name in any of the places. */
export function birthOf(name: string): string {
  return name.split(".")[0]!.split("-")[2] ?? "";
}

/** Any text as the name of a folder on any file system. Of a very long one only a hash is left. */
export function encodeName(text: string): string {
  const encoded = text.replace(/[^a-z0-9_-]/gu, (character) => {
    return [...new TextEncoder().encode(character)].map((byte) => `%${sortable(byte, 2)}`).join("");
  });
  return encoded === "" ? "%" : encoded.length <= 120 ? encoded : `%%${hashOf(text)}`;
}

/** The text that was encoded, as far as it can be told. */
export function decodeName(name: string): string {
  if (name === "%") return "";
  try {
    return name.startsWith("%%") ? name.slice(2) : decodeURIComponent(name);
  } catch {
    return name;
  }
}

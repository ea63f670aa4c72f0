/**
 * Where things are, below the folder of one name:
 *
 *     queue/<priority>/<slot>/<file>         messages that may run; <priority> is 65535 minus the priority, in hexadecimal
 *     schedule/<slot>/<due>-<file>           messages that wait for their due time
 *     claims/<consumer>/<worker>/<file>.<since>.<number>
 *     data, revocations, meta, counters/<hash levels>/<hash of the key>
 *     chords/<hash>/<index>, tracks/<hash levels>/<hash of the task's id>, notices/<end>/<hash>, dead/<time>-<hash>
 *     holders/<claim>/<locked entry>         which locks a claim holds
 *     expiry/<end>/<entry>                   which entries end when
 *     leases/<consumer>, locks/<entry>, staged/<isolate>/<file>, intents/<transaction>
 *
 * The file of a message is called `<priority>-<time><sequence>-<isolate>.<deliveries>`: sorting by name is sorting by priority,
 * then first in first out, and a claim is a rename. A slot is two levels of folders by time, so that no folder grows with the
 * depth of the queue: one for 4 minutes, in it one for each quarter of a second.
 * @module
 */
import { nodeCrypto } from "../../lib/builtin.ts";
import { ISOLATE_SUFFIX } from "./isolate.ts";
import { MAX_PRIORITY } from "./options.ts";

const SLOT_MS = 256;
const SLOTS = 1024;
const MAX_TIME_MS = 2 ** 48 - 1;
/** A clock set back by more than this is followed; by less, first in first out goes first. */
const MAX_STEP_BACK_MS = 60_000;

const QUEUED = /^[0-9a-f]{4}-[0-9a-f]{18}-[0-9a-f]{12}\.\d+$/;
const SCHEDULED = /^[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{18}-[0-9a-f]{12}\.\d+$/;

let lastMs = 0;
let sequence = 0;

/** Hash of a key, which may be any text, as a file's name. */
export function hashOf(key: string): string {
  return nodeCrypto().hash("sha256", key);
}

/** A number as hexadecimal digits that sort like the number. */
export function sortable(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

/** A time as twelve digits. */
export function sortableTime(ms: number): string {
  return sortable(Math.min(Math.max(Math.trunc(ms), 0), MAX_TIME_MS), 12);
}

/** The time in twelve digits. */
export function timeOf(digits: string): number {
  return Number.parseInt(digits, 16);
}

/** The name of a new message's file: behind all that this isolate has named before. */
export function newFile(priority: number): string {
  const nowMs = Date.now();
  if (nowMs > lastMs || lastMs - nowMs > MAX_STEP_BACK_MS) {
    lastMs = nowMs;
    sequence = 0;
  } else {
    sequence++;
  }
  return `${sortable(MAX_PRIORITY - priority, 4)}-${sortableTime(lastMs)}${sortable(sequence, 6)}-${ISOLATE_SUFFIX}.0`;
}

/** The priority in the name of a queued file. */
export function priorityOf(file: string): number {
  return MAX_PRIORITY - Number.parseInt(file.slice(0, 4), 16);
}

/** How often the message was handed out, from the name of its file. */
export function deliveriesOf(file: string): number {
  return Number(file.split(".")[1]);
}

/** What stays the same of a file's name when the message is handed out. */
export function stemOf(file: string): string {
  return file.slice(0, file.indexOf(".") + 1);
}

/** Whether this is the name of a queued message. */
export function isQueuedFile(file: string): boolean {
  return QUEUED.test(file);
}

/** Whether this is the name of a scheduled message. */
export function isScheduledFile(file: string): boolean {
  return SCHEDULED.test(file);
}

/** The slot of a time: two folders. */
export function slotOf(ms: number): string {
  const slot = Math.floor(ms / SLOT_MS);
  return `${sortable(Math.floor(slot / SLOTS), 8)}/${sortable(slot % SLOTS, 3)}`;
}

/** The first moment after a slot. */
export function endOfSlot(outer: string, inner: string): number {
  return (Number.parseInt(outer, 16) * SLOTS + Number.parseInt(inner, 16) + 1) * SLOT_MS;
}

/** Where a queued message is. */
export function queuePath(file: string): string {
  return `queue/${file.slice(0, 4)}/${slotOf(timeOf(file.slice(5, 17)))}/${file}`;
}

/** Where a scheduled message is. */
export function schedulePath(file: string): string {
  return `schedule/${slotOf(timeOf(file.slice(0, 12)))}/${file}`;
}

/** Any text as the name of a folder on any file system; see `decodeName`. */
export function encodeName(text: string): string {
  const encoded = text.replace(/[^a-z0-9_-]/gu, (character) => {
    return [...new TextEncoder().encode(character)].map((byte) => `%${sortable(byte, 2)}`).join("");
  });
  return encoded === "" ? "%" : encoded.length <= 120 ? encoded : `%%${hashOf(text)}`;
}

/** The text that was encoded; of a very long one only a hash. */
export function decodeName(name: string): string {
  return name === "%" ? "" : name.startsWith("%%") ? name.slice(2) : decodeURIComponent(name);
}

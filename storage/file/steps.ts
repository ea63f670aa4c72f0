/**
 * What becomes of the files that a transaction has staged. The first word of a step says what:
 *
 *     queue|schedule ~ file ~ hash of the task's id, or - if it is not tracked ~ retry|first
 *     value ~ name space ~ hash of the key            notice ~ until ~ hash of the task's id
 *     dead ~ file ~ hash of the task's id, or -       lease, condition: nothing, see file_transaction.ts
 *     report ~ hash of the chord ~ index              callback ~ hash of the chord ~ size ~ the words of `queue` or `schedule`
 *     undo ~                                          its content lists what is to be removed
 *
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import type { Chords } from "./chords.ts";
import type { Disk } from "./disk.ts";
import { deliveriesOf, hashOf, newFile, priorityOf, queuePath, schedulePath, sortableTime } from "./layout.ts";
import type { Notices } from "./notices.ts";
import { decodeWhole, encodeRecord, type FileRecord } from "./record.ts";
import type { Tracks } from "./tracks.ts";
import type { Step } from "./transaction.ts";
import { entryPath, type FileValues } from "./values.ts";

/** What is to be removed. */
export interface Undo {
  /** Entries of the revocations, by hash, each as it was seen: one that was made later stays. */
  readonly forget: readonly { readonly hash: string; readonly identity: string }[];
  readonly dropChord?: string | undefined;
  /** Token of the claim whose locks are dropped. */
  readonly dropLocks?: string | undefined;
}

/** What the steps work on. */
export interface StepParts {
  readonly disk: Disk;
  readonly levels: number;
  readonly chords: Chords;
  readonly notices: Notices;
  readonly tracks: Tracks;
  readonly data: FileValues;
  readonly revocations: FileValues;
  /** Drops the locks of a claim. */
  readonly dropLocks: (token: string) => Promise<void>;
}

/** The bytes of a message's file. */
export function encodeItem(item: Item): Uint8Array {
  const { id, track, retry } = item;
  return encodeRecord({ id, ...track && { track }, ...retry && { retry } }, item.data);
}

/** The item of a message's file. @param file As it is named in the queue */
export function decodeItem(record: FileRecord, file: string): Item & { readonly deliveries: number } {
  const { id, track, retry } = record.about as { id: string; track?: boolean; retry?: boolean };
  const item = { id, data: record.data, priority: priorityOf(file), track: track === true, deliveries: deliveriesOf(file) };
  return retry ? { ...item, retry } : item;
}

/** The words that send an item to the queue or the schedule. */
export function stepOfItem(item: Item): Step {
  const file = newFile(item.priority);
  const words = [item.track ? hashOf(item.id) : "-", item.retry ? "retry" : "first"];
  return item.dueMs === undefined ? ["queue", file, ...words] : ["schedule", `${sortableTime(item.dueMs)}-${file}`, ...words];
}

/** Applies steps. */
export class Steps {
  readonly #parts: StepParts;

  constructor(parts: StepParts) {
    this.#parts = parts;
  }

  /**
   * Does one step; does nothing if that was done.
   * @throws {Error} For a step that a later release may have staged.
   */
  apply(staged: string, step: Step): void | Promise<void> {
    const [kind, first = "", second = "", ...rest] = step;
    const { disk, levels, notices, chords } = this.#parts;
    switch (kind) {
      case "queue":
      case "schedule":
        return this.#send(staged, step);
      case "value":
        return done(disk.move(staged, entryPath(first, second, levels)));
      case "notice":
        return done(disk.move(staged, notices.path(second, Number(first))));
      case "dead":
        return this.#bury(staged, first, second);
      case "report":
        return chords.report(staged, first, second);
      case "callback":
        return chords.complete(staged, first, Number(second), () => this.#send(staged, rest));
      case "undo":
        return this.#undo(staged);
      case "condition":
        return done(disk.remove(staged));
      default:
        throw new Error(`The staged file ${staged} has an unknown step`);
    }
  }

  /** The track first: from the moment that the message can be claimed, it must be known where to look. */
  #send(staged: string, [where, file = "", hash = "-", attempt]: Step): void {
    const { disk, tracks } = this.#parts;
    const isQueue = where === "queue";
    if (hash !== "-" && disk.exists(staged)) {
      tracks.write(hash, attempt === "retry", { where: isQueue ? "queue" : "schedule", file });
    }
    disk.move(staged, isQueue ? queuePath(file) : schedulePath(file));
  }

  #bury(staged: string, file: string, hash: string): void {
    const { disk, tracks } = this.#parts;
    if (hash !== "-" && disk.exists(staged)) tracks.write(hash, false, { where: "dead", file });
    disk.move(staged, `dead/${file}`);
  }

  async #undo(staged: string): Promise<void> {
    const { disk, levels, chords, dropLocks, revocations } = this.#parts;
    // A torn one removes nothing: what stays behind then is less harm than a transaction that never ends.
    const undo = decodeWhole(disk.read(staged))?.about as Partial<Undo> | undefined ?? {};
    for (const { hash, identity } of undo.forget ?? []) {
      const path = entryPath(revocations.space, hash, levels);
      if (disk.identity(path) === identity) disk.remove(path);
    }
    if (undo.dropChord !== undefined) await chords.drop(undo.dropChord);
    if (undo.dropLocks !== undefined) await dropLocks(undo.dropLocks);
    disk.remove(staged);
  }
}

/** A move that finds nothing to move was done before. */
function done(_isFirst: boolean): void {}

/**
 * The queue and the schedule: messages as files that sort in the order in which they are taken.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import { type Disk, pauseAt } from "./disk.ts";
import { hashOf, isQueuedFile, isScheduledFile, newFile, priorityOf, queuePath, schedulePath, timeOf } from "./layout.ts";
import { decodeWhole } from "./record.ts";
import { decodeItem } from "./steps.ts";
import type { Tracks } from "./tracks.ts";
import { Cursor, walkSlots } from "./walk.ts";

/** Levels of folders above the files. */
const QUEUE_LEVELS = 3;
const SCHEDULE_LEVELS = 2;

/** How often something was put in front of a queue by this isolate, by the folder of the storage. */
const disturbances = new Map<string, number>();

/** Messages that may run. */
export class FileQueue {
  readonly #disk: Disk;
  /** By the folder of a priority. */
  readonly #cursors = new Map<string, Cursor>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The folders of the priorities, highest first. */
  priorities(): string[] {
    return this.#disk.list("queue");
  }

  /** Something was put in front: look at it first. */
  disturb(): void {
    disturbances.set(this.#disk.root, (disturbances.get(this.#disk.root) ?? 0) + 1);
  }

  /** The first file of a priority, or one that was the first a moment ago; `undefined` if there is none. */
  next(priority: string): string | undefined {
    let cursor = this.#cursors.get(priority);
    if (cursor === undefined) {
      cursor = new Cursor(() => walkSlots(this.#disk, `queue/${priority}`, isQueuedFile));
      this.#cursors.set(priority, cursor);
    }
    const file = cursor.next(disturbances.get(this.#disk.root) ?? 0);
    if (file === undefined && this.#disk.removeEmpty(`queue/${priority}`)) this.#cursors.delete(priority);
    return file;
  }

  /** The first items, without taking them. */
  async list(limit: number): Promise<Item[]> {
    const items: Item[] = [];
    let looked = 0;
    for (const file of this.#files()) {
      if (items.length >= limit) break;
      const record = decodeWhole(this.#disk.read(queuePath(file)));
      if (record) items.push(plainItem(decodeItem(record, file)));
      await pauseAt(looked++);
    }
    return items;
  }

  /** How many there are. */
  count(): Promise<number> {
    return this.#disk.count("queue", QUEUE_LEVELS);
  }

  *#files(): Generator<string> {
    for (const priority of this.priorities()) yield* walkSlots(this.#disk, `queue/${priority}`, isQueuedFile);
  }
}

/** Messages that wait for their due time. */
export class FileSchedule {
  readonly #disk: Disk;
  readonly #tracks: Tracks;
  readonly #cursor: Cursor;

  constructor(disk: Disk, tracks: Tracks) {
    this.#disk = disk;
    this.#tracks = tracks;
    this.#cursor = new Cursor(() => this.#walk());
  }

  /** When the soonest one is due; `undefined` if there is none. */
  nextDueMs(): number | undefined {
    const first = this.#walk().next();
    return first.done ? undefined : timeOf(first.value.slice(0, 12));
  }

  /**
   * Moves due messages to the end of the queue.
   *
   * @returns What was moved. One that is torn goes along, and is set aside when it is claimed.
   */
  async promote(nowMs: number, limit: number): Promise<Item[]> {
    const items: Item[] = [];
    let looked = 0;
    while (items.length < limit) {
      const file = this.#cursor.next(0);
      if (file === undefined || timeOf(file.slice(0, 12)) > nowMs) break;
      const item = this.#promoteOne(file);
      if (item) items.push(item);
      await pauseAt(looked++);
    }
    // Only within a large batch is it worth while to go on from here; else the next one begins with what came in front.
    if (items.length < limit) this.#cursor.reset();
    return items;
  }

  /** The soonest items. */
  async list(limit: number): Promise<Item[]> {
    const items: Item[] = [];
    let looked = 0;
    for (const file of this.#walk()) {
      if (items.length >= limit) break;
      const item = this.#read(file);
      if (item) items.push(item);
      await pauseAt(looked++);
    }
    return items;
  }

  /** How many there are. */
  count(): Promise<number> {
    return this.#disk.count("schedule", SCHEDULE_LEVELS);
  }

  #promoteOne(file: string): Item | undefined {
    const item = this.#read(file);
    const promoted = newFile(priorityOf(file.slice(13)));
    if (item?.track) {
      const places = [{ where: "schedule", file }, { where: "queue", file: promoted }] as const;
      this.#tracks.write(hashOf(item.id), item.retry === true, ...places);
    }
    return this.#disk.move(schedulePath(file), queuePath(promoted)) ? item : undefined;
  }

  #read(file: string): Item | undefined {
    const record = decodeWhole(this.#disk.read(schedulePath(file)));
    return record && { ...plainItem(decodeItem(record, file.slice(13))), dueMs: timeOf(file.slice(0, 12)) };
  }

  #walk(): Generator<string> {
    return walkSlots(this.#disk, "schedule", isScheduledFile);
  }
}

function plainItem({ deliveries: _, ...item }: Item & { readonly deliveries: number }): Item {
  return item;
}

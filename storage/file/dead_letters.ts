/**
 * Dead letters: messages that nobody could run, as files that sort by the time of their burial.
 * @module
 */
import type { StoredDeadLetter } from "../../lib/storage.ts";
import { type Disk, pauseAt } from "./disk.ts";
import { hashOf, sortableTime } from "./layout.ts";
import { decodeWhole, encodeRecord } from "./record.ts";

/** What is written beside the message. */
export interface Grave extends Omit<StoredDeadLetter, "data"> {
  readonly track: boolean;
  /** Id of the item that it was. */
  readonly itemId: string;
}

/** All dead letters. */
export class FileDeadLetters {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The name and the bytes of a new dead letter's file. */
  encode(grave: Grave, data: Uint8Array): { readonly file: string; readonly bytes: Uint8Array } {
    return { file: `${sortableTime(grave.atMs)}-${hashOf(grave.id)}`, bytes: encodeRecord(grave, data) };
  }

  /** The path of a dead letter, and what it says. */
  find(id: string): { readonly path: string; readonly grave: Grave; readonly data: Uint8Array } | undefined {
    const file = this.#disk.list("dead").find((name) => name.endsWith(hashOf(id)));
    const record = file === undefined ? undefined : decodeWhole(this.#disk.read(`dead/${file}`));
    return record && { path: `dead/${file}`, grave: record.about as unknown as Grave, data: record.data };
  }

  /** Oldest first. */
  async list(limit: number): Promise<StoredDeadLetter[]> {
    const letters: StoredDeadLetter[] = [];
    for (const file of this.#disk.list("dead")) {
      if (letters.length >= limit) break;
      const record = decodeWhole(this.#disk.read(`dead/${file}`));
      if (record) letters.push(letterOf(record.about as unknown as Grave, record.data));
      await pauseAt(letters.length);
    }
    return letters;
  }

  /** How many there are. */
  count(): Promise<number> {
    return this.#disk.count("dead", 0);
  }
}

function letterOf({ track: _, itemId: __, ...letter }: Grave, data: Uint8Array): StoredDeadLetter {
  return { ...letter, data };
}

/**
 * Chords. Below `chords/<hash of the id>`:
 *
 *     record                       how many places there are, and the callback
 *     state                        how many are filled; when the last one was filled, and by which claim
 *     <index / 1024>/<index>       what the member of a place has reported
 *
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { ChordRecord, ChordReport, Collected, Item } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { hashOf } from "./names.ts";
import { copyOf, decodeWhole, encodeRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

/** Values of a folder. */
const PLACES = 1024;
/** No chord has more members. */
const MOST_PLACES = 1_000_000;
const NOTHING = new Uint8Array();

interface State {
  readonly filled: number;
  readonly filledMs?: number | undefined;
  readonly filledBy?: string | undefined;
}

/** All chords. */
export class Chords {
  readonly #disk: Disk;
  readonly #clock: Clock;

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** Keeps a chord. One that is there already is left as it is. */
  add(transaction: Transaction, { id, size, callback }: ChordRecord): void {
    const path = `${folderOf(id)}/record`;
    if (this.#read(transaction, id) !== undefined) return;
    const { data, ...item } = callback;
    transaction.put(path, encodeRecord({ id, size, item }, data));
  }

  /** Fills a place. @returns the callback, if that was the last place */
  report(transaction: Transaction, report: ChordReport, token: string | undefined): Item | undefined {
    const { id, index, value } = report;
    const chord = this.#read(transaction, id);
    if (chord === undefined || !Number.isSafeInteger(index) || index < 0 || index >= chord.size) return undefined;
    const path = placeOf(id, index);
    if (decodeWhole(transaction.read(path)) !== undefined) return undefined;
    transaction.put(path, encodeRecord({ id, index }, value));
    const filled = (this.#state(transaction, id)?.filled ?? this.#countFilled(id)) + 1;
    const isFull = filled === chord.size;
    const state: State = { filled, ...isFull && { filledMs: this.#clock.now(), filledBy: token } };
    transaction.put(`${folderOf(id)}/state`, encodeRecord({ id, ...state }, NOTHING));
    return isFull ? chord.callback : undefined;
  }

  /** The callback of a chord whose last place was filled with this claim. */
  filledBy(transaction: Transaction, id: string, token: string): Item | undefined {
    return this.#state(transaction, id)?.filledBy === token ? this.#read(transaction, id)?.callback : undefined;
  }

  /** What the members have reported. Looks into folders. */
  collect(transaction: Transaction, id: string): Collected {
    const chord = this.#read(transaction, id);
    if (chord === undefined) return { values: [], filledMs: undefined };
    const values = Array.from<Uint8Array | undefined>({ length: chord.size });
    for (const index of this.#places(id)) {
      const record = index < chord.size ? decodeWhole(transaction.read(placeOf(id, index))) : undefined;
      if (record?.about["id"] === id) values[index] = copyOf(record.data);
    }
    return { values, filledMs: this.#state(transaction, id)?.filledMs };
  }

  /** Forgets a chord. */
  drop(transaction: Transaction, id: string): void {
    transaction.dropTree(folderOf(id));
  }

  #read(transaction: Transaction, id: string): ChordRecord | undefined {
    const record = decodeWhole(transaction.read(`${folderOf(id)}/record`));
    const { id: itsId, size, item } = (record?.about ?? {}) as { id?: unknown; size?: unknown; item?: Item };
    if (record === undefined || itsId !== id || typeof item?.id !== "string") return undefined;
    if (!Number.isSafeInteger(size) || (size as number) < 0 || (size as number) > MOST_PLACES) return undefined;
    return { id, size: size as number, callback: { ...item, data: copyOf(record.data) } };
  }

  #state(transaction: Transaction, id: string): State | undefined {
    const about = decodeWhole(transaction.read(`${folderOf(id)}/state`))?.about as Partial<State> & { id?: string } | undefined;
    return about?.id === id && Number.isSafeInteger(about.filled) ? about as State : undefined;
  }

  /** The first report has no state to go by, nor has one after a crash of the machine. */
  #countFilled(id: string): number {
    return [...this.#places(id)].length;
  }

  *#places(id: string): Generator<number> {
    const folder = folderOf(id);
    for (const part of this.#disk.folders(folder)) {
      for (const name of this.#disk.list(`${folder}/${part}`)) if (/^\d{1,7}$/.test(name)) yield Number(name);
    }
  }
}

function folderOf(id: string): string {
  return `chords/${hashOf(id)}`;
}

function placeOf(id: string, index: number): string {
  return `${folderOf(id)}/${Math.floor(index / PLACES)}/${index}`;
}

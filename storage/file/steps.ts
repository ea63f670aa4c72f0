/**
 * Steps: a folder for each key, with a file for each name. The mark `letter` beside them says that they belong to a dead letter.
 * @module
 */
import type { Item } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { HASH, hashOf } from "./names.ts";
import { copyOf, decodeWhole, encodeRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

const NOTHING = new Uint8Array();

/** The steps of all tasks. */
export class Steps {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Keeps a value. */
  keep(transaction: Transaction, key: string, name: string, value: Uint8Array): void {
    transaction.put(`${folderOf(key)}/${hashOf(name)}`, encodeRecord({ key, name }, value));
  }

  /** What was kept. Looks into folders. */
  kept(transaction: Transaction, key: string): Map<string, Uint8Array> {
    const values = new Map<string, Uint8Array>();
    for (const file of this.#disk.list(folderOf(key))) {
      const record = HASH.test(file) ? decodeWhole(transaction.read(`${folderOf(key)}/${file}`)) : undefined;
      const { key: itsKey, name } = record?.about ?? {};
      if (itsKey === key && typeof name === "string") values.set(name, copyOf(record!.data));
    }
    return values;
  }

  /** Forgets what was kept. */
  drop(transaction: Transaction, key: string): void {
    transaction.dropTree(folderOf(key));
  }

  /** What was kept belongs to a dead letter from now on, or no longer. */
  mark(transaction: Transaction, key: string, isDead: boolean): void {
    const path = `${folderOf(key)}/letter`;
    if (!isDead) { if (transaction.exists(path)) transaction.remove(path); }
    else if (this.#disk.exists(folderOf(key))) transaction.put(path, NOTHING);
  }

  /** Forgets all that belong to dead letters. Looks into folders. */
  flushDead(transaction: Transaction): void {
    for (const name of this.#names()) {
      if (this.#disk.exists(`steps/${name}/letter`)) transaction.dropTree(`steps/${name}`);
    }
  }

  /** Forgets all but what belongs to dead letters and to those who keep it. Looks into folders. */
  flushAllBut(transaction: Transaction, keepers: () => Iterable<string>): void {
    const names = this.#names();
    if (names.length === 0) return;
    const kept = new Set([...keepers()].map(hashOf));
    for (const name of names) {
      if (!kept.has(name) && !this.#disk.exists(`steps/${name}/letter`)) transaction.dropTree(`steps/${name}`);
    }
  }

  /** Whether there are any. Looks into folders. */
  get isEmpty(): boolean {
    return this.#names().length === 0;
  }

  #names(): string[] {
    return this.#disk.folders("steps").filter((name) => HASH.test(name));
  }
}

/** The key under which the steps of an item are kept. */
export function stepsKey({ id, steps }: Item): string {
  return steps ?? id;
}

function folderOf(key: string): string {
  return `steps/${hashOf(key)}`;
}

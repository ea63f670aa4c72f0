/**
 * Leases: a file for each consumer that gives a sign of life. All are of the same length, so that a renewal needs no room on a disk
 * that is full.
 * @module
 */
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Lease, StoredLease } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { encodeName, FOLDER } from "./names.ts";
import { decodeWhole, encodeRecord } from "./record.ts";
import type { Transaction } from "./transaction.ts";

/** Longer than any lease but such whose names are very long. */
const LENGTH = 1024;

/** All leases. */
export class Leases {
  readonly #disk: Disk;
  readonly #clock: Clock;

  constructor(disk: Disk, clock: Clock) {
    this.#disk = disk;
    this.#clock = clock;
  }

  /** Grants or renews one. */
  renew(transaction: Transaction, { consumer, ttlMs, host, pid, about = this.#aboutOf(transaction, consumer) }: Lease): void {
    const expiresMs = this.#clock.now() + ttlMs;
    const lease: StoredLease = { consumer, ttlMs, host, pid, expiresMs, ...about !== undefined && { about } };
    const record = encodeRecord(lease, new Uint8Array());
    const bytes = new Uint8Array(Math.max(LENGTH, Math.ceil(record.length / LENGTH) * LENGTH));
    bytes.set(record);
    const path = leasePath(consumer);
    transaction.put(path, bytes, { isWhole: this.#disk.size(path) === bytes.length });
  }

  /** What a renewal does not say stays. */
  #aboutOf(transaction: Transaction, consumer: string): string | undefined {
    const about = decodeWhole(transaction.read(leasePath(consumer)))?.about["about"];
    return typeof about === "string" ? about : undefined;
  }

  /** Ends one. */
  end(transaction: Transaction, consumer: string): void {
    if (transaction.exists(leasePath(consumer))) transaction.remove(leasePath(consumer));
  }

  /** All that are stored, also those that have run out. Looks into folders. */
  list(): StoredLease[] {
    return this.#disk.list("leases").filter((name) => FOLDER.test(name))
      .map((name) => ({ name, lease: decodeWhole(this.#disk.read(`leases/${name}`))?.about as StoredLease | undefined }))
      .filter(({ name, lease }) => isLease(lease) && encodeName(lease.consumer) === name)
      .map(({ lease }) => lease!);
  }

  /**
   * Ends those that have run out. Looks into folders.
   *
   * @param own A consumer that lives, whatever its lease says.
   * @returns the names of the folders of all others
   */
  expire(transaction: Transaction, own: string | undefined): Set<string> {
    const alive = new Set<string>(own === undefined ? [] : [encodeName(own)]);
    for (const { consumer, expiresMs } of this.list()) {
      if (expiresMs > this.#clock.now()) alive.add(encodeName(consumer));
      else if (consumer !== own) this.end(transaction, consumer);
    }
    return alive;
  }
}

function isLease(lease: Partial<StoredLease> | undefined): lease is StoredLease {
  return typeof lease?.consumer === "string" && typeof lease.expiresMs === "number" && typeof lease.ttlMs === "number";
}

function leasePath(consumer: string): string {
  return `leases/${encodeName(consumer)}`;
}

/**
 * Leases: a file for each consumer that gives a sign of life.
 * @module
 */
import type { Lease, StoredLease } from "../../lib/storage.ts";
import type { Disk } from "./disk.ts";
import { encodeName } from "./layout.ts";
import { decodeWhole, encodeRecord } from "./record.ts";

const NOTHING = new Uint8Array();

/** All leases. */
export class FileLeases {
  readonly #disk: Disk;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Grants or renews one. */
  renew({ consumer, ttlMs, host, pid }: Lease): void {
    const lease: StoredLease = { consumer, ttlMs, host, pid, expiresMs: Date.now() + ttlMs };
    const staged = this.#disk.stagedPath();
    this.#disk.write(staged, encodeRecord(lease, NOTHING));
    this.#disk.move(staged, leasePath(consumer));
  }

  /** Ends one. */
  end(consumer: string): void {
    this.#disk.remove(leasePath(consumer));
  }

  /** All that are stored, also those that have run out. */
  list(): StoredLease[] {
    return this.#disk.list("leases")
      .map((name) => decodeWhole(this.#disk.read(`leases/${name}`))?.about as StoredLease | undefined)
      .filter((lease) => lease !== undefined);
  }
}

function leasePath(consumer: string): string {
  return `leases/${encodeName(consumer)}`;
}

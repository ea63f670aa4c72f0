/**
 * Leases of the storage in map_storage.ts.
 * @module
 */
import type { Lease, StoredLease } from "@hueyjs/huey";

/** Leases by consumer. */
export class MapLeases extends Map<string, StoredLease> {
  renew(lease: Lease, nowMs: number): void {
    const { about = this.get(lease.consumer)?.about } = lease;
    this.set(lease.consumer, { ...lease, about, expiresMs: nowMs + lease.ttlMs });
  }

  /** Ends those whose time is over. */
  expire(nowMs: number): void {
    for (const { consumer, expiresMs } of [...this.values()]) if (expiresMs <= nowMs) this.delete(consumer);
  }
}

// Output:

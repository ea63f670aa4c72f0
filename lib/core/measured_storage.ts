/**
 * Measures how long a storage takes. Nothing is measured, and nothing is in the way of a call, until somebody asks for metrics.
 * @module
 */
import type { Core } from "./core.ts";
import { systemClock } from "../primitives/clock.ts";
import { type Operation, OPERATIONS, type OperationTimes } from "../statistics/operations.ts";
import type { Storage } from "../storage.ts";

const measured: WeakSet<Storage> = new WeakSet();

/**
 * Measures the operations of the storage from now on, into the statistics of the Huey.
 *
 * @param core Of the Huey. One that counts nothing measures nothing.
 */
export function measureStorage({ statistics, storage }: Core): void {
  // Somebody's own storage may be frozen.
  if (statistics === undefined || measured.has(storage) || !Object.isExtensible(storage)) return;
  measured.add(storage);
  for (const operation of OPERATIONS) measure(storage, operation, statistics.operations);
}

/** Replaces the method of this one object: others hold the object itself, and know it by that. */
function measure(storage: Storage, operation: Operation, times: OperationTimes): void {
  const method = storage[operation] as (...given: unknown[]) => Promise<unknown>;
  const timed = async (...given: unknown[]): Promise<unknown> => {
    const startMs = systemClock.elapsed();
    try {
      return await method.apply(storage, given);
    } finally {
      times.measure(operation, systemClock.elapsed() - startMs);
    }
  };
  Object.defineProperty(storage, operation, { value: timed, writable: true, configurable: true });
}

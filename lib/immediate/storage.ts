/**
 * Where immediate mode gets its storage from: the memory driver says so when it is loaded, because lib knows no driver.
 * @module
 */
import { ConfigurationError } from "../errors.ts";
import type { Clock } from "../primitives/clock.ts";
import type { Storage } from "../storage.ts";

let openMemory: ((name: string, clock: Clock) => Storage) | undefined;

/** Names the storage of immediate mode. */
export function provideImmediateStorage(open: (name: string, clock: Clock) => Storage): void {
  openMemory = open;
}

/**
 * A new, empty storage for immediate mode.
 * @throws {ConfigurationError} If the memory driver is not loaded.
 */
export function openImmediateStorage(name: string, clock: Clock): Storage {
  if (openMemory === undefined) {
    throw new ConfigurationError("Immediate mode needs the memory storage: import it from the package's main module");
  }
  return openMemory(name, clock);
}

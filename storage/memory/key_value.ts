// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * Keys and values of the memory storage, as the contract has them.
 * @module
 */
import type { PutIfEmptyOptions } from "../../lib/storage.ts";
import { BaseKeyValue } from "../key_value.ts";
import type { MemorySpace } from "./space.ts";

/** The front of one name space. */
export class MemoryKeyValue extends BaseKeyValue {
  readonly #open: () => MemorySpace;

  /** @param open The space. @throws StorageError if the storage is closed */
  constructor(open: () => MemorySpace) {
    super();
    this.#open = open;
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    this.#open().put(key, value, ttlMs);
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#open().peekMany(keys);
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    return this.#open().pop(key);
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    return this.#open().entries();
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: PutIfEmptyOptions,
  ): Promise<boolean> {
    return this.#open().change(key, expected, value, options);
  }

  override async size(): Promise<number> {
    return this.#open().size();
  }

  override async flush(): Promise<void> {
    this.#open().flush();
  }
}

/**
 * Keys and values of the file storage.
 * @module
 */
import type { PutIfEmptyOptions } from "../../lib/storage.ts";
import { equalBytes } from "../bytes.ts";
import { BaseKeyValue } from "../key_value.ts";
import type { SpaceName } from "../calls.ts";
import type { MemorySpace } from "../memory/space.ts";
import type { MemoryStore } from "../memory/store.ts";
import type { Command } from "./commands.ts";
import type { LargeValues } from "./large.ts";
import type { Turns, WriteOptions } from "./turns.ts";

/** One name space. A value that is missing in `large/`, or torn, is not there. */
export class FileKeyValue extends BaseKeyValue {
  readonly #name: SpaceName;
  readonly #turns: Turns;
  readonly #large: LargeValues;

  constructor(name: SpaceName, turns: Turns, large: LargeValues) {
    super();
    this.#name = name;
    this.#turns = turns;
    this.#large = large;
  }

  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    return this.#write("put", [key, value, ttlMs]);
  }

  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#turns.read((store) => this.#of(store).peekMany(keys).map((value) => this.#large.resolveValue(value)));
  }

  pop(key: string): Promise<Uint8Array | undefined> {
    return this.#write("pop", [key], {
      look: (store) => this.#of(store).has(key) ? undefined : { value: undefined },
      present: (value) => this.#large.resolveValue(value as Uint8Array | undefined),
    });
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#turns.read((store) => {
      const entries = new Map<string, Uint8Array>();
      for (const [key, stored] of this.#of(store).entries()) {
        const value = this.#large.resolveValue(stored);
        if (value !== undefined) entries.set(key, value);
      }
      return entries;
    });
  }

  change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options?: PutIfEmptyOptions,
  ): Promise<boolean> {
    const isOther = (store: MemoryStore, { args }: Command): boolean =>
      !equalBytes(this.#of(store).peekMany([key])[0], args[1] as Uint8Array | undefined);
    return this.#write("change", [key, expected, value, options], {
      look: (store, command) => isOther(store, command) ? { value: false } : undefined,
    });
  }

  override size(): Promise<number> {
    return this.#turns.read((store) => this.#of(store).size());
  }

  override flush(): Promise<void> {
    return this.#write("flush", []);
  }

  #write<T>(method: string, args: readonly unknown[], options?: WriteOptions): Promise<T> {
    return this.#turns.write(`${this.#name}.${method}`, args, options);
  }

  #of(store: MemoryStore): MemorySpace {
    return store[this.#name];
  }
}

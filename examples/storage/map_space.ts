// deno-lint-ignore-file require-await -- what is thrown must become a rejection
/**
 * Keys and values of the storage in map_storage.ts.
 * @module
 */
import { BaseKeyValue } from "@hueyjs/huey";
import type { PutIfEmptyOptions } from "@hueyjs/huey";

type Entry = { value: Uint8Array; endsMs: number; holder?: string | undefined };

/** One name space: the methods that each medium has of its own. The others follow from them. */
export class MapSpace extends BaseKeyValue {
  readonly map: Map<string, Entry> = new Map();
  readonly #nowMs: () => number;
  readonly #ring: () => void;

  /** @param nowMs The time. @throws {StorageError} If the storage is closed. */
  constructor(nowMs: () => number, ring: () => void = () => {}) {
    super();
    this.#nowMs = nowMs;
    this.#ring = ring;
  }

  get(key: string): Entry | undefined {
    const [nowMs, entry] = [this.#nowMs(), this.map.get(key)];
    return entry && entry.endsMs > nowMs ? entry : undefined;
  }

  set(key: string, value: Uint8Array, { ttlMs = Infinity, holder }: PutIfEmptyOptions = {}): void {
    this.map.set(key, { value: new Uint8Array(value), endsMs: this.#nowMs() + ttlMs, holder });
    this.#ring();
  }

  async put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    this.set(key, value, { ttlMs });
  }

  async peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    this.#nowMs();
    return keys.map((key) => this.get(key)?.value);
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    const value = this.get(key)?.value;
    this.map.delete(key);
    return value;
  }

  async entries(): Promise<Map<string, Uint8Array>> {
    this.#nowMs();
    return new Map([...this.map].filter(([key]) => this.get(key)).map(([key, { value }]) => [key, value]));
  }

  async change(key: string, expected?: Uint8Array, value?: Uint8Array, options: PutIfEmptyOptions = {}): Promise<boolean> {
    const found = this.get(key);
    if (found?.value.toString() !== expected?.toString()) return false;
    if (value) this.set(key, value, { ...options, ...(found && { holder: found.holder }) });
    else this.map.delete(key);
    return true;
  }
}

// Output:

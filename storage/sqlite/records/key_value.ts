/**
 * One name space of keys and values in a SQLite file.
 * @module
 */
import type { PutIfEmptyOptions } from "../../../lib/storage.ts";
import { equalBytes } from "../../bytes.ts";
import { BaseKeyValue } from "../../key_value.ts";
import { clear, count, entries, forgetNow, type Kind, peek, pop, put, replace } from "./entries.ts";
import { KIND } from "../connection/schema.ts";
import type { Connection } from "../connection/connection.ts";
import type { SqliteWriter } from "../connection/writer.ts";

/**
 * Looks before it locks: what changes nothing takes no lock. But not while a write is under way, which may change what would be seen.
 */
export class SqliteKeyValue extends BaseKeyValue {
  readonly #writer: SqliteWriter;
  readonly #kind: Kind;

  constructor(writer: SqliteWriter, kind: Kind) {
    super();
    this.#writer = writer;
    this.#kind = kind;
  }

  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    return this.#write((connection) => put(connection, this.#kind, key, value, { ttlMs }));
  }

  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#writer.readTogether((connection) => keys.map((key) => peek(connection, this.#kind, key)));
  }

  override peek(key: string): Promise<Uint8Array | undefined> {
    return this.#writer.read((connection) => peek(connection, this.#kind, key));
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    if (!this.#writer.pending && await this.peek(key) === undefined) return undefined;
    return await this.#write((connection) => pop(connection, this.#kind, key));
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options: PutIfEmptyOptions = {},
  ): Promise<boolean> {
    if (!this.#writer.pending && !equalBytes(await this.peek(key), expected)) return false;
    return await this.#write((connection) => {
      if (!equalBytes(peek(connection, this.#kind, key), expected)) return false;
      if (value === undefined) pop(connection, this.#kind, key);
      else if (expected === undefined) put(connection, this.#kind, key, value, options);
      else replace(connection, this.#kind, key, value, options.ttlMs);
      return true;
    });
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#writer.read((connection) => entries(connection, this.#kind));
  }

  override size(): Promise<number> {
    return this.#writer.read((connection) => count(connection, this.#kind));
  }

  override flush(): Promise<void> {
    return this.#write((connection) => clear(connection, this.#kind));
  }

  #write<T>(work: (connection: Connection) => T): Promise<T> {
    return this.#writer.write((connection) => {
      if (this.#kind === KIND.revocation) forgetNow(connection);
      return work(connection);
    });
  }
}

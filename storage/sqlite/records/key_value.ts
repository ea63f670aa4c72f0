/**
 * One name space of keys and values in a SQLite file.
 * @module
 */
import type { PutIfEmptyOptions } from "../../../lib/storage.ts";
import { equalBytes } from "../../bytes.ts";
import { BaseKeyValue } from "../../key_value.ts";
import { clear, count, entries, forgetNow, type Kind, peek, pop, put, replace } from "./entries.ts";
import { KIND } from "../connection/schema.ts";
import type { Session } from "../connection/session.ts";
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
    return this.#write((session) => put(session, this.#kind, key, value, { ttlMs }));
  }

  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#writer.readTogether((session) => keys.map((key) => peek(session, this.#kind, key)));
  }

  override peek(key: string): Promise<Uint8Array | undefined> {
    return this.#writer.read((session) => peek(session, this.#kind, key));
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    if (!this.#writer.pending && await this.peek(key) === undefined) return undefined;
    return await this.#write((session) => pop(session, this.#kind, key));
  }

  async change(
    key: string,
    expected: Uint8Array | undefined,
    value: Uint8Array | undefined,
    options: PutIfEmptyOptions = {},
  ): Promise<boolean> {
    if (!this.#writer.pending && !equalBytes(await this.peek(key), expected)) return false;
    return await this.#write((session) => {
      if (!equalBytes(peek(session, this.#kind, key), expected)) return false;
      if (value === undefined) pop(session, this.#kind, key);
      else if (expected === undefined) put(session, this.#kind, key, value, options);
      else replace(session, this.#kind, key, value, options.ttlMs);
      return true;
    });
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#writer.read((session) => entries(session, this.#kind));
  }

  override size(): Promise<number> {
    return this.#writer.read((session) => count(session, this.#kind));
  }

  override flush(): Promise<void> {
    return this.#write((session) => clear(session, this.#kind));
  }

  #write<T>(work: (session: Session) => T): Promise<T> {
    return this.#writer.write((session) => {
      if (this.#kind === KIND.revocation) forgetNow(session);
      return work(session);
    });
  }
}

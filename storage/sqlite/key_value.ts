/**
 * One name space of keys and values in a SQLite file.
 * @module
 */
import type { KeyValue, PutIfEmptyOptions } from "../../lib/storage.ts";
import { equalBytes } from "../bytes.ts";
import { clear, count, entries, type Kind, peek, pop, put, putIfEmpty } from "./entries.ts";
import type { Session } from "./session.ts";
import type { SqliteWriter } from "./writer.ts";

/** Looks before it locks: what changes nothing takes no lock. */
export class SqliteKeyValue implements KeyValue {
  readonly #writer: SqliteWriter;
  readonly #kind: Kind;

  constructor(writer: SqliteWriter, kind: Kind) {
    this.#writer = writer;
    this.#kind = kind;
  }

  put(key: string, value: Uint8Array, ttlMs?: number): Promise<void> {
    return this.#writer.write((session) => put(session, this.#kind, key, value, ttlMs));
  }

  peek(key: string): Promise<Uint8Array | undefined> {
    return this.#writer.read((session) => peek(session, this.#kind, key));
  }

  peekMany(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    return this.#writer.read((session) => keys.map((key) => peek(session, this.#kind, key)));
  }

  async pop(key: string): Promise<Uint8Array | undefined> {
    if (await this.#isMissing(key)) return undefined;
    return await this.#writer.write((session) => pop(session, this.#kind, key));
  }

  async delete(key: string): Promise<boolean> {
    return await this.pop(key) !== undefined;
  }

  async has(key: string): Promise<boolean> {
    return await this.peek(key) !== undefined;
  }

  async putIfEmpty(key: string, value: Uint8Array, options?: PutIfEmptyOptions): Promise<boolean> {
    if (!this.#writer.pending && !await this.#isMissing(key)) return false;
    return await this.#writer.write((session) => putIfEmpty(session, this.#kind, key, value, options));
  }

  async deleteIfEqual(key: string, value: Uint8Array): Promise<boolean> {
    if (await this.#isMissing(key)) return false;
    return await this.#writer.write((session) => {
      if (!equalBytes(peek(session, this.#kind, key), value)) return false;
      pop(session, this.#kind, key);
      return true;
    });
  }

  replaceIfEqual(key: string, expected: Uint8Array | undefined, value: Uint8Array, ttlMs?: number): Promise<boolean> {
    return this.#writer.write((session: Session) => {
      if (!equalBytes(peek(session, this.#kind, key), expected)) return false;
      put(session, this.#kind, key, value, ttlMs);
      return true;
    });
  }

  size(): Promise<number> {
    return this.#writer.read((session) => count(session, this.#kind));
  }

  entries(): Promise<Map<string, Uint8Array>> {
    return this.#writer.read((session) => entries(session, this.#kind));
  }

  flush(): Promise<void> {
    return this.#writer.write((session) => clear(session, this.#kind));
  }

  /** Not known while a write is under way, which may put it there. */
  async #isMissing(key: string): Promise<boolean> {
    return !this.#writer.pending && await this.peek(key) === undefined;
  }
}

/**
 * Plain endings of one tick go as one job, so that tasks that were claimed together are settled by one statement.
 * @module
 */
import type { Settlement } from "../../../lib/storage.ts";
import { endInPlace } from "./endings.ts";
import type { SqliteWriter } from "../connection/writer.ts";

interface Group {
  readonly settlements: Settlement[];
  /** For each settlement whether its claim was held. */
  readonly written: Promise<readonly boolean[]>;
}

/** Collects endings until the writer gets to them. */
export class EndingGroup {
  readonly #writer: SqliteWriter;
  #open: Group | undefined;

  constructor(writer: SqliteWriter) {
    this.#writer = writer;
  }

  /**
   * @param settlement One that `isPlainEnding`.
   * @returns whether the claim was still held
   * @throws {StorageError} If the medium fails, stays locked, or is closed.
   */
  async end(settlement: Settlement): Promise<boolean> {
    const group = this.#writer.waiting ? this.#begin() : this.#open ?? this.#begin();
    const index = group.settlements.push(settlement) - 1;
    return (await group.written)[index]!;
  }

  #begin(): Group {
    const settlements: Settlement[] = [];
    const written = this.#writer.write((session) => {
      this.#close(group);
      return endInPlace(session, settlements);
    });
    const group = { settlements, written };
    written.catch(() => this.#close(group));
    return this.#open = group;
  }

  #close(group: Group): void {
    if (this.#open === group) this.#open = undefined;
  }
}

/**
 * A database that is opened for each task and closed after it.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { checkFunction, show } from "../lib/primitives/arguments.ts";
import { ConfigurationError } from "../lib/errors.ts";
import { defaultLogger } from "../lib/observe/logger.ts";
import { withResource } from "../lib/task/resource.ts";
import type { Logger } from "../lib/types/options.ts";
import { DatabaseError } from "./errors.ts";

const BRAND: unique symbol = Symbol.for("@hueyjs/huey.database") as never;

/**
 * How to open and close a database; `kyselyDatabase` and its like make one for their library. As the setting `database` it is
 * opened before each attempt of a `dbTask` and closed after it, whatever happens.
 *
 * @example
 * ```ts
 * import { Database } from "@hueyjs/huey/app";
 *
 * const database = new Database(() => new Map<string, number>(), (map) => map.clear());
 * console.log(await database.use((map) => map.set("a", 1).size)); // 1
 * ```
 */
export class Database<H> {
  readonly #open: () => H | Promise<H>;
  readonly #close: (handle: H) => unknown;
  readonly #handle: AsyncLocalStorage<H | undefined> = new AsyncLocalStorage();

  /**
   * Describes a database; nothing is opened.
   *
   * @param open Makes a handle, such as a client or a pool of connections.
   * @param close Closes it.
   * @throws {TypeError} If one of them is no function.
   */
  constructor(open: () => H | Promise<H>, close: (handle: H) => unknown) {
    checkFunction(open, "open");
    checkFunction(close, "close");
    this.#open = open;
    this.#close = close;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Whether a value is a database, whichever copy of the package made it.
   *
   * @param value Anything.
   * @returns Whether it is.
   */
  static is(value: unknown): value is Database<unknown> {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  /**
   * The handle that is open around the running code.
   * @throws {ConfigurationError} If there is none: outside of `dbTask` and `use`.
   */
  get current(): H {
    const handle = this.currentIfAny;
    if (handle !== undefined) return handle;
    throw new ConfigurationError("No database is open here: it is open in a dbTask, and in the function given to use");
  }

  /** The handle that is open around the running code, if there is one. */
  get currentIfAny(): H | undefined {
    return this.#handle.getStore();
  }

  /**
   * Opens the database, runs a function with it, and closes it, whatever happens. Within a `use` or a task it opens another one.
   *
   * @param work Gets the handle, which is also `current` meanwhile.
   * @param logger Told when closing fails after the function has failed. Default: that of the library.
   * @returns What the function returns.
   * @throws {DatabaseError} If the database cannot be opened or closed; else what the function throws.
   */
  async use<T>(work: (handle: H) => T | Promise<T>, logger: Logger = defaultLogger()): Promise<T> {
    const run = (opened: Opened<H>): T | Promise<T> => this.#handle.run(opened.handle, () => work(opened.handle));
    return await withResource(() => this.#opened(), true, run, logger)() as T;
  }

  async #opened(): Promise<Opened<H>> {
    const handle = await told("opened", () => this.#open());
    if (handle === undefined || handle === null) {
      throw new DatabaseError(`The database could not be opened: the function that opens it returned ${show(handle)}`);
    }
    return { handle, [Symbol.asyncDispose]: () => told("closed", () => this.#close(handle)) };
  }
}

interface Opened<H> {
  readonly handle: H;
  [Symbol.asyncDispose](): Promise<unknown>;
}

/** Says what the error is about: of a client library one hears only what went wrong on the wire. */
async function told<T>(what: "opened" | "closed", work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof Error ? error.message || error.name : String(error);
    throw new DatabaseError(`The database could not be ${what}: ${reason}`, { cause: error });
  }
}

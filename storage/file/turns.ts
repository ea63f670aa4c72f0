/**
 * Operations wait here for their turn. Those that are called together are written together.
 * @module
 */
import { setImmediate } from "node:timers";
import { StorageError } from "../../lib/errors.ts";
import type { Topic } from "../../lib/storage.ts";
import type { MemoryStore } from "../memory/store.ts";
import { checkCommand, type Command } from "./commands.ts";
import { codeOf } from "./folder.ts";
import type { LargeValues } from "./large.ts";
import type { Outcome, Replica } from "./replica.ts";

/** An answer that needs no command. */
export interface Answer {
  readonly value: unknown;
}

/** How a command is answered. */
export interface WriteOptions {
  /** Looks whether there is anything to change, and answers if there is not. */
  readonly look?: ((store: MemoryStore, command: Command) => Answer | undefined) | undefined;
  /** What becomes of the answer, in the same turn. Default: it gets its large values. */
  readonly present?: ((value: unknown) => unknown) | undefined;
}

/** What somebody waits for. */
interface Operation {
  readonly look: WriteOptions["look"];
  readonly present: (value: unknown) => unknown;
  readonly command?: Command | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** How turns are made. */
export interface TurnsOptions {
  /** Name of the queue, for errors. */
  readonly name: string;
  readonly replica: Replica;
  readonly large: LargeValues;
  /** Commands of this isolate were carried out, and others may wait for that. */
  readonly ring: (topics: ReadonlySet<Topic>) => void;
}

/** After so many turns the rest of the program, its timers and signals get theirs. */
const LONGEST_RUSH = 64;
/** So many commands go into one record. */
const MOST_TOGETHER = 512;

/** The operations of one instance. */
export class Turns {
  readonly #options: TurnsOptions;
  readonly #replica: Replica;
  #waiting: Operation[] = [];
  #turn: Promise<void> | undefined;
  /** Operations of the last turn. */
  #lastServed = 0;
  /** Turns since the rest of the program could run. */
  #rushed = 0;
  #isClosed = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#replica = options.replica;
  }

  /** Looks at the state. @throws {StorageError} After the close, and when the medium fails */
  read<T>(look: (store: MemoryStore) => T): Promise<T> {
    return this.#add((store) => ({ value: look(store) }));
  }

  /**
   * Changes the state by a command, unless a look says that there is nothing to change.
   *
   * @throws {TypeError | RangeError} If it is no command
   * @throws {StorageError} As `read`
   */
  async write<T>(
    name: string,
    args: readonly unknown[],
    { look, present = this.#options.large.resolve }: WriteOptions = {},
  ): Promise<T> {
    this.assertOpen();
    return await this.#add<T>(look, present, this.#checked(name, args));
  }

  /** @throws {StorageError} After the close */
  assertOpen(): void {
    if (this.#isClosed) throw this.#closedError();
  }

  /** Lets the operations that have begun finish. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#turn !== undefined) await this.#turn;
    this.#replica.close();
  }

  /** Large values are stored before their command waits. */
  #checked(name: string, args: readonly unknown[]): Command {
    try {
      return checkCommand(name, args, this.#options.large.hold);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** An error of the medium as people should see it. */
  #told(error: unknown): unknown {
    const { name } = this.#options;
    const isOurs = error instanceof StorageError || codeOf(error) !== undefined;
    if (!isOurs || !(error instanceof Error)) return error;
    return new StorageError(`File storage "${name}" failed: ${error.message}`, { cause: error });
  }

  #add<T>(look: WriteOptions["look"], present: Operation["present"] = asItIs, command?: Command): Promise<T> {
    if (this.#isClosed) return Promise.reject(this.#closedError());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.push({ look, present, command, resolve, reject });
    this.#turn ??= this.#serve();
    return promise as Promise<T>;
  }

  #closedError(): StorageError {
    return new StorageError(`Storage "${this.#options.name}" is closed`);
  }

  async #serve(): Promise<void> {
    await this.#gather();
    this.#turn = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#lastServed = waiting.length;
    let batch: Operation[] = [];
    for (const operation of waiting) {
      // Behind other commands the state is not yet the one that a command would have to look at.
      if (operation.command === undefined || batch.length === 0 || batch.length === MOST_TOGETHER) {
        this.#commit(batch);
        batch = [];
        if (this.#answer(operation)) continue;
      }
      batch.push(operation);
    }
    this.#commit(batch);
    this.#conclude();
  }

  /** What is called together is served together. One who calls and waits, and calls again, is not kept waiting for others. */
  async #gather(): Promise<void> {
    if (this.#rushed++ === 0) setImmediate(() => this.#rushed = 0);
    const isAlone = this.#lastServed <= 1 && this.#rushed < LONGEST_RUSH;
    await (isAlone ? undefined : new Promise<void>((resolve) => setImmediate(resolve)));
  }

  /** @returns `false` if a command has to be written */
  #answer({ look, command, resolve, reject }: Operation): boolean {
    if (look === undefined) return false;
    try {
      this.#replica.catchUp();
      const answer = look(this.#replica.store, command!);
      if (answer !== undefined) resolve(answer.value);
      return answer !== undefined;
    } catch (error) {
      reject(this.#told(error));
      return true;
    }
  }

  #commit(batch: readonly Operation[]): void {
    if (batch.length === 0) return;
    try {
      const outcomes = this.#replica.commit(batch.map(({ command }) => command!));
      for (const [index, operation] of batch.entries()) this.#settle(operation, outcomes[index]!);
    } catch (error) {
      for (const { reject } of batch) reject(this.#told(error));
    }
  }

  #settle({ present, resolve, reject }: Operation, outcome: Outcome): void {
    try {
      if ("error" in outcome) throw outcome.error;
      resolve(present(outcome.value));
    } catch (error) {
      reject(this.#told(error));
    }
  }

  /** What was committed is answered. */
  #conclude(): void {
    const { topics } = this.#replica;
    if (topics.size > 0) this.#options.ring(topics);
    topics.clear();
    this.#replica.tidy();
  }
}

function asItIs(value: unknown): unknown {
  return value;
}

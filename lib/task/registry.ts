/**
 * The tasks of one Huey, by name.
 * @module
 */
import { ConfigurationError, UnknownTaskError } from "../errors.ts";
import type { Message } from "../message/message.ts";
import type { KeyFunctions } from "./keys.ts";
import type { Schedule } from "../types/definition.ts";
import type { LockOptions, RateLimitOptions } from "../types/limits.ts";

/** When a periodic task runs. */
export interface Periodic {
  readonly schedule: Schedule;
  readonly missed: "skip" | "once" | "all";
  readonly missedWindowMs: number;
}

/** One registered task. */
export interface Definition {
  /** Wire identity. */
  readonly name: string;
  /** Runs the function with these arguments. */
  // deno-lint-ignore ban-types -- the parameters are known to the wrapper's types only
  readonly fn: Function;
  /** Whether the function gets a `TaskContext` first. */
  readonly context: boolean;
  /** What its messages say, unless a call says otherwise; without an id and arguments. A copy of it costs less than a message made anew. */
  readonly blank: Message;
  readonly lock: { readonly name: string; readonly options: LockOptions } | undefined;
  readonly rateLimit: { readonly name: string; readonly options: RateLimitOptions } | undefined;
  readonly periodic: Periodic | undefined;
  /** It is defined elsewhere: it can be enqueued here, and not run. */
  readonly remote?: true | undefined;
  /** What makes keys of the arguments. */
  readonly keys: KeyFunctions | undefined;
}

/** A registered periodic task. */
export type PeriodicDefinition = Definition & { readonly periodic: Periodic };

/** Leads from a wrapper to its definition. */
export const DEFINITION: unique symbol = Symbol.for("@hueyjs/huey.definition") as never;

/** The definition of a wrapper; `undefined` for any other value. */
export function definitionOf(value: unknown): Definition | undefined {
  return typeof value === "function" ? (value as { readonly [DEFINITION]?: Definition })[DEFINITION] : undefined;
}

/** Tasks by name, in the order of their registration. */
export class Registry {
  readonly #definitions: Map<string, Definition> = new Map();

  /**
   * Registers a task. One that is defined elsewhere may be registered several times; what was said last counts.
   * @throws {ConfigurationError} If the name is taken.
   */
  add(definition: Definition): void {
    const { name, remote } = definition;
    const before = this.#definitions.get(name);
    if (before !== undefined && before.remote !== remote) {
      throw new ConfigurationError(
        `"${name}" is registered already: a name is that of a task of this Huey, or of a remote one`,
      );
    }
    if (before !== undefined && !remote) {
      throw new ConfigurationError(`A task named "${name}" is registered already: names are the identity on the wire`);
    }
    this.#definitions.set(name, definition);
  }

  /** Removes a task. @returns whether it was registered */
  remove(name: string): boolean {
    return this.#definitions.delete(name);
  }

  /** The task, if it can run here; else `undefined`. */
  find(name: string): Definition | undefined {
    const definition = this.#definitions.get(name);
    return definition?.remote ? undefined : definition;
  }

  /**
   * The task, which may be one that is defined elsewhere.
   * @throws {UnknownTaskError} If it is not registered.
   */
  get(name: string): Definition {
    const definition = this.#definitions.get(name);
    if (definition === undefined) throw new UnknownTaskError(name);
    return definition;
  }

  /** Whether it is a task that is defined elsewhere. */
  isRemote(name: string): boolean {
    return this.#definitions.get(name)?.remote === true;
  }

  /** All tasks that can run here. */
  all(): Definition[] {
    return this.known().filter(({ remote }) => !remote);
  }

  /** All tasks, also those that are defined elsewhere. */
  known(): Definition[] {
    return [...this.#definitions.values()];
  }

  /** The periodic tasks. */
  periodic(): PeriodicDefinition[] {
    return this.known().filter((definition): definition is PeriodicDefinition => definition.periodic !== undefined);
  }
}

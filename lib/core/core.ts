/**
 * What the inside of the library and the consumer see of a Huey. Applications use the class `Huey`.
 * @module
 */
import type { Clock } from "../primitives/clock.ts";
import type { Registry } from "../task/registry.ts";
import type { Statistics } from "../statistics/statistics.ts";
import type { Claim, DeadLetterBounds, Storage } from "../storage.ts";
import type { Message } from "../message/message.ts";
import type { Hooks } from "../observe/hooks.ts";
import type { Tracing } from "../observe/tracing.ts";
import type { Signals } from "../observe/signals.ts";
import type { Logger, SerializerLike } from "../types/options.ts";
import type { Delivery } from "../types/definition.ts";
import type { Task } from "../types/composition.ts";

/** Marks a Huey, whichever copy of the package made it, and leads to its core. */
const CORE: unique symbol = Symbol.for("@hueyjs/huey.core") as never;

/** The core of a Huey; `undefined` for any other value. */
export function coreOf(value: unknown): Core | undefined {
  return typeof value === "object" && value !== null ? (value as { readonly [CORE]?: Core })[CORE] : undefined;
}

/** Makes an object known as a Huey. */
export function markAsHuey(huey: object, core: Core): void {
  Object.defineProperty(huey, CORE, { value: core });
}

/** An attempt that is running in this isolate. */
export interface Running {
  readonly claim: Claim;
  readonly message: Message;
  readonly task: Task;
  readonly startedMs: number;
  /** It may run at most once, and has begun: it cannot be given back. */
  readonly begun: boolean;
  /** Aborts the task's signal. */
  abort(reason: Error): void;
  /** Set when the claim was given back: what the attempt still returns is ignored. */
  abandoned: boolean;
}

/** Settings that every part of the library reads. */
export interface Settings {
  name: string;
  results: boolean;
  /** How long a result waits to be read; `undefined`: for ever. */
  resultTtlMs: number | undefined;
  storeNone: boolean;
  storeIntermediateErrors: boolean;
  /** How many failed tasks stay, and for how long; `undefined`: none. */
  keepFailed: DeadLetterBounds | undefined;
  utc: boolean;
  delivery: Delivery;
  maxDeliveries: number;
  trackState: boolean;
  completionTtlMs: number;
}

/** The inside of a Huey. */
export interface Core {
  readonly settings: Settings;
  readonly storage: Storage;
  /** The time, as this Huey sees it. */
  readonly clock: Clock;
  readonly serializer: SerializerLike;
  readonly registry: Registry;
  readonly hooks: Hooks;
  readonly signals: Signals;
  readonly logger: Logger;
  /** Who traces it, if somebody does. */
  tracing: Tracing | undefined;
  /** What this process counts; `undefined` where it does not. */
  readonly statistics: Statistics | undefined;
  readonly immediate: boolean;
  /** Immediate mode: runs what a function enqueues, with the core that it is given, before it resolves. */
  runInCall<T>(enqueue: (core: Core) => Promise<T>): Promise<T>;
  /** Whether it is closed: its storage will not come back. */
  readonly closed: boolean;
  /** Locks that this process knows, with their slots. */
  readonly locks: Map<string, number>;
  /** Attempts that are running in this isolate, by claim token. */
  readonly running: Map<string, Running>;
}

/**
 * A core, or a storage, with some members in place of its own. The others still work on the object itself.
 *
 * @param whole The object, which is not changed.
 * @param members What takes the place of its own.
 */
export function replaceMembers<T extends object>(whole: T, members: Partial<T>): T {
  return new Proxy(whole, {
    get(target, key): unknown {
      if (Object.hasOwn(members, key)) return members[key as keyof T];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

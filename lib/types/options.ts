/**
 * Options of a Huey, and what users may plug into it.
 * @module
 */
import type { Clock } from "../primitives/clock.ts";
import type { Duration } from "../primitives/time.ts";
import type { Delivery } from "./definition.ts";

/** Options of every Huey; those of its storage stand beside them. */
export interface HueyOptions {
  /** Name of the queue; keeps several apart in one medium. Default "huey". */
  name?: string;

  /** Store values and errors of tasks. Default true. Without it a handle's `get` rejects. */
  results?: boolean;

  /** How long a value or an error waits to be read. Default 7 days; `"forever"`: it has no end. Not for what `put` stores. */
  resultTtl?: Duration | "forever";

  /** Also store the value of a task that returns `undefined`. Default false. */
  storeNone?: boolean;

  /**
   * Store, and hand to error handlers, the error of an attempt that will be retried. Default false: a handle and a handler learn
   * what the task ended with.
   */
  storeIntermediateErrors?: boolean;

  /**
   * Tasks that failed for good stay with their message and error, to be looked at and tried again: at most `count`, for `age`, the oldest
   * go. Default `{ count: 10_000, age: { days: 7 } }`; what is left out of it is as there. `false` keeps none.
   */
  keepFailed?: false | { count?: number; age?: Duration };

  /** Whether a crontab that names no zone means UTC; else local time. Default true. */
  utc?: boolean;

  /** Run tasks in the call, without a consumer: for tests. Default false. */
  immediate?: boolean;

  /** In immediate mode use a memory of its own instead of the storage. Default true. */
  immediateUseMemory?: boolean;

  /** How messages and values become bytes. Default: `new Serializer()`. */
  serializer?: SerializerLike;

  /** Compress messages and values with gzip. Default false. Not together with `serializer`. */
  compression?: boolean;

  /** Compress with zlib instead of gzip; needs `compression`. Default false. */
  useZlib?: boolean;

  /** What happens to tasks whose worker dies. Default "at-least-once": they run again. */
  delivery?: Delivery;

  /** How often a task is handed out before it fails with `WorkerLostError`, at least 1. Default 5. */
  maxDeliveries?: number;

  /** Keep the state that `state()` tells. Default true; false saves its cost. */
  trackState?: boolean;

  /** How long a blocking `get` can still learn that a task ended without storing anything. Default 60; a number is seconds. */
  completionTtl?: Duration;

  /** Count what happens, for `stats()` and `recent()`. Default true; false saves its small cost. */
  stats?: boolean;

  /** Where to log. Default: LogTape, category `["huey", name]`; until the application configures it, failures go to the console. */
  logger?: Logger;

  /** The time for everything that this Huey and its storage do. Default: the machine's. For tests. */
  clock?: Clock;
}

/** What `flush` deletes: the parts that are `true`. */
export interface FlushOptions {
  /** The tasks on the queue, those that run, and the chords that they belong to. */
  queue?: boolean;

  /** The tasks on the schedule. */
  schedule?: boolean;

  /** Values and errors of tasks, and what is known of their ends. */
  results?: boolean;

  /** Locks, whoever holds them. */
  locks?: boolean;

  /** Values that `put` has stored. */
  data?: boolean;

  /** Revocations of tasks and of invocations. */
  revocations?: boolean;

  /** What rate limits have counted, progress, and which times of periodic tasks are done. */
  counters?: boolean;

  /** Messages that were set aside, and failed tasks. */
  deadLetters?: boolean;

  /** What `stats` and `recent` tell. */
  stats?: boolean;
}

/** Where a value is stored. Nothing else is ever stored there, so whoever signs can refuse a value that was moved. */
export interface Place {
  /**
   * What it is: the message of a task (also as a dead letter), the value or error of a task, what it has told of its progress, the
   * value of a member of a chord, the value of a step of a task, the error of a failed task that is set aside, or a value that the
   * application has put.
   */
  readonly purpose: "message" | "result" | "progress" | "chord" | "step" | "failure" | "value";

  /** Name of the queue. */
  readonly queue: string;

  /**
   * Id of the task, of the dead letter, or the key; of a value of a chord `<id of the chord>:<index of the member>`; of a step a JSON
   * array of what its run is known by and the name of the step.
   */
  readonly id: string;
}

/** Turns values into bytes and back; see `Serializer`. */
export interface SerializerLike {
  /**
   * Whether it signs values together with their place. Then a message whose task has ended already is refused, because somebody may
   * have stored it again. Default false.
   */
  readonly signs?: boolean;

  /**
   * Writes a value.
   *
   * @param value A message, or the value or error of a task.
   * @param place Where it will be stored. It may be ignored; the same place is given when the value is read.
   * @returns The bytes to store.
   * @throws {TypeError} For what cannot be written.
   */
  serialize(value: unknown, place?: Place): Uint8Array | Promise<Uint8Array>;

  /**
   * Writes a value before it is compressed and signed, always alike: for the keys of `unique` tasks. Default: what `serialize` writes.
   *
   * @param value A list of arguments.
   * @returns The bytes.
   * @throws {TypeError} For what cannot be written.
   */
  plain?(value: unknown): Uint8Array | Promise<Uint8Array>;

  /**
   * Reads a value. It must run no code of the data.
   *
   * @param data What `serialize` returned; or anything that somebody else has stored.
   * @param place Where it was found.
   * @returns The value, or a promise of it.
   * @throws For what cannot be read; the message becomes a dead letter.
   */
  deserialize(data: Uint8Array, place?: Place): unknown;
}

/** Options of a `Serializer`. */
export interface SerializerOptions {
  /** Compress. Default false. Compressed and uncompressed data are both read, whatever it says. */
  compression?: boolean;

  /** From 0, the fastest, to 9, the smallest. Default 6. */
  compressionLevel?: number;

  /** Compress with zlib instead of gzip. Default false. */
  useZlib?: boolean;

  /** Most bytes of a message or value, decompressed. Default 16 MiB, at most 256 MiB. */
  maxBytes?: number;

  /** Most values in a message or value: itself, and what its lists and objects hold, however deep. Default 1,000,000. */
  maxNodes?: number;

  /** Most lists and objects within one another. Default and at most 1000. */
  maxDepth?: number;
}

/** What the library logs to: `console`, a LogTape logger and an `@std/log` logger fit. */
export interface Logger {
  /** Logs what helps to find a mistake. */
  debug(message: string, properties?: Record<string, unknown>): void;

  /** Logs what happens as it should: tasks that start and end. */
  info(message: string, properties?: Record<string, unknown>): void;

  /** Logs what one may want to look at: timeouts, locks, revocations, workers that are replaced. */
  warn(message: string, properties?: Record<string, unknown>): void;

  /** Logs what went wrong; `properties.error` has the error. */
  error(message: string, properties?: Record<string, unknown>): void;
}

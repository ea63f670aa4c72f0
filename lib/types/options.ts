/** Options of a Huey, and what users may plug into it.
 * @module */
import type { Duration } from "../time.ts";
import type { Delivery } from "./definition.ts";

export interface HueyOptions {
  /** Default "huey". */ name?: string;
  /** Store values and errors. Default true. */ results?: boolean;
  /** Also store `undefined`. Default false. */ storeNone?: boolean;
  /** Store and hand on the error of an attempt that will be retried. Default true. */ storeIntermediateErrors?: boolean;
  /** Default zone of crontab: UTC, else local. Default true. */ utc?: boolean;
  /** Run tasks in the call. Default false. */ immediate?: boolean;
  /** Use a memory storage of its own in immediate mode. Default true. */ immediateUseMemory?: boolean;
  serializer?: SerializerLike;
  /** gzip. Default false. Not together with `serializer`. */ compression?: boolean;
  /** zlib instead of gzip. Default false. */ useZlib?: boolean;
  /** Default "at-least-once". */ delivery?: Delivery;
  /** Default 5. */ maxDeliveries?: number;
  /** Keep the state that `state()` tells. Default true. Choice: added, so that its cost can be saved. */ trackState?: boolean;
  /** How long a blocking `get` can still learn that a task ended without storing anything. Default 60. */ completionTtl?:
    Duration;
  logger?: Logger;
}
export interface DeadLetter {
  /** Choice: of the dead letter, not of the task. */ readonly id: string;
  readonly reason: string;
  readonly at: Date;
  readonly data: Uint8Array;
  /** If they could be read. */ readonly taskId: string | undefined;
  readonly taskName: string | undefined;
}
export interface SerializerLike {
  serialize(value: unknown): Uint8Array | Promise<Uint8Array>;
  deserialize(data: Uint8Array): unknown;
}
export interface SerializerOptions {
  /** Default false. Uncompressed data is still read. */ compression?: boolean;
  /** 0 to 9. Default 6. */ compressionLevel?: number;
  useZlib?: boolean;
}
/** `console`, a LogTape logger and an `@std/log` logger fit. */
export interface Logger {
  debug(message: string, properties?: Record<string, unknown>): void;
  info(message: string, properties?: Record<string, unknown>): void;
  warn(message: string, properties?: Record<string, unknown>): void;
  error(message: string, properties?: Record<string, unknown>): void;
}

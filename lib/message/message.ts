/**
 * The wire record: one task invocation as it travels. Plain data in the public words, so that any language can read it.
 * @module
 */
import type { Delivery } from "../types/definition.ts";
import type { Duration, Instant } from "../primitives/time.ts";

/** What follows a task: another task, or a chord. */
export type NextStep = Message | ChordMessage;

/** One invocation. Defaults are left out. Times and durations are milliseconds. */
export interface Message {
  /** Version of the format. */
  readonly v: 1;
  readonly id: string;
  /** Name of the task. */
  readonly name: string;
  readonly args: readonly unknown[];
  readonly eta?: number | undefined;
  /** Retries left. */
  readonly retries?: number | undefined;
  readonly retryDelay?: number | undefined;
  readonly retryBackoff?: number | undefined;
  readonly retryJitter?: number | undefined;
  readonly retryMaxDelay?: number | undefined;
  readonly priority?: number | undefined;
  /** As declared. */
  readonly expires?: Duration | Instant | undefined;
  /** Fixed at the first enqueue. */
  readonly expiresAt?: number | undefined;
  readonly timeout?: number | undefined;
  readonly delivery?: Delivery | undefined;
  /** Whether its value or error is stored, where that is not as the Huey says. */
  readonly results?: boolean | undefined;
  /** How many run at once; a number: of the task as a whole. */
  readonly concurrency?: number | ConcurrencyField | undefined;
  /** What makes it a duplicate of another; without a key that is still to be found. */
  readonly unique?: UniqueField | undefined;
  /** Texts of the application. */
  readonly meta?: Meta | undefined;
  /** When it was enqueued first. */
  readonly enqueuedAt?: number | undefined;
  /** Names its steps, where the id was given by the caller and may be used again. */
  readonly run?: string | undefined;
  /** Attempts before this one. */
  readonly attempt?: number | undefined;
  /** What it said before its first attempt, where further attempts have changed that. */
  readonly first?: FirstAttempt | undefined;
  /** The last of the attempts before this one. */
  readonly history?: readonly AttemptRecord[] | undefined;
  /** How often in a row it was tried again without a pause. */
  readonly quick?: number | undefined;
  /** Run with the value of this one. */
  readonly next?: NextStep | undefined;
  /** Run with the error of this one; its own `onError` handles its failure. */
  readonly onError?: Message | undefined;
  /** Membership in a chord; on the last step of a member. */
  readonly chord?: ChordMembership | undefined;
  /** Id of the chord whose values are appended to the arguments when this runs. */
  readonly valuesOf?: string | undefined;
  /** How many values they are: what the storage says of that is not signed. */
  readonly places?: number | undefined;
  /** How often a consumer without this task has put it back. */
  readonly unknown?: number | undefined;
  /** Enqueued by the scheduler: its result is discarded. */
  readonly periodic?: boolean | undefined;
}

/** What attempts change in a message. */
export interface FirstAttempt {
  readonly retries?: number | undefined;
  readonly retryDelay?: number | undefined;
}

/** An attempt that has ended. What is usual or not known is left out. */
export interface AttemptRecord {
  /** 1 for the first. */
  readonly attempt: number;
  /** How it ended: "error", "timeout", "locked", ... */
  readonly outcome: string;
  readonly endedAt: number;
  readonly startedAt?: number | undefined;
  /** It waited until then. */
  readonly dueAt?: number | undefined;
  readonly worker?: string | undefined;
  readonly consumer?: string | undefined;
  /** How often it was handed out, if more than once. */
  readonly deliveries?: number | undefined;
  /** How often it was put off like this, if more than once; the times are those of the last. */
  readonly times?: number | undefined;
  readonly error?: ErrorRecord | undefined;
  readonly log?: readonly LineRecord[] | undefined;
}

/** The error of an attempt, cut. */
export interface ErrorRecord {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

/** A line that a task has logged, cut. */
export interface LineRecord {
  readonly at: number;
  readonly level: string;
  readonly text: string;
}

/** Small texts by name. */
export type Meta = Readonly<Record<string, string>>;

/** How many run at once of those with the same key. */
export interface ConcurrencyField {
  readonly limit: number;
  /** `true`: what the function of the task says, which is to be asked. */
  readonly key: string | true;
}

/** Which other messages are the same as this one, and for how long. */
export interface UniqueField {
  /** `true`: what the function of the task says, which is to be asked; `undefined`: the arguments are the key. */
  readonly key?: string | true | undefined;
  /** Milliseconds, or until it is claimed; `undefined`: until its task has ended. */
  readonly until?: "start" | number | undefined;
}

/** Which place of which chord a task fills. What a chord does when all are filled is stored once, with its first members. */
export interface ChordMembership {
  readonly id: string;
  readonly index: number;
}

/** A chord as a step of a pipeline: its members get the value, then run in parallel. */
export interface ChordMessage {
  readonly chord: string;
  readonly members: readonly NextStep[];
  readonly callback: Message;
}

/**
 * Whether a message between a consumer and its workers is one: code of the application in a worker can post anything.
 * @module
 */
import { isOperations } from "../../lib/statistics/operations.ts";
import { isTotals } from "../../lib/statistics/totals.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** What a field must be. */
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number" && Number.isFinite(value);
const length: Check = (value) => number(value) && (value as number) >= 0;
const object: Check = (value) => typeof value === "object" && value !== null;

/** The fields that are read of each kind of message. */
type Shapes<M extends { readonly type: string }> = Readonly<Record<M["type"], Readonly<Record<string, Check>>>>;

const FROM_WORKER: Shapes<FromWorker> = {
  ready: {},
  worked: {},
  broken: {},
  failed: { reason: text },
  lost: { reason: text },
  start: { token: text, name: text, id: text, timeoutMs: length },
  end: { token: text },
  answer: { id: number, started: length, busy: length },
  counted: { tasks: isTotals, operations: isOperations },
  exit: { code: number },
  stopped: { end: (value) => value === "stopped" || value === "exhausted", started: length },
};

const TO_WORKER: Shapes<ToWorker> = {
  init: { module: text, queue: text, consumer: text, worker: text, slots: length, poll: object },
  stop: { graceMs: (value) => value === undefined || length(value) },
  renewed: { atMs: number },
  reopenLog: {},
  idle: { id: number },
  ping: { id: number },
};

/** A message from a worker. @returns `undefined` if it is none, whatever it is */
export function readFromWorker(message: unknown): FromWorker | undefined {
  return read(message, FROM_WORKER) as FromWorker | undefined;
}

/** A message to a worker. @returns `undefined` if it is none, whatever it is */
export function readToWorker(message: unknown): ToWorker | undefined {
  return read(message, TO_WORKER) as ToWorker | undefined;
}

function read(message: unknown, shapes: Readonly<Record<string, Readonly<Record<string, Check>>>>): unknown {
  try {
    if (!object(message)) return undefined;
    const { type } = message as { type?: unknown };
    if (typeof type !== "string" || !Object.hasOwn(shapes, type)) return undefined;
    return fits(message, shapes[type]!) ? message : undefined;
  } catch {
    // A getter that throws: it was not made by this library.
    return undefined;
  }
}

function fits(value: unknown, shape: Readonly<Record<string, Check>>): boolean {
  return Object.entries(shape).every(([key, check]) => check((value as Record<string, unknown>)[key]));
}

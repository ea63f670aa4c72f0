/**
 * The configured Huey as one object that is there before the configuration is, and its methods as functions: the same in the web process
 * and in the consumer. Each throws a `ConfigurationError` if nothing is configured.
 * @module
 */
import type { Huey } from "../lib/huey/huey.ts";
import { currentApplication } from "./application.ts";

/** Each use is passed on to the Huey of the moment; methods run on that one. */
const handler: ProxyHandler<object> = {
  get(_, key) {
    const { huey } = currentApplication();
    const value: unknown = Reflect.get(huey, key, huey);
    return typeof value === "function" && !Object.hasOwn(huey, key) ? value.bind(huey) : value;
  },
  set: (_, key, value) => Reflect.set(currentApplication().huey, key, value),
  has: (_, key) => Reflect.has(currentApplication().huey, key),
  getPrototypeOf: () => Reflect.getPrototypeOf(currentApplication().huey),
};

/**
 * The Huey that is configured.
 * @throws {ConfigurationError} At the first use, if nothing is configured.
 */
export const huey: Huey = new Proxy({}, handler) as Huey;

type MethodName = { [K in keyof Huey]: Huey[K] extends (...args: never) => unknown ? K : never }[keyof Huey];

function bound<K extends MethodName>(name: K): Huey[K] {
  const call = (...args: unknown[]): unknown => (huey[name] as (...args: unknown[]) => unknown)(...args);
  return Object.defineProperty(call, "name", { value: name }) as Huey[K];
}

/** Defines a task, as `huey.task`. */
export const task: Huey["task"] = bound("task");
/** Defines a task that the consumer runs by the clock, as `huey.periodicTask`. */
export const periodicTask: Huey["periodicTask"] = bound("periodicTask");
/** Defines a task that runs inside a resource, as `huey.contextTask`. */
export const contextTask: Huey["contextTask"] = bound("contextTask");
/** A lock, as `huey.lockTask`. */
export const lockTask: Huey["lockTask"] = bound("lockTask");
/** Enqueues a task, a pipeline, a group or a chord, as `huey.enqueue`. */
export const enqueue: Huey["enqueue"] = bound("enqueue");
/** Undoes `revoke`, as `huey.restore`. */
export const restore: Huey["restore"] = bound("restore");
/** Undoes `revokeAll`, as `huey.restoreAll`. */
export const restoreAll: Huey["restoreAll"] = bound("restoreAll");
/** Undoes `revokeById`, as `huey.restoreById`. */
export const restoreById: Huey["restoreById"] = bound("restoreById");
/** Stops one invocation, as `huey.revoke`. */
export const revoke: Huey["revoke"] = bound("revoke");
/** Stops every invocation of a task, as `huey.revokeAll`. */
export const revokeAll: Huey["revokeAll"] = bound("revokeAll");
/** Stops one invocation by its id, as `huey.revokeById`. */
export const revokeById: Huey["revokeById"] = bound("revokeById");
/** Whether a task or an invocation is revoked, as `huey.isRevoked`. */
export const isRevoked: Huey["isRevoked"] = bound("isRevoked");
/** Reads a result by its id, as `huey.result`. */
export const result: Huey["result"] = bound("result");
/** Where the invocation with an id is, as `huey.state`. */
export const state: Huey["state"] = bound("state");
/** What the invocation with an id has reported, as `huey.progress`. */
export const progress: Huey["progress"] = bound("progress");
/** The tasks on the schedule, as `huey.scheduled`. */
export const scheduled: Huey["scheduled"] = bound("scheduled");
/** Registers a hook that runs when a worker starts, as `huey.onStartup`. */
export const onStartup: Huey["onStartup"] = bound("onStartup");
/** Registers a hook that runs when a worker ends, as `huey.onShutdown`. */
export const onShutdown: Huey["onShutdown"] = bound("onShutdown");
/** Registers a hook that runs before each task, as `huey.preExecute`. */
export const preExecute: Huey["preExecute"] = bound("preExecute");
/** Registers a hook that runs after each task, as `huey.postExecute`. */
export const postExecute: Huey["postExecute"] = bound("postExecute");
/** Connects a handler to signals, as `huey.signal`. */
export const signal: Huey["signal"] = bound("signal");
/** Disconnects a handler, as `huey.disconnectSignal`. */
export const disconnectSignal: Huey["disconnectSignal"] = bound("disconnectSignal");

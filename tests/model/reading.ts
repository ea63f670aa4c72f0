/**
 * Commands on handles and keys: results, revocations, rescheduling, values, locks, limits.
 * @module
 */
import { expect } from "bun:test";
import { RateLimitExceeded, ResultTimeout, TaskException, TaskLockedException } from "../../mod.ts";
import { failure } from "../helpers.ts";
import { Command, pick } from "./command.ts";
import { plain, plainText } from "./compare.ts";
import { type LimitName, LIMITS, LOCKS, type Revoked, type StoredOutcome } from "./ledger.ts";
import type { Model } from "./model.ts";
import { lastPlace, type Plan } from "./plan.ts";
import type { TaskName } from "./tasks.ts";
import type { Handle, World } from "./world.ts";

/** What a reader gets: a value or an exception, in plain words. */
async function reading(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: plain(await read()) };
  } catch (error) {
    if (error instanceof ResultTimeout) return "timeout";
    if (!(error instanceof TaskException)) throw error;
    const { metadata } = error;
    const { outcome = "failed", retries } = metadata;
    return { outcome, retries, error: /^Task .* (was|expired|failed)/.test(metadata.error) ? "" : plainText(metadata.error) };
  }
}

function expected(outcome: StoredOutcome): unknown {
  if ("value" in outcome) return { value: plain(outcome.value) };
  const { error, retries } = outcome.failure;
  return { outcome: outcome.failure.outcome, retries, error: error.endsWith(" was canceled") ? "" : error };
}

/** What a read without a stored value gives. */
function withoutValue(model: Model, plan: Plan, blocking: boolean): unknown {
  if (!blocking) return { value: "undefined" };
  const [state = ""] = model.statesOf(plan.id);
  if (state === "complete") return model.taken.has(plan.id) ? "timeout" : { value: "undefined" };
  if (["failed", "revoked", "expired", "canceled", "dead"].includes(state)) return { outcome: state, retries: 0, error: "" };
  return "timeout";
}

const ENDED: readonly string[] = ["complete", "failed", "revoked", "expired", "canceled", "dead"];

/** Options of a read. */
export interface GetSpec {
  readonly at: number;
  readonly blocking: boolean;
  readonly preserve: boolean;
  readonly revokeOnTimeout: boolean;
  /** By id, not by handle. */
  readonly byId: boolean;
}

/** What a handle has read. */
interface Kept {
  readonly seen: unknown;
  /** Whether it was left in the store. */
  readonly preserved: boolean;
  /** Whether the task had ended. */
  readonly ended: boolean;
}

const kept = new WeakMap<Handle, Kept>();

function keeps(before: Kept | undefined, { preserve, blocking }: GetSpec): before is Kept {
  return before !== undefined && (preserve || !before.preserved) && (before.ended || !blocking);
}

/** The error of an attempt that is followed by another. */
function isIntermediate(outcome: StoredOutcome): boolean {
  return "failure" in outcome && outcome.failure.outcome === "failed" && outcome.failure.retries > 0;
}

/** `result.get(...)`, `huey.result(id, ...)`. */
export class Get extends Command<GetSpec> {
  async act(model: Model, world: World): Promise<void> {
    if (world.handles.length === 0) return;
    const { blocking, preserve, byId } = this.given;
    const handle = pick(world.handles, this.given.at);
    const plan = model.handles.get(handle.result.id)!;
    const revokeOnTimeout = this.given.revokeOnTimeout && !model.moved.has(plan.id.text!);
    const possible = model.statesOf(plan.id);
    // Whether an ending is still known is open for a while.
    if (blocking && possible.length > 1) return;
    const options = blocking ? { blocking, preserve, timeout: 0, revokeOnTimeout } as const : { preserve };
    const { huey } = world.next();
    const seen = await reading(() => byId ? huey.result(plan.id.text!, options) : handle.result.get(options));
    const before = byId ? undefined : kept.get(handle);
    const wanted = keeps(before, this.given) ? before.seen : this.#wanted(model, plan, handle, before);
    expect(seen).toEqual(wanted);
    if (seen !== "timeout" || !revokeOnTimeout) return;
    const isOver = possible[0] === "unknown" ? !byId && model.heads.has(plan.id.text!) : ENDED.includes(possible[0]!);
    if (!isOver) model.revoke(`r:${plan.id.text}`, { once: true });
  }

  #wanted(model: Model, plan: Plan, handle: Handle, before: Kept | undefined): unknown {
    const { blocking, byId, preserve } = this.given;
    const isWaiting = blocking && isIntermediate(model.results.get(plan.id) ?? { value: 0 }) &&
      model.statesOf(plan.id)[0] !== "unknown";
    const found = isWaiting ? undefined : model.read(plan.id, preserve);
    const keep = (seen: unknown, ended: boolean): void => {
      if (!byId) kept.set(handle, { seen, preserved: preserve, ended });
    };
    if (found !== undefined) {
      keep(expected(found), !isIntermediate(found));
      return expected(found);
    }
    if (before !== undefined && (before.ended || !blocking)) {
      keep(before.seen, before.ended);
      return before.seen;
    }
    const seen = withoutValue(model, plan, blocking);
    if (blocking && seen !== "timeout") keep(seen, true);
    return seen;
  }
}

/** `result.isReady()`, which takes nothing, and `result.reset()`. */
export class IsReady extends Command<{ at: number; reset: boolean }> {
  async act(model: Model, world: World): Promise<void> {
    if (world.handles.length === 0) return;
    const handle = pick(world.handles, this.given.at);
    const { id } = model.handles.get(handle.result.id)!;
    if (this.given.reset) {
      handle.result.reset();
      kept.delete(handle);
    }
    const ended = model.statesOf(id).map((state) => ENDED.includes(state));
    const ready = kept.has(handle) || model.results.has(id);
    expect(ready ? [true] : ended).toContain(await handle.result.isReady());
  }
}

/** How to revoke. */
export interface RevokeSpec {
  readonly at: number;
  readonly task: TaskName;
  readonly target: "handle" | "task" | "id" | "wrapper" | "all";
  readonly once: boolean | undefined;
  readonly until: number | undefined;
  readonly restore: boolean;
}

/** Revokes or restores an invocation or a task, in one of the five ways. */
export class Revoke extends Command<RevokeSpec> {
  async act(model: Model, world: World): Promise<void> {
    const ofTask = this.given.target === "wrapper" || this.given.target === "all";
    if (!ofTask && world.handles.length === 0) return;
    const handle = ofTask ? undefined : pick(world.handles, this.given.at);
    // What goes on under another id is revoked by the queue itself.
    if (handle !== undefined && model.moved.has(handle.result.id)) return;
    const key = handle === undefined ? `rt:${this.given.task}` : `r:${handle.result.id}`;
    if (this.given.restore) {
      expect(await this.#restore(world, handle)).toBe(model.storedRevocations().delete(key));
      return;
    }
    const { once, until } = this.given;
    const untilMs = until === undefined ? undefined : model.nowMs + until * 1000;
    const options = { ...once === undefined ? {} : { once }, ...untilMs === undefined ? {} : { until: new Date(untilMs) } };
    const states = handle === undefined ? ["waiting"] : model.statesOf(model.handles.get(handle.result.id)!.id);
    // Whether an ending is still known is open for a while.
    if (states.length > 1) return;
    await this.#revoke(world, handle, options);
    const isHead = this.given.target === "handle" && model.heads.has(handle!.result.id);
    if (states[0] === "unknown" ? isHead : ENDED.includes(states[0]!)) return;
    const plainOnce = this.given.target === "handle" ? once ?? until === undefined : once ?? false;
    const revoked: Revoked = { once: plainOnce, untilMs };
    model.revoke(key, revoked);
  }

  async #revoke(world: World, handle: Handle | undefined, options: object): Promise<void> {
    const { huey, tasks } = world.next();
    const wrapper = tasks[this.given.task];
    if (this.given.target === "wrapper") await wrapper.revoke(options);
    else if (this.given.target === "all") await huey.revokeAll(wrapper as never, options);
    else if (this.given.target === "handle") await handle!.result.revoke(options);
    else if (this.given.target === "task") await huey.revoke(handle!.result.task, options);
    else await huey.revokeById(handle!.result.id, options);
  }

  async #restore(world: World, handle: Handle | undefined): Promise<boolean> {
    const { huey, tasks } = world.next();
    const wrapper = tasks[this.given.task];
    if (this.given.target === "wrapper") return await wrapper.restore();
    if (this.given.target === "all") return await huey.restoreAll(wrapper as never);
    if (this.given.target === "handle") return await handle!.result.restore();
    if (this.given.target === "task") return await huey.restore(handle!.result.task);
    return await huey.restoreById(handle!.result.id);
  }
}

/** How to reschedule. */
export interface RescheduleSpec {
  readonly at: number;
  readonly delay: number | undefined;
  readonly priority: number | undefined;
  readonly expires: number | undefined;
  readonly preservePipeline: boolean | undefined;
}

/** `result.reschedule(...)` of what has not begun; twice, or afterwards, its followers would run twice. */
export class Reschedule extends Command<RescheduleSpec> {
  async act(model: Model, world: World): Promise<void> {
    const free = world.handles.filter(({ result }) => model.isUntouched(result.id) && !model.moved.has(result.id));
    if (free.length === 0) return;
    const handle = pick(free, this.given.at);
    const options = Object.fromEntries(
      Object.entries(this.given).filter(([name, value]) => name !== "at" && value !== undefined),
    );
    const result = await handle.result.reschedule(options);
    world.handles.push({ result, site: handle.site });
    const plan = model.handles.get(handle.result.id)!;
    model.moved.add(handle.result.id);
    const rescheduled = this.given.preservePipeline === false ? "alone" : "whole";
    model.revoke(`r:${handle.result.id}`, { once: true, rescheduled });
    const copy = this.#copy(model, plan, result.id);
    model.handles.set(result.id, copy);
    model.heads.add(result.id);
    model.add(copy, false);
  }

  #copy(model: Model, plan: Plan, id: string): Plan {
    const { delay, priority, expires, preservePipeline } = this.given;
    const followers = preservePipeline === false ? { next: undefined, onError: undefined, place: lastPlace(plan) } : {};
    return {
      ...plan,
      ...followers,
      id: { text: id },
      etaMs: delay === undefined ? undefined : model.nowMs + delay * 1000,
      priority: priority ?? plan.priority,
      expiresMs: expires === undefined ? plan.expiresMs : expires * 1000,
      expiresAtMs: undefined,
    };
  }
}

/** Values of the application. */
export class Value extends Command<{ key: string; how: "put" | "get" | "peek" | "putIfEmpty" | "delete"; value: unknown }> {
  async act(model: Model, world: World): Promise<void> {
    const { key, how, value } = this.given;
    const { huey } = world.next();
    const { values } = model;
    const before = values.get(key);
    if (how === "put") await huey.put(key, value);
    else if (how === "putIfEmpty") expect(await huey.putIfEmpty(key, value)).toBe(!values.has(key));
    else if (how === "delete") expect(await huey.delete(key)).toBe(values.has(key));
    else expect(plain(await huey.get(key, { peek: how === "peek" }))).toEqual(plain(before));
    if (how === "put" || (how === "putIfEmpty" && !values.has(key))) values.set(key, value);
    else if (how === "delete" || how === "get") values.delete(key);
  }
}

/** Locks of the application. */
export class Lock
  extends Command<{ name: string; how: "acquire" | "release" | "clear" | "flush"; at: number; ttl: number | undefined }> {
  async act(model: Model, world: World): Promise<void> {
    const { how, name, at } = this.given;
    const { huey } = world.next();
    if (how === "acquire") return await this.#acquire(model, world);
    if (how === "release") {
      if (world.locks.length === 0) return;
      const lock = pick(world.locks, at);
      expect(await lock.real.release()).toBe(model.release(lock.name, lock.model));
      return;
    }
    const names = how === "clear" ? [name] : Object.keys(LOCKS);
    const held = names.filter((name) => model.holders(name).length > 0);
    if (how === "clear") expect(await huey.lockTask(name).clear()).toBe(held.length > 0);
    else expect([...await huey.flushLocks()].sort()).toEqual(held.sort());
    for (const name of names) model.locks.delete(name);
  }

  async #acquire(model: Model, world: World): Promise<void> {
    const { name, ttl } = this.given;
    const holder = model.acquire(name, undefined, ttl === undefined ? Infinity : ttl * 1000);
    const lock = world.next().huey.lockTask(name, { slots: LOCKS[name]!, ...ttl === undefined ? {} : { ttl } });
    if (holder === undefined) expect(await failure(() => lock.acquire())).toBeInstanceOf(TaskLockedException);
    else world.locks.push({ name, real: await lock.acquire(), model: holder });
  }
}

/** Rate limits of the application. */
export class Limit extends Command<{ name: LimitName; reset: boolean }> {
  async act(model: Model, world: World): Promise<void> {
    const { name, reset } = this.given;
    const limit = world.limit(world.next(), name);
    if (reset) {
      await limit.reset();
      model.resetLimit(name);
    } else if (model.admit(name)) await limit.acquire();
    else {
      const error = await failure(() => limit.acquire());
      expect(error).toBeInstanceOf(RateLimitExceeded);
      expect((error as RateLimitExceeded).delay).toBeLessThanOrEqual(LIMITS[name].per);
    }
  }
}

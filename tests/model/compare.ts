/**
 * Compares everything that can be seen of a queue with the model.
 * @module
 */
import { expect } from "bun:test";
import { isFailure } from "../../lib/core/stored_results.ts";
import { decodeValue, placeOf } from "../../lib/core/codec.ts";
import type { Task } from "../../mod.ts";
import { errorText } from "./attempts.ts";
import { type LimitName, LIMITS, LOCKS, type StoredOutcome } from "./ledger.ts";
import type { Entry, Model } from "./model.ts";
import { fullArgs, readable } from "./plan.ts";
import { TASK_NAMES } from "./tasks.ts";
import type { Site, World } from "./world.ts";

/** Compares, seen from the Huey that did not act last. */
export async function compare(model: Model, world: World): Promise<void> {
  const site = world.other;
  await compareQueue(model, site);
  await compareGraves(model, site);
  await compareStates(model, site);
  await compareStore(model, site);
  await compareRevocations(model, site);
  await compareLocksAndLimits(model, world, site);
}

/** A value without what differs between an error and its copy. */
export function plain(value: unknown): unknown {
  if (value instanceof Error) return { error: errorText(value) };
  if (value === undefined) return "undefined";
  return Array.isArray(value) ? value.map(plain) : value;
}

/** A queue entry as it should be listed. */
export function listed(entries: readonly Entry[]): unknown[] {
  return entries.filter(({ plan }) => plan !== undefined).map(({ plan }) => ({
    id: plan!.id.text,
    name: plan!.name,
    args: fullArgs(plan!).map(plain),
    retries: plan!.retries,
    priority: plan!.priority,
    eta: plan!.etaMs,
    expiresAt: plan!.expiresAtMs,
  }));
}

/** A listed task in the same words. */
export function told(tasks: readonly Task[]): unknown[] {
  return tasks.map((task) => ({
    id: task.id,
    name: task.name,
    args: task.args.map(plain),
    retries: task.retries,
    priority: task.priority,
    eta: task.eta?.getTime(),
    expiresAt: task.expiresAt?.getTime(),
  }));
}

/** Learns the ids that the queue chose: those of error handlers. */
export function learnIds(entries: readonly Entry[], tasks: readonly Task[]): void {
  const readable = entries.filter(({ plan }) => plan !== undefined);
  for (const [index, { id, plan }] of readable.entries()) {
    const task = tasks[index];
    if (id.text === undefined && task?.name === plan!.name) id.text = task.id;
  }
}

async function compareQueue(model: Model, { huey }: Site): Promise<void> {
  const [pending, scheduled, counts] = await Promise.all([
    huey.pending(),
    huey.scheduled(),
    Promise.all([huey.pendingCount(), huey.scheduledCount()]),
  ]);
  const later = model.schedule.map(({ entry }) => entry);
  learnIds(model.queue, pending);
  learnIds(later, scheduled);
  expect({ pending: told(pending), scheduled: told(scheduled), counts }).toEqual({
    pending: listed(model.queue),
    scheduled: listed(later),
    counts: [model.queue.length, model.schedule.length],
  });
}

async function compareGraves(model: Model, { huey }: Site): Promise<void> {
  const letters = await huey.deadLetters();
  // Those of one millisecond may come in any order.
  const found = letters.map(({ taskId, taskName, at }) => `${at.getTime()} ${taskId} ${taskName}`);
  expect(found.toSorted()).toEqual(
    model.graves.map(({ entry, atMs, taskName }) => `${atMs} ${entry.id.text} ${taskName}`).toSorted(),
  );
  expect(letters.map(({ at }) => at.getTime())).toEqual(model.graves.map(({ atMs }) => atMs).toReversed());
  expect(await huey.deadLetterCount()).toBe(model.graves.length);
}

async function compareStates(model: Model, { huey }: Site): Promise<void> {
  const ids = new Set([...model.live.keys(), ...model.endings.keys(), ...[...model.handles.values()].map(({ id }) => id)]);
  const known = [...ids].filter(({ text }) => text !== undefined);
  const statuses = await Promise.all(known.map(({ text }) => huey.state(text!)));
  for (const [index, id] of known.entries()) {
    const { state, worker } = statuses[index]!;
    const possible = model.statesOf(id);
    if (!possible.includes(state)) throw new Error(`State of ${id.text}: expected ${possible.join(" or ")}, received ${state}`);
    const live = model.live.get(id);
    if (live?.worker !== undefined) expect(worker).toBe(live.worker);
  }
}

async function compareStore(model: Model, { huey, core }: Site): Promise<void> {
  const found: Record<string, unknown> = {};
  let others = 0;
  for (const [key, data] of await huey.allResults()) {
    if (/^(r:|rt:|huey\.lock[.-])/.test(key)) others++;
    else found[key] = plainOutcome(await decodeValue(core, data, placeOf(core, "result", key)));
  }
  const expected: Record<string, unknown> = {};
  for (const [id, outcome] of model.results) if (id.text !== undefined) expected[id.text] = stored(outcome);
  for (const [key, value] of model.values) expected[key] = { value: plain(value) };
  expect(found).toEqual(expected);
  const locks = Object.keys(LOCKS).flatMap((name) => model.holders(name)).length;
  expect(others).toBe(model.storedRevocations().size + locks);
  expect(await huey.resultCount()).toBe(Object.keys(expected).length + others);
}

/** A stored value, or failure, in the model's words. */
export function plainOutcome(value: unknown): unknown {
  if (!isFailure(value)) return { value: plain(readable(value)) };
  const { error, retries, outcome = "failed" } = value["huey:failure"];
  return { failure: { error: outcome === "dead" ? "" : plainText(error), retries, outcome } };
}

/** The model's stored outcome with its values made comparable. */
export function stored(outcome: StoredOutcome): unknown {
  return "failure" in outcome ? { failure: outcome.failure } : { value: plain(outcome.value) };
}

/** What is told of a step that never runs. */
export function canceledText(name: string): string {
  return `Task ${name} was canceled`;
}

/** Of the errors of the library only the name is compared. */
export function plainText(error: string): string {
  if (error.startsWith("Error: ")) return error;
  const [, step] = /^Task (\w+): .* was canceled: /.exec(error) ?? [];
  return step === undefined ? error.split(":")[0]! : canceledText(step);
}

async function compareRevocations(model: Model, { huey, tasks }: Site): Promise<void> {
  for (const name of TASK_NAMES) {
    expect([name, await tasks[name].isRevoked()]).toEqual([name, model.applies(model.revocations.get(`rt:${name}`))]);
  }
  for (const id of model.handles.keys()) {
    expect([id, await huey.isRevoked(id)]).toEqual([id, model.applies(model.revocations.get(`r:${id}`))]);
  }
}

async function compareLocksAndLimits(model: Model, world: World, site: Site): Promise<void> {
  for (const [name, slots] of Object.entries(LOCKS)) {
    expect([name, await site.huey.isLocked(name)]).toEqual([name, model.holders(name).length >= slots]);
  }
  for (const name of Object.keys(LIMITS) as LimitName[]) {
    expect([name, await world.limit(site, name).currentUsage()]).toEqual([name, model.usage(name)]);
  }
}

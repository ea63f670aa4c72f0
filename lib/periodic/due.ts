/**
 * Periodic tasks: which slots are due, and exactly one run for each however many consumers look.
 *
 * A **slot** is a time at which a task is to run: for `crontab` the start of a matching minute, for `every` a multiple of the
 * interval, for any other predicate the start of a matching clock minute. A consumer looks again and again, each time at the
 * slots since its last look. A key of task and slot in the storage lets only one consumer enqueue a slot, also over restarts.
 *
 * What was missed while no consumer ran, or while the process stood still:
 * - `"skip"`: only the latest slot since the last look runs, and only if it is at most a minute old. Slots that began more than
 *   a second before the consumer started do not run.
 * - `"once"`: one run for all slots since the last one on record or the last look, within the window.
 * - `"all"`: one run for each of them.
 *
 * @module
 */
import type { Core } from "../core/core.ts";
import { jsonBytes, readJson } from "../primitives/json.ts";
import { isCount } from "../primitives/limits.ts";
import { HOUR_MS, MINUTE_MS } from "../primitives/time.ts";
import { localTimeZone } from "./cron_zone.ts";
import { lastSlotKey, slotKey } from "../core/keys.ts";
import type { PeriodicDefinition } from "../task/registry.ts";
import { latestSlots, nextSlot } from "./slots.ts";
import type { Enqueued, Item } from "../storage.ts";

/** A look at the clock. */
export interface PeriodicLook {
  /** When the last look was; `undefined` for the first one of a consumer. After a clock was set back, at most `toMs`. */
  readonly fromMs: number | undefined;
  /** Now. Slots at this instant belong to this look. */
  readonly toMs: number;
  /** Makes the item to enqueue. */
  makeItem(definition: PeriodicDefinition, slotMs: number): Item | Promise<Item>;
}

/** A slot that this consumer enqueued. */
export interface EnqueuedSlot {
  readonly definition: PeriodicDefinition;
  readonly slotMs: number;
  readonly item: Item;
  /** What became of it. */
  readonly answer: Enqueued;
}

/** What a look did. */
export interface PeriodicOutcome {
  /** In the order of the registration. Slots that another consumer enqueued are not among them. */
  readonly enqueued: readonly EnqueuedSlot[];
  /** When to look again; `undefined` if no periodic task will ever run. */
  readonly nextMs: number | undefined;
}

/** Most slots of a task that one look makes up for. */
const MOST_SLOTS = 100_000;
/** How old a slot may be that a consumer runs at its start: one that began while it was starting. */
const START_MS = 1000;

/**
 * Enqueues what is due of every periodic task. A schedule or a `makeItem` that throws is logged and costs only its own slots.
 *
 * @param core The inside of the Huey.
 * @param look Since when, until when, and how to make an item.
 * @returns What was enqueued here, and when to look again.
 * @throws What the storage throws. The same look may be repeated: no slot is enqueued twice.
 */
export async function enqueuePeriodic(core: Core, look: PeriodicLook): Promise<PeriodicOutcome> {
  const definitions = core.registry.periodic();
  const zone = core.settings.utc ? "UTC" : localTimeZone();
  const since = await lookedSince(core, definitions, look);
  // All are waited for, so that nothing is under way any more when one of them has failed.
  const looks = await Promise.allSettled(definitions.map((definition) => {
    return enqueueDue(core, definition, since.get(definition.name) as number, look, zone);
  }));
  const enqueued = looks.flatMap((settled) => {
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  });
  return { enqueued, nextMs: soonest(core, definitions, look.toMs, zone) };
}

/** For each task, since when its slots are looked for. */
async function lookedSince(
  core: Core,
  definitions: readonly PeriodicDefinition[],
  look: PeriodicLook,
): Promise<Map<string, number>> {
  const { toMs } = look;
  const fromMs = look.fromMs ?? toMs - START_MS;
  const since = new Map(definitions.map(({ name }) => [name, fromMs]));
  if (look.fromMs !== undefined) return since;
  const recorded = definitions.filter(({ periodic }) => periodic.missed !== "skip");
  const lasts = await lastSlots(core, recorded.map(({ name }) => name));
  for (const [index, { name, periodic }] of recorded.entries()) {
    const lastMs = lasts[index];
    if (lastMs !== undefined) since.set(name, Math.max(lastMs, toMs - periodic.missedWindowMs));
    // Nothing was missed before the first start, but from here on it is.
    else await core.storage.meta.put(lastSlotKey(name), jsonBytes(fromMs));
  }
  return since;
}

async function enqueueDue(
  core: Core,
  definition: PeriodicDefinition,
  fromMs: number,
  look: PeriodicLook,
  zone: string,
): Promise<EnqueuedSlot[]> {
  const slots = dueSlots(core, definition, fromMs, look.toMs, zone);
  const enqueued: EnqueuedSlot[] = [];
  for (const slotMs of slots) {
    const item = await madeItem(core, definition, slotMs, look);
    const answer = item && await core.storage.enqueueOnce(slotKey(definition.name, slotMs), keyLifeMs(definition), item);
    if (answer === undefined) continue;
    if (answer.duplicates === undefined) core.statistics?.count(definition.name, "enqueued");
    enqueued.push({ definition, slotMs, item: item!, answer });
  }
  const lastMs = definition.periodic.missed === "skip" ? enqueued.at(-1)?.slotMs : slots.at(-1);
  if (lastMs !== undefined) await core.storage.meta.put(lastSlotKey(definition.name), jsonBytes(lastMs));
  return enqueued;
}

function dueSlots(core: Core, { name, periodic }: PeriodicDefinition, fromMs: number, toMs: number, zone: string): number[] {
  const { missed, missedWindowMs } = periodic;
  const windowMs = missed === "skip" ? MINUTE_MS + 1 : missedWindowMs;
  try {
    // Also between two looks: the machine may have slept, or its clock been set.
    const slots = latestSlots(periodic, Math.max(fromMs, toMs - windowMs), toMs, missed === "all" ? MOST_SLOTS : 1, zone);
    if (slots.length === MOST_SLOTS) {
      core.logger.warn(`Periodic task ${name} missed more than ${MOST_SLOTS} runs: the oldest are left out`);
    }
    return slots;
  } catch (error) {
    logFailure(core, "schedule", name, error);
    return [];
  }
}

async function madeItem(
  core: Core,
  definition: PeriodicDefinition,
  slotMs: number,
  look: PeriodicLook,
): Promise<Item | undefined> {
  try {
    return await look.makeItem(definition, slotMs);
  } catch (error) {
    logFailure(core, "message", definition.name, error);
    return undefined;
  }
}

function soonest(core: Core, definitions: readonly PeriodicDefinition[], afterMs: number, zone: string): number | undefined {
  let soonestMs = Infinity;
  for (const { name, periodic } of definitions) {
    try {
      soonestMs = Math.min(soonestMs, nextSlot(periodic, afterMs, zone) ?? Infinity);
    } catch (error) {
      logFailure(core, "schedule", name, error);
      soonestMs = Math.min(soonestMs, afterMs + MINUTE_MS);
    }
  }
  return soonestMs === Infinity ? undefined : soonestMs;
}

/** The last slot of each of these tasks that any consumer has enqueued, as far as that is on record. */
export async function lastSlots(core: Core, names: readonly string[]): Promise<(number | undefined)[]> {
  if (names.length === 0) return [];
  return (await core.storage.meta.peekMany(names.map(lastSlotKey))).map(readSlot);
}

function logFailure(core: Core, what: string, name: string, error: unknown): void {
  core.logger.error(`The ${what} of periodic task ${name} failed`, { task: name, error });
}

/** Longer than the slot can come up again: clocks of consumers differ, and a missed slot stays in the window. */
function keyLifeMs({ periodic }: PeriodicDefinition): number {
  return Math.max(periodic.missedWindowMs, HOUR_MS) + HOUR_MS;
}

function readSlot(stored: Uint8Array | undefined): number | undefined {
  const slotMs = readJson(stored);
  return isCount(slotMs) && slotMs > 0 ? slotMs : undefined;
}

/**
 * Progress: what a running task tells about itself, for handles in any process.
 * @module
 */
import { decodeValue, placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import type { CurrentAttempt } from "../core/current.ts";
import { isEnded } from "../core/about.ts";
import { answerInTime, realTime } from "../core/patience.ts";
import { DecodeError } from "../errors.ts";
import { progressKey } from "../core/keys.ts";
import { sleep, systemClock } from "../primitives/clock.ts";
import { DAY_MS } from "../primitives/time.ts";

/** The last values that a task reported; `total` counts all. */
interface ProgressRecord {
  readonly total: number;
  readonly values: readonly unknown[];
}

/** A reader that looks less often than the task reports still sees this many values. */
const KEPT_VALUES = 100;
/** For more than one value. */
const ROOM_BYTES = 1024 * 1024;
const FIRST_LOOK_MS = 20;
const LONGEST_LOOK_MS = 500;
const LOOK_GROWTH = 1.5;

/** Writes the progress of one attempt, in order. A task does not fail because its storage was away for a moment. */
export class ProgressWriter {
  readonly #core: Core;
  readonly #attempt: CurrentAttempt;
  readonly #taskId: string;
  #record: Promise<ProgressRecord> | undefined;

  constructor(core: Core, attempt: CurrentAttempt) {
    this.#core = core;
    this.#attempt = attempt;
    this.#taskId = attempt.taskId;
  }

  /** Adds a value. @throws {TypeError} If it cannot be stored. */
  async write(value: unknown): Promise<void> {
    const before = this.#record ?? this.#attempt.callStorage("read its progress", () => readUsable(this.#core, this.#taskId));
    this.#record = this.#append(before, value);
    try {
      await this.#record;
    } catch (error) {
      // A value that cannot be stored must not spoil the next one.
      this.#record = before;
      throw error;
    }
  }

  async #append(before: Promise<ProgressRecord>, value: unknown): Promise<ProgressRecord> {
    const { total, values } = await before;
    const { record, data } = await this.#encode(total + 1, [...values, value].slice(-KEPT_VALUES));
    const { meta } = this.#core.storage;
    await this.#attempt.callStorage("write its progress", () => meta.put(progressKey(this.#taskId), data, DAY_MS));
    return record;
  }

  /** With as many of the last values as there is room for: all of them are written each time. */
  async #encode(total: number, values: readonly unknown[]): Promise<{ record: ProgressRecord; data: Uint8Array }> {
    const record = { total, values };
    const half = values.slice(-Math.ceil(values.length / 2));
    try {
      const data = await this.#core.serializer.serialize(record, placeOf(this.#core, "progress", this.#taskId));
      if (data.length <= ROOM_BYTES || values.length === 1) return { record, data };
    } catch (error) {
      if (values.length === 1) throw error;
    }
    return await this.#encode(total, half);
  }
}

/** The last value that a task reported. */
export async function lastProgress(core: Core, taskId: string): Promise<unknown> {
  return (await readRecord(core, taskId)).values.at(-1);
}

/**
 * Each value reported from this call on; ends when the task has ended.
 *
 * @param enqueued Whether the task is enqueued already: if nothing is known of it then, it has ended.
 */
export function progressUpdates(core: Core, taskId: string, enqueued: boolean = true): AsyncGenerator<unknown> {
  const before = answerInTime(realTime, "read progress", readRecord(core, taskId));
  // Somebody may never ask for the first update.
  before.catch(() => {});
  return updatesSince(core, taskId, before, enqueued);
}

async function* updatesSince(
  core: Core,
  taskId: string,
  before: Promise<ProgressRecord>,
  enqueued: boolean,
): AsyncGenerator<unknown> {
  let seen = (await before).total;
  let lookMs = FIRST_LOOK_MS;
  for (;;) {
    // Asked before the values are read, so that nothing reported before the end is missed.
    const stored = await answerInTime(realTime, "look whether the task has ended", core.storage.state(taskId));
    const isGone = stored === undefined && enqueued && core.settings.trackState;
    enqueued ||= stored !== undefined;
    const { total, values } = await answerInTime(realTime, "read progress", readRecord(core, taskId));
    // A new attempt begins to count where the last one ended; only a flush makes the total smaller.
    const fresh = total > seen ? values.slice(-Math.min(total - seen, values.length)) : [];
    seen = total;
    yield* fresh;
    if (isGone || isEnded(stored)) return;
    lookMs = fresh.length > 0 ? FIRST_LOOK_MS : Math.min(lookMs * LOOK_GROWTH, LONGEST_LOOK_MS);
    await sleep(systemClock, lookMs);
  }
}

/** What stands there and cannot be read is written anew: it must not end the task. */
async function readUsable(core: Core, taskId: string): Promise<ProgressRecord> {
  try {
    return await readRecord(core, taskId);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    core.logger.warn(`The stored progress of task ${taskId} cannot be read and is written anew`, { error });
    return { total: 0, values: [] };
  }
}

async function readRecord(core: Core, taskId: string): Promise<ProgressRecord> {
  const data = await core.storage.meta.peek(progressKey(taskId));
  if (data === undefined) return { total: 0, values: [] };
  const record = await decodeValue(core, data, placeOf(core, "progress", taskId)) as Partial<ProgressRecord> | null;
  if (Array.isArray(record?.values) && typeof record.total === "number") return record as ProgressRecord;
  throw new DecodeError(`The stored progress of task ${taskId} cannot be read`);
}

/**
 * Reads the outcome of a task by its id.
 * @module
 */
import { readKey } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { isEnded } from "../core/about.ts";
import type { StoredState } from "../storage.ts";
import { ConfigurationError, ResultTimeout, TaskException } from "../errors.ts";
import { checkOptions, rule, type Rules } from "../primitives/option_rules.ts";
import { failureException, isFailure, isIntermediate, keepsResult, mayKeepResults, valueOf } from "../core/stored_results.ts";
import type { Message } from "../message/message.ts";
import { answerInTime, realTime } from "../core/patience.ts";
import { checkName } from "../primitives/arguments.ts";
import { sleep, systemClock, within } from "../primitives/clock.ts";
import { waitsOf } from "./waits.ts";
import { type RevokeTarget, revokeTask } from "../control/revocation.ts";
import { plainValue } from "../serializer/spread.ts";
import { optionalDurationMs } from "../primitives/time.ts";
import type { GetOptions } from "../types/results.ts";

/** What was read: a value, or the exception to throw. */
export type ReadResult = ({ readonly value: unknown } | { readonly exception: TaskException }) & {
  /** Whether the task has ended; else it is the error of an attempt that is followed by another. */
  readonly ended: boolean;
};

const GET: Rules<GetOptions> = {
  blocking: rule.boolean,
  timeout: rule.duration(),
  backoff: rule.number({ min: 1 }),
  maxDelay: rule.duration({ positive: true }),
  revokeOnTimeout: rule.boolean,
  preserve: rule.boolean,
  signal: rule.signal,
};
/** Pauses between two looks at a task whose last attempt has left an error and is followed by another. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
const PAUSE_GROWTH = 1.15;

/** The value of an outcome. @throws {TaskException} If it is a failure. */
export function unwrap(outcome: ReadResult): unknown {
  if ("exception" in outcome) throw outcome.exception;
  return outcome.value;
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkGetOptions(options: GetOptions): void {
  checkOptions<GetOptions>(options, "get", GET);
}

/** What is to be read, and what is known of it. */
export interface ReadTarget extends RevokeTarget {
  readonly message?: Message | undefined;
}

/** How a reader takes what is stored; a blocking one leaves the error of an attempt alone that is followed by another. */
export type TakeOptions = Pick<GetOptions, "preserve" | "blocking">;

/**
 * Reads, or waits for, the outcome of a task.
 *
 * @param options Checked.
 * @param take Reads what is stored; a handle shares one read among its readers.
 * @returns The outcome; `undefined` when a non-blocking read finds nothing.
 * @throws {ResultTimeout} If a blocking read waits longer than `timeout`, or another reader took the value.
 * @throws {ConfigurationError} If its task or the Huey has `results: false`, so that nothing is stored.
 */
export async function readResult(
  core: Core,
  target: ReadTarget,
  options: GetOptions,
  take: () => Promise<ReadResult | undefined> = () => takeOnce(core, target.id, options),
): Promise<ReadResult | undefined> {
  if (target.message !== undefined && !keepsResult(core, target.message)) throw new ConfigurationError(neverStored(target));
  options.signal?.throwIfAborted();
  const limit = options.blocking ? new WaitLimit(options) : undefined;
  const found = await (limit?.within(take()) ?? take());
  if (found?.ended) return found;
  // Of one that is known by its id only, what a call with `results: true` has left can be read all the same.
  if (target.message === undefined && !mayKeepResults(core)) throw new ConfigurationError(neverStored(target));
  return limit === undefined ? found : await waitForResult(core, target, options, { take, limit });
}

/**
 * The value of the task with an id; `undefined` where a read that does not wait finds none.
 * @throws {TaskException} If it is a failure, and as `readResult`.
 */
export async function readById(core: Core, id: string, options: GetOptions): Promise<unknown> {
  checkName(id, "id");
  checkGetOptions(options);
  const result = await readResult(core, { id }, options);
  return result && unwrap(result);
}

function neverStored({ id, message }: ReadTarget): string {
  if (message?.results !== false) return `Cannot read the result of ${id}: this Huey has results: false`;
  return `Cannot read the result of task ${message.name}: ${id}: it has results: false`;
}

/** For one who keeps nothing of what he has read. */
function takeOnce(core: Core, id: string, options: GetOptions): Promise<ReadResult | undefined> {
  return answerInTime(realTime, `read the result of task ${id}`, takeResult(core, id, options));
}

/** What is stored of a task; taken from the store, unless `preserve`. */
export async function takeResult(core: Core, id: string, options: TakeOptions): Promise<ReadResult | undefined> {
  if (options.blocking && core.settings.storeIntermediateErrors) {
    const seen = toResult(await readKey(core, "results", id, true));
    if (seen === undefined || !seen.ended || options.preserve) return seen;
  }
  return toResult(await readKey(core, "results", id, options.preserve));
}

function toResult(found: { readonly value: unknown } | undefined): ReadResult | undefined {
  if (found === undefined) return undefined;
  const { value } = found;
  if (!isFailure(value)) return { value: plainValue(valueOf(value)), ended: true };
  return { exception: failureException(value), ended: !isIntermediate(value) };
}

/** A call of the storage gets so long also when the time is nearly over: whoever does not want to wait looks once all the same. */
const LAST_CALL_MS = 1000;

/** Until when somebody waits, in real time. */
class WaitLimit {
  /** A call of the storage was given up because the time was over. */
  isOver = false;
  readonly #endMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor({ timeout, signal }: GetOptions) {
    this.#endMs = systemClock.elapsed() + (optionalDurationMs(timeout, "timeout") ?? Infinity);
    this.#signal = signal;
  }

  /** Milliseconds, at least 0; `undefined` without a limit. */
  get leftMs(): number | undefined {
    return this.#endMs === Infinity ? undefined : Math.max(0, this.#endMs - systemClock.elapsed());
  }

  /**
   * Waits for an answer of the storage.
   *
   * @returns the answer; `undefined` if the time is over before it is there
   * @throws The reason of the signal, once that is aborted.
   */
  async within<T>(answer: Promise<T>): Promise<T | undefined> {
    const { leftMs } = this;
    const ms = leftMs === undefined ? undefined : Math.max(leftMs, LAST_CALL_MS);
    return await within<T | undefined>(systemClock, { ms, signal: this.#signal }, answer, () => {
      this.isOver = true;
      return undefined;
    });
  }
}

/** How a blocking read reads, and until when. */
interface Wait {
  readonly take: () => Promise<ReadResult | undefined>;
  readonly limit: WaitLimit;
}

async function waitForResult(core: Core, target: ReadTarget, options: GetOptions, { take, limit }: Wait): Promise<ReadResult> {
  const { id } = target;
  const { signal, backoff = PAUSE_GROWTH } = options;
  const lookMs = optionalDurationMs(options.maxDelay, "maxDelay") ?? LONGEST_PAUSE_MS;
  for (let pauseMs = Math.min(FIRST_PAUSE_MS, lookMs); !limit.isOver; pauseMs = Math.min(pauseMs * backoff, lookMs)) {
    if (!await waitsOf(core.storage).wait(id, { timeoutMs: limit.leftMs, signal, lookMs })) break;
    const found = await limit.within(take());
    if (found?.ended) return found;
    const state = answerInTime(realTime, `look whether task ${id} has ended`, core.storage.state(id));
    const stored = await limit.within(state);
    if (limit.isOver) break;
    if (found !== undefined && stored === undefined && core.settings.trackState) return found;
    if (!mayGoOn(core, stored)) return endingWithoutValue(id, stored);
    if (limit.leftMs === 0) break;
    await sleep(systemClock, Math.min(pauseMs, limit.leftMs ?? Infinity), signal);
  }
  if (options.revokeOnTimeout) await revokeTask(core, target, { once: true });
  throw new ResultTimeout(
    `Task ${id} has no result yet. If it has not started, does a consumer run for queue "${core.settings.name}"?`,
  );
}

/** Whether there is more to come of a task that has left something for a reader, or for another one that was faster. */
function mayGoOn(core: Core, stored: StoredState | undefined): boolean {
  if (stored !== undefined) return !isEnded(stored);
  return core.settings.storeIntermediateErrors && !core.settings.trackState;
}

const NEVER_RAN = {
  revoked: "was revoked before it ran",
  expired: "expired before it ran",
  canceled: "was canceled before it ran",
  failed: "failed, and its error is not in the store any more",
  dead: "was set aside as a dead letter, and why is not in the store any more",
} as const;

/**
 * What a task that left no value means for its reader.
 * @throws {ResultTimeout} If it did leave one, and another reader took it.
 */
function endingWithoutValue(id: string, stored: StoredState | undefined): ReadResult {
  if (stored?.state === "complete") {
    throw new ResultTimeout(
      `Task ${id} has no result any more: another reader took it, or its resultTtl is over; read with preserve to share it`,
    );
  }
  const outcome = stored?.state as keyof typeof NEVER_RAN | undefined;
  if (outcome === undefined || !(outcome in NEVER_RAN)) return { value: undefined, ended: true };
  const error = `Task ${id} ${NEVER_RAN[outcome]}`;
  return { exception: new TaskException({ error, traceback: "", taskId: id, retries: 0, outcome }), ended: true };
}

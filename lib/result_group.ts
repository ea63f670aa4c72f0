/**
 * The handles of several invocations, read together.
 * @module
 */
import type { ChordHandle } from "./chord_result.ts";
import { ResultTimeout } from "./errors.ts";
import { checkOptions, rule } from "./option_rules.ts";
import { printAs, printed } from "./printing.ts";
import type { ResultHandle } from "./result.ts";
import { checkGetOptions } from "./result_reader.ts";
import { durationMs, optionalDurationMs } from "./time.ts";
import type { Duration } from "./time.ts";
import { systemClock } from "./primitives/clock.ts";
import type { GetOptions } from "./types/results.ts";

/** A handle that can be a member of a group. */
export type GroupHandle = ResultHandle | ResultGroupHandle | ChordHandle;

/** Reads its members in order. */
export class ResultGroupHandle {
  readonly kind = "result-group" as const;
  readonly #handles: readonly GroupHandle[];

  constructor(handles: readonly GroupHandle[]) {
    this.#handles = handles;
  }

  get length(): number {
    return this.#handles.length;
  }

  async get(options: GetOptions = {}): Promise<unknown[]> {
    checkGetOptions(options);
    const endMs = options.timeout === undefined ? undefined : performance.now() + durationMs(options.timeout, "timeout");
    const values: unknown[] = [];
    for (const handle of this.#handles) {
      const left = endMs === undefined ? {} : { timeout: { milliseconds: Math.max(0, endMs - performance.now()) } };
      values.push(await handle.get({ ...options, ...left }));
    }
    return values;
  }

  [Symbol.iterator](): IterableIterator<GroupHandle> {
    return this.#handles[Symbol.iterator]();
  }

  async *asCompleted(options: { timeout?: Duration; signal?: AbortSignal } = {}): AsyncGenerator<unknown> {
    checkOptions<typeof options>(options, "asCompleted", { timeout: rule.duration(), signal: rule.signal });
    const timeoutMs = optionalDurationMs(options.timeout, "timeout");
    const endMs = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    const waiting = new Map(this.#handles.map((handle, index) => [index, completion(handle, index, signal)]));
    try {
      while (waiting.size > 0) {
        const { index, outcome } = await nextOf([...waiting.values()], endMs);
        waiting.delete(index);
        if ("error" in outcome) throw outcome.error;
        yield outcome.value;
      }
    } finally {
      stop.abort(new ResultTimeout("No longer waiting for the other members of the group"));
    }
  }
}

printAs(ResultGroupHandle.prototype, (group) => printed(group.kind, [...group]));

interface Completion {
  readonly index: number;
  readonly outcome: { readonly value: unknown } | { readonly error: unknown };
}

async function completion(handle: GroupHandle, index: number, signal: AbortSignal): Promise<Completion> {
  try {
    return { index, outcome: { value: await handle.get({ blocking: true, signal }) } };
  } catch (error) {
    return { index, outcome: { error } };
  }
}

async function nextOf(waiting: readonly Promise<Completion>[], endMs: number | undefined): Promise<Completion> {
  if (endMs === undefined) return await Promise.race(waiting);
  const { promise, reject } = Promise.withResolvers<never>();
  const leftMs = Math.max(0, endMs - performance.now());
  const timer = systemClock.startTimer(leftMs, () => reject(new ResultTimeout("A member of the group has no result yet")));
  try {
    return await Promise.race([...waiting, promise]);
  } finally {
    timer.stop();
  }
}

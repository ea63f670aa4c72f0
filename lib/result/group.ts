/**
 * The handles of several invocations: those of a group are read together, that of a chord has its members beside it.
 * @module
 */
import { ResultTimeout } from "../errors.ts";
import { checkOptions, rule } from "../primitives/option_rules.ts";
import { printAs, printed } from "../observe/printing.ts";
import type { ResultHandle } from "./result.ts";
import { checkGetOptions } from "./reader.ts";
import { tellEnded, type Watcher } from "./waits.ts";
import { type Duration, durationMs } from "../primitives/time.ts";
import { systemClock, within } from "../primitives/clock.ts";
import type { GetOptions } from "../types/results.ts";

/** The handle of what can be enqueued, and be a member of a group. */
export type AnyHandle = ResultHandle | ResultGroupHandle | ChordHandle;

/** Reads its members in order. */
export class ResultGroupHandle {
  readonly kind = "result-group" as const;
  readonly #handles: readonly AnyHandle[];

  constructor(handles: readonly AnyHandle[]) {
    this.#handles = handles;
  }

  get length(): number {
    return this.#handles.length;
  }

  async get(options: GetOptions = {}): Promise<unknown[]> {
    checkGetOptions(options);
    return await this.readWith(readingOnce(this.#handles), options);
  }

  /** Reads its members as the group around it does. */
  async readWith(read: ReadHandle, options: GetOptions): Promise<unknown[]> {
    const left = countDown(options.timeout);
    const values: unknown[] = [];
    for (const handle of this.#handles) values.push(await read(handle, { ...options, ...left() }));
    return values;
  }

  [Symbol.iterator](): IterableIterator<AnyHandle> {
    return this.#handles[Symbol.iterator]();
  }

  /** Has somebody told when the last step has ended: one that will never run ends with the one that did not succeed. */
  watch(watcher: Watcher): () => void {
    return this.#handles.at(-1)?.watch(watcher) ?? tellEnded(watcher);
  }

  async *asCompleted(options: { timeout?: Duration; signal?: AbortSignal } = {}): AsyncGenerator<unknown> {
    checkOptions<typeof options>(options, "asCompleted", { timeout: rule.duration(), signal: rule.signal });
    const left = countDown(options.timeout);
    options.signal?.throwIfAborted();
    const arrivals = new Arrivals(this.#handles);
    const read = readingOnce(this.#handles);
    try {
      for (let count = 0; count < this.#handles.length; count++) {
        const handle = await arrivals.next(left().timeout?.milliseconds, options.signal);
        yield await read(handle, { blocking: true, ...options, ...left() });
      }
    } finally {
      arrivals.stop();
    }
  }
}

printAs(ResultGroupHandle.prototype, (group) => printed(group.kind, [...group]));

/** Reads the callback; has the handles of the members beside it. */
export class ChordHandle {
  readonly kind = "chord-result" as const;
  readonly results: ResultGroupHandle;
  readonly callback: ResultHandle;
  readonly pipelineResults: ResultGroupHandle | undefined;

  /** @param results Handles of the members. @param tail Handles from the callback on. */
  constructor(results: ResultGroupHandle, tail: ResultGroupHandle) {
    this.results = results;
    this.callback = [...tail][0] as ResultHandle;
    this.pipelineResults = tail.length > 1 ? tail : undefined;
  }

  async get(options: GetOptions = {}): Promise<unknown> {
    return await this.callback.get(options);
  }

  /** Has somebody told when the callback has ended. */
  watch(watcher: Watcher): () => void {
    return this.callback.watch(watcher);
  }

  reset(): void {
    this.callback.reset();
  }
}

printAs(ChordHandle.prototype, ({ kind, results, callback }) => printed(kind, [results, callback], " -> "));

/** Reads one member of a group. */
type ReadHandle = (handle: AnyHandle, options: GetOptions) => Promise<unknown>;

/**
 * Reads handles; several of one id in the group, and in the pipelines that are its members, get what the first of them has read, which
 * may have taken it: duplicates, and a task that was enqueued twice.
 */
function readingOnce(handles: readonly AnyHandle[]): ReadHandle {
  const ids = idsOf(handles);
  if (new Set(ids).size === ids.length) return (handle, options) => handle.get(options);
  const values = new Map<string, Promise<unknown>>();
  const read: ReadHandle = (handle, options) => {
    if (handle.kind === "result-group") return handle.readWith(read, options);
    if (handle.kind !== "result") return handle.get(options);
    const value = values.get(handle.id) ?? handle.get(options);
    values.set(handle.id, value);
    return value;
  };
  return read;
}

function idsOf(handles: Iterable<AnyHandle>, ids: string[] = []): string[] {
  for (const handle of handles) {
    if (handle.kind === "result") ids.push(handle.id);
    else if (handle.kind === "result-group") idsOf(handle, ids);
  }
  return ids;
}

/** How much of a time limit is left each time. */
function countDown(timeout: Duration | undefined): () => { timeout?: { milliseconds: number } } {
  if (timeout === undefined) return () => ({});
  const endMs = systemClock.elapsed() + durationMs(timeout, "timeout");
  return () => ({ timeout: { milliseconds: Math.max(0, endMs - systemClock.elapsed()) } });
}

/** The members of a group in the order in which they end. What they left is read when it is asked for, and only then. */
class Arrivals {
  readonly #arrived: AnyHandle[] = [];
  readonly #stops: (() => void)[];
  #taken = 0;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(handles: readonly AnyHandle[]) {
    this.#stops = handles.map((handle) =>
      handle.watch({ ended: () => this.#arrive(handle), failed: (error) => this.#fail(error) })
    );
  }

  /** @throws {ResultTimeout} If none arrives in time. */
  async next(ms: number | undefined, signal: AbortSignal | undefined): Promise<AnyHandle> {
    signal?.throwIfAborted();
    if (this.#taken === this.#arrived.length && this.#failure === undefined) {
      await within(systemClock, { ms, signal }, new Promise<void>((resolve) => this.#wake = resolve), () => {});
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const handle = this.#arrived[this.#taken++];
    if (handle === undefined) throw new ResultTimeout("A member of the group has no result yet");
    return handle;
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }

  #arrive(handle: AnyHandle): void {
    this.#arrived.push(handle);
    this.#wake?.();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }
}

/**
 * The transactions that surround the running code, and what waits for their end.
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { checkFunction } from "../lib/primitives/arguments.ts";
import { AfterCommitError } from "./errors.ts";
import { Turns } from "./turns.ts";

/** One transaction, or one savepoint in it. */
export class Frame {
  /** The database that `atomic` was given. */
  readonly root: object;
  /** The transaction or savepoint around it, of whatever database. */
  readonly outer: Frame | undefined;
  /** Savepoints side by side take turns: they share a connection. */
  readonly turns: Turns = new Turns();
  /** What the function got. */
  handle: unknown;
  ended = false;
  readonly #callbacks: (() => unknown)[] = [];

  constructor(root: object, outer: Frame | undefined) {
    this.root = root;
    this.outer = outer;
  }

  /** How many transactions and savepoints of the same database are around it. */
  get depth(): number {
    return [...openFrames(this.outer)].filter(({ root }) => root === this.root).length;
  }

  /** Keeps something to do after the outermost commit. */
  add(...callbacks: (() => unknown)[]): void {
    this.#callbacks.push(...callbacks);
  }

  /**
   * Hands what waits to the transaction around it; does it if there is none.
   * @throws {AfterCommitError} If some of it fails.
   */
  async committed(): Promise<void> {
    const around = openFrames(this.outer).next().value;
    if (around !== undefined) return around.add(...this.#callbacks);
    const errors: unknown[] = [];
    for (const callback of this.#callbacks) {
      try {
        // As if no transaction were around it.
        await frames.run(undefined, callback);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AfterCommitError(errors, this.#callbacks.length);
  }
}

const frames: AsyncLocalStorage<Frame | undefined> = new AsyncLocalStorage();

/** The transactions and savepoints that are still open, the innermost first. */
function* openFrames(from: Frame | undefined): Generator<Frame, undefined> {
  for (let frame = from; frame !== undefined; frame = frame.outer) if (!frame.ended) yield frame;
}

/** The innermost transaction or savepoint around the running code that is still open. */
export function openFrame(): Frame | undefined {
  return openFrames(frames.getStore()).next().value;
}

/** The innermost open one of a database, which is known by itself or by the handle of a transaction of it. */
export function openFrameOf(database: unknown): Frame | undefined {
  const here = frames.getStore();
  const known = openFrames(here).find(({ root, handle }) => root === database || handle === database);
  return known && openFrames(here).find(({ root }) => root === known.root);
}

/** Runs a function inside a frame. */
export function inside<T>(frame: Frame, work: () => T): T {
  return frames.run(frame, work);
}

/**
 * Runs a function after the surrounding transaction has committed, at once if there is none, never if it rolls back.
 *
 * @param work Usually enqueues something.
 * @throws What the function throws, if it runs at once; else `atomic` rejects with an `AfterCommitError`.
 * @example
 * ```ts
 * import { defineConfig, enqueue, onCommit, task } from "@hueyjs/huey/app";
 *
 * defineConfig({ hueyClass: "MemoryHuey", immediate: true });
 * const add = task("add", (a: number, b: number) => a + b);
 * await onCommit(() => enqueue(add.s(1, 2).andThen(add, 3))); // no transaction: at once
 * ```
 */
export async function onCommit(work: () => unknown): Promise<void> {
  // Before the commit: afterwards nothing can be rolled back.
  checkFunction(work, "What onCommit calls");
  const frame = openFrame();
  if (frame === undefined) await work();
  else frame.add(work);
}

/**
 * The handle of a chord.
 * @module
 */
import { printAs, printed } from "../observe/printing.ts";
import type { ResultHandle } from "./result.ts";
import type { Watcher } from "./waits.ts";
import type { ResultGroupHandle } from "./group.ts";
import type { GetOptions } from "../types/results.ts";

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

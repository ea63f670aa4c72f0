/**
 * How long a storage takes for its operations, as one process sees it.
 * @module
 */
import { isTimes, Times, type TimeTotals } from "./times.ts";

/** The operations that are measured: those of the life of a task and of a consumer. Each is a label, so there are few. */
export const OPERATIONS = [
  "enqueue",
  "claim",
  "begin",
  "keep",
  "settle",
  "release",
  "renewLease",
  "recover",
  "promoteDue",
  "endedOf",
  "state",
  "count",
] as const;

/** An operation of a storage. */
export type Operation = typeof OPERATIONS[number];

/** The upper bounds of the classes, in seconds: shorter than those of tasks. */
export const OPERATION_BOUNDS: readonly number[] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What was measured of one operation: plain data, which an isolate can send to another. */
export interface OperationTotals {
  readonly operation: Operation;
  readonly times: TimeTotals;
}

/** Adds up how long operations took. */
export class OperationTimes {
  #times: Map<Operation, Times> = new Map();

  /** Adds one call, which may have failed. */
  measure(operation: Operation, ms: number): void {
    this.#of(operation).measure(ms);
  }

  /** Adds what another isolate has measured. */
  add(totals: readonly OperationTotals[]): void {
    for (const { operation, times } of totals) this.#of(operation).add(times);
  }

  /** What was measured, of each operation that there was. */
  read(): OperationTotals[] {
    return [...this.#times].map(([operation, times]) => ({ operation, times: times.read() }));
  }

  /** What was measured since the last time, for whoever adds it up; nothing is kept here. */
  take(): OperationTotals[] {
    const taken = this.read();
    this.#times = new Map();
    return taken;
  }

  #of(operation: Operation): Times {
    let times = this.#times.get(operation);
    if (times === undefined) this.#times.set(operation, times = new Times(OPERATION_BOUNDS));
    return times;
  }
}

/** Whether a value is what `take` gives: what another isolate sends may come from its application. */
export function isOperations(value: unknown): value is readonly OperationTotals[] {
  return Array.isArray(value) && value.length <= OPERATIONS.length && value.every((each) => {
    const { operation, times } = (each ?? {}) as Partial<OperationTotals>;
    return OPERATIONS.includes(operation as Operation) && isTimes(times, OPERATION_BOUNDS);
  });
}

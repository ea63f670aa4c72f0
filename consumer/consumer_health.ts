/**
 * How a consumer in this process is: what its health endpoint tells.
 * @module
 */

/** Signs of life of a running consumer. */
export interface Vitals {
  /** Id of the consumer. */
  readonly consumer: string;
  /** All workers are ready. */
  readonly started: boolean;
  /** The loops that claim and schedule go round. */
  readonly turns: boolean;
}

const reports: WeakMap<object, () => Vitals | undefined> = new WeakMap();

/** Lets `vitalsOf` ask a consumer. */
export function reportVitals(consumer: object, report: () => Vitals | undefined): void {
  reports.set(consumer, report);
}

/** How a consumer is. @returns `undefined` while it does not run, or stops */
export function vitalsOf(consumer: object): Vitals | undefined {
  return reports.get(consumer)?.();
}

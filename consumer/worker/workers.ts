/**
 * The workers of a consumer, wherever they run.
 * @module
 */

/** After this, workers that the consumer starts with are said to be still starting. */
export const SLOW_START_MS = 5000;

/** What a consumer asks of its workers. */
export interface Workers {
  /** Resolves when all are ready. Rejects if one cannot be made. */
  start(): Promise<void>;
  /** What may be wrong with a start that takes longer than `SLOW_START_MS`. */
  readonly slowStart: string;
  /** Resolves, with the number of attempts so far, when each worker had nothing to run and found nothing in the queue. */
  idle(): Promise<number>;
  /** Claims no more, waits for what runs, and after `graceMs` gives back what still runs. May follow one that was more patient. */
  stop(graceMs: number): Promise<void>;
  /** How many attempts run now, as far as the workers answer at once. */
  busy(): Promise<number>;
  /** Whether any worker is there, and takes tasks in time. */
  readonly isAlive: boolean;
  /** The lease that covers their claims was renewed; for those that go on while the consumer is frozen. */
  leaseRenewed?(): void;
  /** Replaces what died and was not replaced yet; for those outside of this isolate. */
  check?(): void;
}

/**
 * How a consumer in this process is: what its health endpoint tells.
 * @module
 */

/** The health of a running consumer. */
export interface ConsumerHealth {
  /** All workers are ready. */
  readonly started: boolean;
  /** The loops that claim and schedule are alive. */
  readonly alive: boolean;
}

const providers: WeakMap<object, () => ConsumerHealth | undefined> = new WeakMap();

/** Lets `healthOf` ask a consumer. */
export function provideHealth(consumer: object, provide: () => ConsumerHealth | undefined): void {
  providers.set(consumer, provide);
}

/** How a consumer is. @returns `undefined` while it does not run, or stops */
export function healthOf(consumer: object): ConsumerHealth | undefined {
  return providers.get(consumer)?.();
}

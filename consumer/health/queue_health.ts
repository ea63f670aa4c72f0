/**
 * How a queue is, as its storage tells: who serves it, and what waits.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { readLengths } from "../../lib/operation/listings.ts";
import { withoutSecrets } from "../../lib/primitives/secrets.ts";
import type { Pause, StoredLease } from "../../lib/storage.ts";
import { isGone, newIdentity } from "../platform/identity.ts";
import { systemClock, within } from "../../lib/primitives/clock.ts";
import { dateOf } from "../../lib/primitives/time.ts";

/** The state of one queue. */
export interface QueueHealth {
  /** Its name. */
  readonly queue: string;
  /** A live consumer serves it, and the storage answers. */
  readonly healthy: boolean;
  /** Live consumers. */
  readonly consumers: number;
  /** Tasks that wait for a worker; these counts are missing when the storage does not answer. */
  readonly waiting?: number;
  /** Tasks that wait for a place of their `concurrency`. */
  readonly blocked?: number;
  /** Tasks on the schedule. */
  readonly scheduled?: number;
  /** Tasks that failed for good, as far as they are kept. */
  readonly failed?: number;
  /** Messages that nobody could run. */
  readonly deadLetters?: number;
  /** Whether it is paused, so that its consumers claim nothing. */
  readonly paused?: boolean;
  /** When the pause ends by itself, if it does. */
  readonly pausedUntil?: string;
  /** Why it is not healthy. */
  readonly reason?: string;
}

/** Why the last look at a storage failed, which it may have said when nobody waited any more. */
const failures: WeakMap<Core, string> = new WeakMap();

/**
 * Looks at a queue. Never rejects.
 *
 * @param core Of its Huey.
 * @param limitMs How long the storage may take.
 */
export async function checkQueue(core: Core, limitMs: number): Promise<QueueHealth> {
  const queue = core.settings.name;
  try {
    return { queue, ...await inTime(limitMs, remembered(core)) };
  } catch (error) {
    const before = error instanceof Late ? failures.get(core) : undefined;
    const reason = before === undefined ? textOf(error) : `${textOf(error)}; before, it failed: ${before}`;
    return { queue, healthy: false, consumers: 0, reason };
  }
}

async function remembered(core: Core): Promise<Omit<QueueHealth, "queue">> {
  try {
    const health = await look(core);
    failures.delete(core);
    return health;
  } catch (error) {
    failures.set(core, textOf(error));
    throw error;
  }
}

function textOf(error: unknown): string {
  return withoutSecrets(error instanceof Error ? error.message : String(error));
}

/** How the reason begins when nobody waits any longer. */
export const LATE = "the storage did not answer";

/** Nobody waits any longer. */
class Late extends Error {}

/** The leases that have not run out, of consumers that may be alive. */
export async function liveLeases({ storage, clock }: Core): Promise<StoredLease[]> {
  const { host } = newIdentity();
  return (await storage.leases()).filter((lease) => lease.expiresMs > clock.now() && !isGone(lease, host));
}

async function look(core: Core): Promise<Omit<QueueHealth, "queue">> {
  const { storage } = core;
  const [leases, lengths, pause] = await Promise.all([liveLeases(core), readLengths(core), storage.paused()]);
  const consumers = leases.length;
  const reason = consumers > 0
    ? {}
    : { reason: storage.shared ? "no live consumer serves it" : "other processes cannot see it" };
  const { dead: deadLetters, ...counts } = lengths;
  return { healthy: consumers > 0, consumers, ...counts, deadLetters, ...tellPause(pause), ...reason };
}

function tellPause(pause: Pause | undefined): Pick<QueueHealth, "paused" | "pausedUntil"> {
  const until = dateOf(pause?.untilMs);
  if (until === undefined) return { paused: pause !== undefined };
  return { paused: true, pausedUntil: until.toISOString() };
}

/**
 * Waits so long and no longer.
 * @throws What the work throws, or that it was late.
 */
export async function inTime<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const late = `${LATE} within ${limitMs / 1000} s`;
  return await within(systemClock, { ms: limitMs }, work, () => Promise.reject(new Late(late)));
}

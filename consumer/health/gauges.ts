/**
 * What metrics tell of a queue, as its storage has it: sizes, ages, consumers. Each look is bounded, however deep the queue is.
 * @module
 */
import type { Core } from "../../lib/core/core.ts";
import { consumerInfo } from "../../lib/operation/consumers.ts";
import { queueLatency } from "../../lib/operation/listings.ts";
import { periodicInfos } from "../../lib/operation/periodic.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { newIdentity } from "../platform/identity.ts";
import { inTime, liveLeases, type QueueHealth } from "./queue_health.ts";

/** The state of one queue in numbers. */
export interface QueueGauges {
  /** Tasks that wait, by where they do. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly paused: boolean;
  readonly latencySeconds: number;
  readonly oldestRunningSeconds: number;
  readonly consumers: number;
  readonly slots: number;
  readonly busy: number;
  /** Of the consumer in this process: how long its lease lasts if it is not renewed; `undefined` without one. */
  readonly leaseSeconds: number | undefined;
  /** Of each periodic task that has run: when it did so last, in seconds since 1970. */
  readonly periodic: readonly (readonly [name: string, atSeconds: number])[];
  /** How long the storage took to tell all that. */
  readonly lookSeconds: number;
}

/**
 * Looks at a queue.
 *
 * @param health What was seen of it for its health.
 * @param limitMs How long the storage may take.
 * @returns `undefined` if it did not answer
 */
export async function lookAtGauges(core: Core, health: QueueHealth, limitMs: number): Promise<QueueGauges | undefined> {
  if (health.waiting === undefined) return undefined;
  try {
    return await inTime(limitMs, look(core, health));
  } catch {
    // Whoever asks for the health is told why.
    return undefined;
  }
}

async function look(core: Core, health: QueueHealth): Promise<QueueGauges> {
  const sinceMs = systemClock.elapsed();
  const { storage, clock } = core;
  const [leases, latencySeconds, [oldest], periodic] = await Promise.all([
    liveLeases(core),
    queueLatency(core),
    storage.running(1),
    periodicInfos(core),
  ]);
  const nowMs = clock.now();
  const infos = leases.map((lease) => consumerInfo(lease, nowMs));
  const { host, pid } = newIdentity();
  const own = leases.filter((lease) => lease.host === host && lease.pid === pid).map(({ expiresMs }) => expiresMs - nowMs);
  const busy = sum(infos.map((info) => info.busy));
  const { waiting = 0, blocked = 0, scheduled = 0, failed = 0, deadLetters: dead = 0, paused = false } = health;
  return {
    sizes: { waiting, blocked, scheduled, running: busy, failed, dead },
    paused,
    latencySeconds,
    oldestRunningSeconds: oldest === undefined ? 0 : Math.max(0, nowMs - oldest.sinceMs) / 1000,
    consumers: infos.length,
    slots: sum(infos.map((info) => info.slots)),
    busy,
    leaseSeconds: own.length === 0 ? undefined : Math.min(...own) / 1000,
    periodic: periodic.flatMap(({ name, last }) => last === undefined ? [] : [[name, last.getTime() / 1000] as const]),
    lookSeconds: (systemClock.elapsed() - sinceMs) / 1000,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

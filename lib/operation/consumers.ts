/**
 * Who serves a queue: the leases of consumers, with what each says of itself.
 * @module
 */
import type { Core } from "../core/core.ts";
import { readJson } from "../primitives/json.ts";
import { dateOf } from "../primitives/time.ts";
import type { StoredLease } from "../storage.ts";
import type { ConsumerInfo } from "../types/operating.ts";

/** What a consumer says of itself with each renewal of its lease. */
export type AboutConsumer = Pick<ConsumerInfo, "version" | "runtime" | "workerType" | "slots" | "busy" | "memoryBytes"> & {
  readonly startedMs: number;
};

/** As the lease carries it. */
export function encodeAbout(about: AboutConsumer): string {
  return JSON.stringify(about);
}

/** The consumers with a lease, those that have run out included, in the order in which they started. */
export async function consumerInfos(core: Core): Promise<ConsumerInfo[]> {
  return infosOf(await core.storage.leases(), core.clock.now());
}

/** The same of leases that were read. @param nowMs The time by which they may have run out */
export function infosOf(leases: readonly StoredLease[], nowMs: number): ConsumerInfo[] {
  const infos = leases.map((lease) => consumerInfo(lease, nowMs));
  return infos.sort((left, right) => left.startedAt.getTime() - right.startedAt.getTime());
}

const WORKER_TYPES: readonly unknown[] = ["greenlet", "thread", "process"];

/** What a lease tells. @param nowMs The time by which it may have run out */
export function consumerInfo({ consumer, host, pid, expiresMs, about }: StoredLease, nowMs: number): ConsumerInfo {
  // It may come from anybody.
  const said = (readJson(about) ?? {}) as Partial<Record<keyof AboutConsumer, unknown>>;
  const text = (value: unknown): string => typeof value === "string" ? value : "";
  const number = (value: unknown): number => typeof value === "number" && Number.isFinite(value) ? value : 0;
  return {
    id: consumer,
    // Behind the name stands what tells two machines of one name apart.
    host: host.split("/")[0]!,
    pid,
    startedAt: dateOf(said.startedMs) ?? new Date(0),
    expiresAt: dateOf(expiresMs) ?? new Date(0),
    silent: expiresMs <= nowMs,
    version: text(said.version),
    runtime: text(said.runtime),
    workerType: WORKER_TYPES.includes(said.workerType) ? said.workerType as ConsumerInfo["workerType"] : "greenlet",
    slots: number(said.slots),
    busy: number(said.busy),
    memoryBytes: number(said.memoryBytes),
  };
}

/**
 * What a consumer says of itself when it renews its lease.
 * @module
 */
import process from "node:process";
import { encodeAbout } from "../lib/operation/consumers.ts";
import type { ConsumerSettings } from "./options/settings.ts";
import { plainRuntimeName } from "./platform/runtime_flags.ts";
import { VERSION } from "./platform/version.ts";

/**
 * As the lease carries it.
 *
 * @param startedMs When the consumer started.
 * @param busy How many attempts run now.
 */
export function aboutConsumer(settings: ConsumerSettings, startedMs: number, busy: number): string {
  const { workerType, workers, concurrency } = settings;
  return encodeAbout({
    version: VERSION,
    runtime: plainRuntimeName(),
    workerType,
    slots: workers * concurrency,
    busy,
    memoryBytes: process.memoryUsage.rss(),
    startedMs,
  });
}

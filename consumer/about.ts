/**
 * What a consumer says of itself: to the log when it has started, and to the storage when it renews its lease.
 * @module
 */
import process from "node:process";
import type { Core } from "../lib/core/core.ts";
import { encodeAbout } from "../lib/operation/consumers.ts";
import { localTimeZone } from "../lib/periodic/cron_zone.ts";
import { nextSlot } from "../lib/periodic/slots.ts";
import type { Periodic } from "../lib/task/registry.ts";
import type { Logger } from "../lib/types/options.ts";
import type { ConsumerSettings } from "./options/settings.ts";
import { plainRuntimeName } from "./platform/runtime_flags.ts";

/** The version of this library. As in package.json and deno.json, which the checks compare. */
export const VERSION = "0.2.0";

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

/** Logs what runs here. */
export function logBanner(core: Core, settings: ConsumerSettings, logger: Logger): void {
  const { workers, workerType, concurrency, periodic } = settings;
  const each = concurrency === 1 ? "" : `, ${concurrency} tasks at once in each`;
  const { name: kind } = core.storage.constructor;
  const queue = `queue "${core.settings.name}" in ${kind}${
    core.storage.place === undefined ? "" : ` at ${core.storage.place}`
  }`;
  logger.info(
    `Consumer started with ${workers} ${workerType} worker${workers === 1 ? "" : "s"}${each}, PID ${process.pid}, ${queue}`,
  );
  logger.info(`Scheduler runs at least every ${settings.schedulerIntervalMs / 1000} s`);
  logger.info(`Periodic tasks are ${periodic ? "enabled" : "disabled"}`);
  const definitions = core.registry.all();
  if (definitions.length > 0) logger.info("The following tasks are available:");
  else logger.warn("No tasks are registered: the module of the Huey must define them, or import the modules that do");
  for (const { name, periodic } of definitions) {
    logger.info(`+ ${name}${periodic === undefined ? "" : ` (${describePeriodic(periodic, core)})`}`);
  }
}

/** Says that the queue is paused, if it is, for whoever wonders why the consumer does nothing. */
export async function logPause({ storage, settings }: Core, logger: Logger): Promise<void> {
  try {
    const pause = await storage.paused();
    if (pause === undefined) return;
    const end = pause.untilMs === undefined ? "until it is resumed" : `until ${new Date(pause.untilMs).toISOString()}`;
    logger.warn(`Queue "${settings.name}" is paused ${end}: nothing is claimed`);
  } catch (error) {
    logger.debug("Whether the queue is paused cannot be told", { error });
  }
}

/** The next time, if the schedule can tell. */
function describePeriodic({ schedule }: Periodic, core: Core): string {
  if (!("next" in schedule)) return "periodic";
  const nextMs = nextSlot(
    { schedule, missed: "skip", missedWindowMs: 0 },
    core.clock.now(),
    core.settings.utc ? "UTC" : localTimeZone(),
  );
  return nextMs === undefined ? "periodic" : `periodic, next ${new Date(nextMs).toISOString()}`;
}

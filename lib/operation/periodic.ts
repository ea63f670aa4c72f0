/**
 * What is known of the periodic tasks.
 * @module
 */
import { revokedTasks } from "../control/revocation.ts";
import type { Core } from "../core/core.ts";
import { localTimeZone } from "../periodic/cron_zone.ts";
import { lastSlots } from "../periodic/due.ts";
import { hasForesight, nextSlot } from "../periodic/slots.ts";
import { dateOf } from "../primitives/time.ts";
import type { PeriodicDefinition } from "../task/registry.ts";
import type { PeriodicInfo } from "../types/operating.ts";

/** The registered periodic tasks, in the order of their registration. */
export async function periodicInfos(core: Core): Promise<PeriodicInfo[]> {
  const definitions = core.registry.periodic();
  if (definitions.length === 0) return [];
  const zone = core.settings.utc ? "UTC" : localTimeZone();
  const [lasts, revoked] = await Promise.all([lastSlots(core, definitions.map(({ name }) => name)), revokedTasks(core)]);
  return definitions.map((definition, index) => ({
    name: definition.name,
    schedule: wordsOf(definition, zone),
    next: dateOf(nextOf(core, definition, zone)),
    last: dateOf(lasts[index]),
    revoked: revoked.includes(definition.name),
  }));
}

function wordsOf({ periodic: { schedule } }: PeriodicDefinition, zone: string): string {
  const { describe } = schedule as { describe?: (defaultTimeZone: string) => unknown };
  if (typeof describe !== "function") return "a function";
  try {
    return String(describe(zone));
  } catch {
    // That of the application, which has other worries.
    return "a function";
  }
}

function nextOf(core: Core, { name, periodic }: PeriodicDefinition, zone: string): number | undefined {
  // A plain function is asked for each minute once it has come, and not before.
  if (!hasForesight(periodic.schedule)) return undefined;
  try {
    return nextSlot(periodic, core.clock.now(), zone);
  } catch (error) {
    core.logger.warn(`The schedule of periodic task ${name} failed`, { error });
    return undefined;
  }
}

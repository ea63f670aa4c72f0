/**
 * Pausing a queue: consumers claim nothing, and finish what runs.
 * @module
 */
import type { Core } from "../core/core.ts";
import { checkOptions, rule } from "../primitives/option_rules.ts";
import { type Duration, durationMs, type Instant, instantMs, isInstant } from "../primitives/time.ts";
import type { PauseOptions } from "../types/operating.ts";

/**
 * Pauses the queue. A second pause replaces the first.
 * @throws {TypeError} For a wrong option.
 * @throws {RangeError} If the pause would be over already.
 */
export async function pauseQueue(core: Core, options: PauseOptions): Promise<void> {
  checkOptions<PauseOptions>(options, "pause", { until: rule.moment({ positive: "the pause would be over at once" }) });
  const untilMs = options.until === undefined ? undefined : endOf(options.until, core.clock.now());
  await core.storage.pause({ untilMs });
}

function endOf(until: Instant | Duration, nowMs: number): number {
  const untilMs = isInstant(until) ? instantMs(until, "until") : nowMs + durationMs(until, "until");
  if (untilMs <= nowMs) {
    throw new RangeError(`until must be in the future, since a pause ends then: ${new Date(untilMs).toISOString()}`);
  }
  return untilMs;
}

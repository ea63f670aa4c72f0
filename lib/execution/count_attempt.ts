/**
 * Counts the ends of attempts for the statistics.
 * @module
 */
import type { Execution } from "../attempt/execution.ts";
import { isInstruction, type Outcome, type OutcomeKind, OUTCOMES } from "../attempt/outcome.ts";
import type { Message } from "../message/message.ts";
import type { RecentOutcome } from "../statistics/recent.ts";
import type { TotalOutcome } from "../statistics/totals.ts";
import type { BuiltSettlement } from "./build_settlement.ts";

/** Failures that are told apart. */
const FAILURES: Readonly<Partial<Record<OutcomeKind, TotalOutcome>>> = {
  "timeout": "timeout",
  "locked": "locked",
  "rate-limited": "rate_limited",
};

/** Counts an attempt that was settled. */
export function countAttempt({ core, claim, message, options, attempt }: Execution, built: BuiltSettlement): void {
  const { statistics } = core;
  if (statistics === undefined) return;
  const { outcome, endedMs } = built;
  const isPutOff = outcome.postponed === true && built.retry !== undefined;
  const ranMs = attempt === undefined || isPutOff ? undefined : attempt.ranMs;
  const startedMs = ranMs === undefined ? undefined : endedMs - ranMs;
  statistics.countEnd({
    id: claim.id,
    name: message.name,
    outcome: outcomeOf(outcome, built.retry !== undefined),
    failure: FAILURES[outcome.kind],
    worker: options.owner?.worker ?? "",
    startedMs,
    endedMs,
    attempts: (message.attempt ?? 0) + (attempt === undefined ? 0 : 1),
    ranMs,
    waitedMs: startedMs === undefined ? undefined : waitedMs(message, claim.deliveries, startedMs),
  });
}

function outcomeOf(outcome: Outcome, retries: boolean): RecentOutcome | "retried" | undefined {
  if (!retries) return OUTCOMES[outcome.kind].ending;
  return isInstruction(outcome) ? undefined : "retried";
}

/** Since it could have started. Of an attempt that was put back, or tried again at once, nobody knows. */
function waitedMs({ attempt = 0, eta, enqueuedAt }: Message, deliveries: number, startedMs: number): number | undefined {
  if (deliveries > 1) return undefined;
  const sinceMs = eta ?? (attempt === 0 ? enqueuedAt : undefined);
  return sinceMs === undefined ? undefined : Math.max(0, startedMs - sinceMs);
}

/**
 * The life of one attempt, from the claim to the settlement: due? revoked? expired? -> hooks -> run -> outcome -> settlement ->
 * hooks and signals. The order is that of Python's Huey.
 * @module
 */
import { Attempt, Context } from "../attempt/attempt.ts";
import type { Core } from "../core/core.ts";
import { currentAttempt } from "../core/current.ts";
import { withErrors } from "../core/stored_results.ts";
import { earlyKey } from "../core/keys.ts";
import { type CancelExecution, WorkerLostError } from "../errors.ts";
import { taskLock } from "../control/lock.ts";
import { resolveConcurrencyKey } from "../control/keys.ts";
import { needsConcurrencyKey } from "../message/keys.ts";
import { describeArguments, describeMessage, isLogged } from "../observe/logger.ts";
import type { Message } from "../message/message.ts";
import { openClaim } from "./open_claim.ts";
import { failureOutcome, type Outcome } from "../attempt/outcome.ts";
import { callStorage } from "../core/patience.ts";
import { rateLimit } from "../control/rate_limit.ts";
import { checkRevocation, findRevokedAttempts } from "../control/revocation.ts";
import type { ExecuteOptions, Execution } from "../attempt/execution.ts";
import { settleAttempt } from "./settle.ts";
import { aboutTask, logTask } from "../observe/tracing.ts";
import { SIGNAL_EXECUTING } from "../observe/signals.ts";
import type { Claim } from "../storage.ts";
import { makeTask } from "../composition/call.ts";

/**
 * Runs one claimed item to its settlement. What the task does never makes it reject; what the storage throws is tried again
 * until `options.stop`, then thrown.
 */
export async function executeClaim(core: Core, claim: Claim, options: ExecuteOptions): Promise<void> {
  const opening = openClaim(core, claim, options.stop);
  const opened = opening instanceof Promise ? await opening : opening;
  if (opened === undefined) return;
  const { message, definition, dropChord } = opened;
  const execution: Execution = { message, definition, dropChord, core, claim, options, attempt: undefined, traceId: undefined };
  // Nothing is waited for where there is nothing to wait for: each wait costs a task as much as all that it saves.
  const outcome = (isEarly(execution) ? await notDue(execution) : undefined) ?? crashedTooOften(execution) ??
    (options.revocations ? await revoked(execution) : undefined) ??
    expired(execution) ?? atGate(execution) ??
    await (core.tracing === undefined ? perform(execution) : core.tracing.execute(execution, () => perform(execution)));
  if (outcome !== undefined && !execution.attempt?.abandoned) await settleAttempt(execution, outcome);
}

/** What becomes of an at-most-once task that cannot be brought to its end. @param why What happened, as part of a sentence */
export function lostAtMostOnce({ name, id }: Pick<Message, "name" | "id">, why: string): WorkerLostError {
  return new WorkerLostError(`Task ${name}: ${id} may run at most once, and ${why} while it ran`);
}

function isEarly({ core, claim, message }: Execution): boolean {
  return !claim.begun && message.eta !== undefined && message.eta > core.clock.now();
}

/** One that is to run before its time is noted, one that the clock of the storage has let through too early is not. */
async function notDue({ core, message, options }: Execution): Promise<Outcome | undefined> {
  const what = `look whether task ${describeMessage(message)} is to run before its time`;
  const isWanted = await callStorage(core, what, options.stop, () => core.storage.meta.has(earlyKey(message.id)));
  return isWanted ? undefined : { kind: "not-due", ran: false, message };
}

/** A task that was handed out too often has killed its workers: it must not kill more. One that may run once is not run again. */
function crashedTooOften({ core, claim, message }: Execution): Outcome | undefined {
  const { maxDeliveries } = core.settings;
  if (!claim.begun && claim.deliveries <= maxDeliveries) return undefined;
  const error = claim.begun ? lostAtMostOnce(message, "its worker died") : new WorkerLostError(
    `Task ${message.name}: ${message.id} was handed out ${maxDeliveries} times and its worker died each time`,
  );
  return { kind: "error", ran: true, error, message: { ...message, retries: 0 } };
}

/** A step that follows, and whose key of concurrency only its arguments tell, which are complete now. */
function atGate({ core, claim, message, options: { owner } }: Execution): Outcome | undefined {
  if (!needsConcurrencyKey(message) || owner === undefined || claim.begun) return undefined;
  try {
    return { kind: "at-gate", ran: false, message: resolveConcurrencyKey(core, message) };
  } catch (error) {
    return failureOutcome({ ...message, retries: 0 }, error, core.clock.now());
  }
}

async function revoked({ core, message, options }: Execution): Promise<Outcome | undefined> {
  const what = `look whether task ${describeMessage(message)} is revoked`;
  const check = await callStorage(core, what, options.stop, () => checkRevocation(core, message));
  return check.revoked ? { kind: "revoked", ran: false, message, used: check.used, rescheduled: check.rescheduled } : undefined;
}

function expired({ core, message }: Execution): Outcome | undefined {
  if (message.expiresAt === undefined || message.expiresAt >= core.clock.now()) return undefined;
  return { kind: "expired", ran: false, message };
}

/** From the hooks before the task to its outcome. @returns `undefined` where the claim is not held any more */
function perform(execution: Execution): Promise<Outcome | undefined> {
  return isWatched(execution.core) ? performWatched(execution) : run(execution);
}

async function performWatched(execution: Execution): Promise<Outcome | undefined> {
  return await runPreExecuteHooks(execution) ?? await run(execution);
}

/** Whether anybody wants to know that a task starts. */
function isWatched(core: Core): boolean {
  return core.signals.has(SIGNAL_EXECUTING) || !core.hooks.preExecute.empty || isLogged(core.logger, "info");
}

async function runPreExecuteHooks({ core, message, traceId }: Execution): Promise<Outcome | undefined> {
  const about = aboutTask(core, message, traceId);
  core.logger.info(`Executing ${describeMessage(message)}`, { ...about });
  if (isLogged(core.logger, "debug")) {
    core.logger.debug(`Arguments of ${message.name}: ${message.id}: ${describeArguments(message)}`, { ...about });
  }
  const task = makeTask(message);
  await core.signals.emit(SIGNAL_EXECUTING, task);
  for (const { name, hook } of core.hooks.preExecute) {
    try {
      await hook(task);
    } catch (thrown) {
      const outcome = failureOutcome(message, thrown, core.clock.now());
      if (outcome.kind === "canceled") return canceledByHook(outcome);
      core.logger.error(`preExecute hook "${name}" failed for task ${message.name}: ${message.id}`, {
        ...about,
        error: thrown,
      });
    }
  }
  return undefined;
}

/** A hook that cancels ends the task, whatever retries it has left, unless it asks for a retry itself. */
function canceledByHook(outcome: Outcome): Outcome {
  const again = (outcome.error as CancelExecution).retry === true;
  return again ? { ...outcome, ran: false, postponed: true } : { kind: "canceled", ran: false, message: outcome.message };
}

async function run(execution: Execution): Promise<Outcome | undefined> {
  const { core, claim, message } = execution;
  const begun = isAtMostOnce(execution);
  if (begun && !await begin(execution)) return undefined;
  const { owner, stop } = execution.options;
  const attempt = new Attempt(core, claim, message, {
    claimToken: owner && claim.token,
    begun,
    stop,
    traceId: execution.traceId,
  });
  execution.attempt = attempt;
  core.running.set(claim.token, attempt);
  execution.options.onStart?.(attempt);
  try {
    const value = await currentAttempt.run(attempt, callInTime, execution, attempt);
    return { kind: "complete", ran: true, value, message };
  } catch (thrown) {
    attempt.end();
    const outcome = failureOutcome(message, attempt.explain(thrown), core.clock.now());
    return await withoutRetriesIfRevoked(execution, attempt, outcome);
  } finally {
    attempt.end();
    core.running.delete(claim.token);
    if (attempt.abandoned) { for (const lock of attempt.held) lock.leave(); }
    if (attempt.reports !== undefined) await attempt.reports;
  }
}

function callInTime(execution: Execution, attempt: Attempt): unknown {
  return execution.message.timeout ? attempt.withinTimeout(() => call(execution, attempt)) : call(execution, attempt);
}

function call(execution: Execution, attempt: Attempt): unknown {
  const { core, definition: { lock, rateLimit: limit } } = execution;
  if (lock === undefined && limit === undefined) return invoke(execution, attempt);
  const run = (): unknown => invoke(execution, attempt);
  const limited = limit === undefined ? run : () => rateLimit(core, limit.name, limit.options).run(run);
  return lock === undefined ? limited() : taskLock(core, lock.name, lock.options).run(limited);
}

function invoke({ core, definition: { fn, context }, message }: Execution, attempt: Attempt): unknown {
  const args = withErrors(core, message.args);
  return context ? fn(new Context(core, attempt), ...args) : fn(...args);
}

/** Revoking a running task stops its retries too. */
async function withoutRetriesIfRevoked(execution: Execution, attempt: Attempt, outcome: Outcome): Promise<Outcome> {
  const { message } = outcome;
  if (!message.retries || attempt.abandoned) return outcome;
  const { core, options: { stop } } = execution;
  const what = `look whether task ${describeMessage(message)} is revoked`;
  const [stopped] = await callStorage(core, what, stop, () => findRevokedAttempts(core, [attempt]));
  return stopped === undefined
    ? outcome
    : { ...outcome, message: { ...message, retries: 0 }, rescheduled: stopped.rescheduled };
}

/** Whether a task may run at most once. In immediate mode nothing could run it again. */
export function isAtMostOnce({ core, message, options: { owner } }: Execution): boolean {
  return owner !== undefined && (message.delivery ?? core.settings.delivery) === "at-most-once";
}

/** From here on it is not run again, whatever becomes of this worker. @returns whether the claim is still held */
async function begin({ core, claim, message, options: { stop } }: Execution): Promise<boolean> {
  const held = await callStorage(core, `begin task ${describeMessage(message)}`, stop, () => core.storage.begin(claim));
  if (!held) logTask(core, "warn", message, "was taken over by another worker before it ran here");
  return held;
}

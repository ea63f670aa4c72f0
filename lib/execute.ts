/**
 * The life of one attempt, from the claim to the settlement: due? revoked? expired? -> hooks -> run -> outcome -> settlement ->
 * hooks and signals. The order is that of huey-behaviour section 2.2 and 2.3.
 * @module
 */
import { Attempt, Context } from "./attempt.ts";
import { decodeMessage } from "./codec.ts";
import type { Core, Running } from "./core.ts";
import { currentAttempt, type LooseLock } from "./current.ts";
import { CancelExecution, WorkerLostError } from "./errors.ts";
import { finish } from "./finish.ts";
import type { Inline } from "./immediate.ts";
import { freeLocks, taskLock } from "./lock.ts";
import { describe, describeArguments, logs } from "./logger.ts";
import type { Message } from "./message.ts";
import { open, type Opened } from "./open_claim.ts";
import { failureOutcome, type Outcome } from "./outcome.ts";
import { rateLimit } from "./rate_limit.ts";
import { checkRevocation, stoppedNow } from "./revocation.ts";
import { prepare } from "./settlement.ts";
import { settleSafely } from "./settle_safely.ts";
import { SIGNAL_EXECUTING, SIGNAL_INTERRUPTED, SIGNAL_RECOVERED } from "./signals.ts";
import type { Claim } from "./storage.ts";
import { makeTask } from "./task.ts";

/**
 * Hears of the steps of an at-most-once task, which no claim protects: that it begins, that it takes a lock, that it ends. Does not
 * resolve if the task is another's to end by now.
 */
export type OnUnclaimed = (claim: Claim, step: "begins" | "ends" | LooseLock) => Promise<void>;

/** How to run a claim. */
export interface ExecuteOptions {
  /** Name of the worker, for state and logs. */
  readonly worker: string;
  /** Whether any revocation exists (`ClaimBatch.revocations`). */
  readonly revocations: boolean;
  /** Told before the claim of an at-most-once task is given up, and before each step without it; waited for. */
  readonly onUnclaimed?: OnUnclaimed | undefined;
  /** Told just before the function runs. */
  readonly onStart?: ((running: Running) => void) | undefined;
  /** Told in the tick in which the settlement is sent, so that the next claim can travel with it. */
  readonly onSettle?: ((claim: Claim) => void) | undefined;
  /** Ends the patience with a storage that is down. */
  readonly stop?: AbortSignal | undefined;
  /** Immediate mode: there is no claim, and follow-ups run in the call. */
  readonly inline?: Inline | undefined;
}

/** One attempt on its way through the steps below. */
interface Execution extends Opened {
  readonly core: Core;
  readonly claim: Claim;
  readonly options: ExecuteOptions;
  /** Whether the storage still holds the claim for us: not in immediate mode, and not once an at-most-once task has started. */
  fenced: boolean;
  attempt: Attempt | undefined;
}

/**
 * Runs one claimed item to its settlement. What the task does never makes it reject; what the storage throws is tried again
 * until `options.stop`, then thrown.
 */
export async function execute(core: Core, claim: Claim, options: ExecuteOptions): Promise<void> {
  // Without waiting where there is nothing to wait for, here and below: each wait costs a task as much as all that it saves.
  const opening = open(core, claim, options);
  const opened = opening instanceof Promise ? await opening : opening;
  if (opened === undefined) return;
  const { message, definition, dropChord } = opened;
  const fenced = options.inline === undefined;
  const execution: Execution = { message, definition, dropChord, core, claim, options, fenced, attempt: undefined };
  const outcome = notDue(execution) ?? lost(execution) ?? (options.revocations ? await revoked(execution) : undefined) ??
    expired(execution) ?? (isWatched(core) ? await hooked(execution) : undefined) ?? await run(execution);
  if (outcome !== undefined && !execution.attempt?.abandoned) await settle(execution, outcome);
}

/** Ends the attempt of a claim whose worker was killed, with an error. @returns whether the claim was still held */
export async function failClaim(core: Core, claim: Claim, error: Error): Promise<boolean> {
  const options: ExecuteOptions = { worker: "", revocations: true };
  const opened = await open(core, claim, options);
  if (opened === undefined) return false;
  const execution: Execution = { ...opened, core, claim, options, fenced: true, attempt: undefined };
  return await settle(execution, failureOutcome(opened.message, error, Date.now()));
}

/**
 * Ends an at-most-once task, which holds no claim any more and must not run again, with an error.
 *
 * @param locks That it may hold.
 * @returns whether it could be read
 */
export async function failUnclaimed(core: Core, claim: Claim, locks: readonly LooseLock[], error: Error): Promise<boolean> {
  await freeLocks(core, locks);
  const options: ExecuteOptions = { worker: "", revocations: true };
  const opened = await open(core, claim, { readOnly: true });
  if (opened === undefined) return false;
  const execution: Execution = { ...opened, core, claim, options, fenced: false, attempt: undefined };
  return await settle(execution, failureOutcome({ ...opened.message, retries: 0 }, error, Date.now()));
}

/**
 * Gives the claims of running attempts back to the queue and emits `interrupted` for each. What has no claim to give back, because
 * it must not run again, fails.
 */
export async function interrupt(core: Core, running: Iterable<Running>): Promise<void> {
  const attempts = [...running];
  if (attempts.length === 0) return;
  for (const attempt of attempts) {
    attempt.abandoned = true;
    attempt.abort(new CancelExecution("The consumer is stopping"));
    core.running.delete(attempt.claim.token);
  }
  const claimed = attempts.filter(({ unclaimed }) => !unclaimed);
  await core.storage.release(claimed.map(({ claim }) => claim));
  for (const attempt of claimed) {
    core.logger.warn(`Task ${describe(attempt.message)} was interrupted and goes back to the queue`);
    await core.signals.emit(SIGNAL_INTERRUPTED, attempt.task);
  }
  for (const { unclaimed, claim, locks, message } of attempts) {
    if (unclaimed) await failUnclaimed(core, claim, locks, lostForGood(message, "its consumer stopped"));
  }
}

/** What becomes of an at-most-once task that cannot be brought to its end. @param why What happened, as part of a sentence */
export function lostForGood({ name, id }: Pick<Message, "name" | "id">, why: string): WorkerLostError {
  return new WorkerLostError(`Task ${name}: ${id} may run at most once, and ${why} while it ran`);
}

/** Emits `recovered` for claims that `storage.recover()` returned. */
export async function announceRecovered(core: Core, claims: readonly Claim[]): Promise<void> {
  for (const claim of claims) {
    core.logger.warn(`Task ${await nameOf(core, claim)} was taken over from a worker that is gone`);
    if (!core.signals.has(SIGNAL_RECOVERED)) continue;
    const opened = await open(core, claim, { readOnly: true });
    if (opened !== undefined) await core.signals.emit(SIGNAL_RECOVERED, makeTask(opened.message));
  }
}

async function nameOf(core: Core, claim: Claim): Promise<string> {
  // One that may kill whoever decodes it is better not looked at for the sake of a line in the log.
  if (claim.deliveries > core.settings.maxDeliveries) return claim.id;
  try {
    return `${(await decodeMessage(core, claim)).name}: ${claim.id}`;
  } catch {
    // Whoever claims it next sets it aside, and says why.
    return claim.id;
  }
}

function notDue({ message }: Execution): Outcome | undefined {
  if (message.eta === undefined || message.eta <= Date.now()) return undefined;
  return { kind: "not-due", ran: false, message };
}

/** A task that was handed out too often has killed its workers: it must not kill more. */
function lost({ core, claim, message }: Execution): Outcome | undefined {
  const { maxDeliveries } = core.settings;
  if (claim.deliveries <= maxDeliveries) return undefined;
  const error = new WorkerLostError(
    `Task ${message.name}: ${message.id} was handed out ${maxDeliveries} times and its worker died each time`,
  );
  return { kind: "error", ran: true, error, message: { ...message, retries: 0 } };
}

async function revoked({ core, message }: Execution): Promise<Outcome | undefined> {
  const check = await checkRevocation(core, message);
  return check.revoked ? { kind: "revoked", ran: false, message, used: check.used, moved: check.moved } : undefined;
}

function expired({ message }: Execution): Outcome | undefined {
  if (message.expiresAt === undefined || message.expiresAt >= Date.now()) return undefined;
  return { kind: "expired", ran: false, message };
}

/** Whether anybody wants to know that a task starts. */
function isWatched(core: Core): boolean {
  return core.signals.has(SIGNAL_EXECUTING) || !core.hooks.preExecute.empty || logs(core.logger, "info");
}

async function hooked({ core, message }: Execution): Promise<Outcome | undefined> {
  core.logger.info(`Executing ${describe(message)}`);
  if (logs(core.logger, "debug")) {
    core.logger.debug(`Arguments of ${message.name}: ${message.id}: ${describeArguments(message)}`);
  }
  const task = makeTask(message);
  await core.signals.emit(SIGNAL_EXECUTING, task);
  for (const { name, hook } of core.hooks.preExecute) {
    try {
      await hook(task);
    } catch (thrown) {
      const outcome = failureOutcome(message, thrown, Date.now());
      if (outcome.kind === "canceled") return canceledByHook(outcome);
      core.logger.error(`preExecute hook "${name}" failed for task ${message.name}: ${message.id}`, { error: thrown });
    }
  }
  return undefined;
}

/** A hook that cancels ends the task, whatever retries it has left, unless it asks for a retry itself. */
function canceledByHook(outcome: Outcome): Outcome {
  const again = (outcome.error as CancelExecution).retry === true;
  return again ? { ...outcome, ran: false } : { kind: "canceled", ran: false, message: outcome.message };
}

async function run(execution: Execution): Promise<Outcome | undefined> {
  const { core, claim, message, options: { onUnclaimed } } = execution;
  if (atMostOnce(execution) && !await giveUpClaim(execution)) return undefined;
  const onLock = onUnclaimed && ((lock: LooseLock): Promise<void> => onUnclaimed(claim, lock));
  const attempt = new Attempt(claim, message, execution.fenced ? claim.token : undefined, onLock);
  execution.attempt = attempt;
  core.running.set(claim.token, attempt);
  execution.options.onStart?.(attempt);
  try {
    const value = await currentAttempt.run(attempt, callInTime, execution, attempt);
    return { kind: "complete", ran: true, value, message };
  } catch (thrown) {
    const outcome = failureOutcome(message, attempt.explain(thrown), Date.now());
    return await withoutRetriesIfRevoked(core, attempt, outcome);
  } finally {
    core.running.delete(claim.token);
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
  return context ? fn(new Context(core, attempt), ...message.args) : fn(...message.args);
}

/** Revoking a running task stops its retries too. */
async function withoutRetriesIfRevoked(core: Core, attempt: Attempt, outcome: Outcome): Promise<Outcome> {
  const { message } = outcome;
  if (!message.retries) return outcome;
  const [stopped] = await stoppedNow(core, [attempt]);
  return stopped === undefined ? outcome : { ...outcome, message: { ...message, retries: 0 }, moved: stopped.moved };
}

function atMostOnce({ core, message, fenced }: Execution): boolean {
  return fenced && (message.delivery ?? core.settings.delivery) === "at-most-once";
}

/** Longest time for which the state of an at-most-once task says `running`. */
const RUNNING_NOTICE_MS = 86_400_000;

async function giveUpClaim(execution: Execution): Promise<boolean> {
  const { core, claim, message } = execution;
  await execution.options.onUnclaimed?.(claim, "begins");
  const settlement = { claim, id: message.id, ending: "running", noticeTtlMs: RUNNING_NOTICE_MS } as const;
  const held = await settleSafely(core, settlement, execution.options.stop);
  execution.fenced = false;
  return held;
}

/** What a settlement does for a task that holds its claim. */
async function endLoose({ core, claim, options }: Execution, attempt: Attempt): Promise<void> {
  await options.onUnclaimed?.(claim, "ends");
  if (attempt.locksHeld > 0) await freeLocks(core, attempt.locks.filter(({ ends }) => !ends));
}

async function settle(execution: Execution, outcome: Outcome): Promise<boolean> {
  const { core, claim, definition, message, options, dropChord, attempt } = execution;
  if (attempt?.unclaimed) await endLoose(execution, attempt);
  const claimToSettle = execution.fenced ? claim : undefined;
  const dropLocks = attempt === undefined || attempt.locksHeld > 0;
  const preparing = prepare({
    core,
    definition,
    message,
    claim: claimToSettle,
    outcome,
    dropChord,
    dropLocks: execution.fenced && dropLocks,
    inline: options.inline,
  });
  const prepared = preparing instanceof Promise ? await preparing : preparing;
  const settled = settleSafely(core, prepared.settlement, options.stop);
  options.onSettle?.(claim);
  const held = await settled;
  if (!held) {
    core.logger.warn(`Task ${describe(message)} was taken over by another worker meanwhile: its outcome here is dropped`);
  } else {
    const told = finish(core, prepared, attempt, options.inline);
    if (told !== undefined) await told;
  }
  return held;
}

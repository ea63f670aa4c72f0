/**
 * Reads the outcome of a task by its id.
 * @module
 */
import { readKey } from "./codec.ts";
import type { Core } from "./core.ts";
import { ConfigurationError, ResultTimeout, TaskException } from "./errors.ts";
import { failureException, isFailure } from "./failure.ts";
import { checkOptions, rule, type Rules } from "./option_rules.ts";
import { revokeKey } from "./revocation.ts";
import { plainValue } from "./spread.ts";
import type { StoredState } from "./storage.ts";
import { optionalDurationMs } from "./time.ts";
import type { GetOptions } from "./types/results.ts";

/** What was read: a value, or the exception to throw. */
export type Outcome = { readonly value: unknown } | { readonly exception: TaskException };

const GET: Rules<GetOptions> = {
  blocking: rule.boolean,
  timeout: rule.duration(),
  backoff: rule.number({ min: 1 }),
  maxDelay: rule.duration({ positive: true }),
  revokeOnTimeout: rule.boolean,
  preserve: rule.boolean,
  signal: rule.signal,
};
const POLL_INITIAL_MS = 50;
const POLL_MAX_MS = 1000;
const POLL_BACKOFF = 1.15;

/** The value of an outcome. @throws {TaskException} If it is a failure. */
export function unwrap(outcome: Outcome): unknown {
  if ("exception" in outcome) throw outcome.exception;
  return outcome.value;
}

/** @throws {TypeError | RangeError} Naming the option, the value and the rule. */
export function checkGetOptions(options: GetOptions): void {
  checkOptions<GetOptions>(options, "get", GET);
}

/**
 * Reads, or waits for, the outcome of a task.
 *
 * @param take Reads what is stored; a handle shares one read among its readers.
 * @returns The outcome; `undefined` when a non-blocking read finds nothing.
 * @throws {ResultTimeout} If a blocking read waits longer than `timeout`, or another reader took the value.
 * @throws {ConfigurationError} If the Huey has `results: false`.
 */
export async function readOutcome(
  core: Core,
  id: string,
  options: GetOptions,
  take: () => Promise<Outcome | undefined> = () => takeOutcome(core, id, options.preserve),
): Promise<Outcome | undefined> {
  checkGetOptions(options);
  if (!core.settings.results) throw new ConfigurationError(`Cannot read the result of ${id}: this Huey has results: false`);
  options.signal?.throwIfAborted();
  const found = await take();
  if (found !== undefined || !options.blocking) return found;
  await waitForEnd(core, id, options);
  return await take() ?? endingWithoutValue(id, await core.storage.state(id));
}

/** What is stored of a task; taken from the store, unless `preserve`. */
export async function takeOutcome(core: Core, id: string, preserve: boolean | undefined): Promise<Outcome | undefined> {
  const found = await readKey(core, "results", id, preserve);
  if (found === undefined) return undefined;
  const { value } = found;
  return isFailure(value) ? { exception: failureException(value) } : { value: plainValue(value) };
}

async function waitForEnd(core: Core, id: string, options: GetOptions): Promise<void> {
  const ended = await core.storage.waitForResult(id, {
    timeoutMs: optionalDurationMs(options.timeout, "timeout"),
    signal: options.signal,
    poll: {
      initialMs: POLL_INITIAL_MS,
      backoff: options.backoff ?? POLL_BACKOFF,
      maxMs: optionalDurationMs(options.maxDelay, "maxDelay") ?? POLL_MAX_MS,
    },
  });
  if (ended) return;
  if (options.revokeOnTimeout) await revokeKey(core, `r:${id}`, { once: true });
  throw new ResultTimeout(`Task ${id} has no result yet`);
}

const NEVER_RAN = {
  revoked: "was revoked before it ran",
  expired: "expired before it ran",
  canceled: "was canceled by a hook before it ran",
  failed: "failed, and its error is not in the store any more",
} as const;

/**
 * What a task that left no value means for its reader.
 * @throws {ResultTimeout} If it did leave one, and another reader took it.
 */
function endingWithoutValue(id: string, stored: StoredState | undefined): Outcome {
  if (stored?.state === "complete") {
    throw new ResultTimeout(`Task ${id} has no result any more: another reader took it, read with preserve to share it`);
  }
  const outcome = stored?.state as keyof typeof NEVER_RAN | undefined;
  if (outcome === undefined || !(outcome in NEVER_RAN)) return { value: undefined };
  const error = `Task ${id} ${NEVER_RAN[outcome]}`;
  return { exception: new TaskException({ error, traceback: "", taskId: id, retries: 0, outcome }) };
}

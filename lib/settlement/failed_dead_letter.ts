/**
 * A task that failed for good stays with its message and its error, to be looked at and tried again. What its readers, its chord and its
 * error handlers see does not change by that.
 * @module
 */
import type { Execution } from "../attempt/execution.ts";
import { type Outcome, OUTCOMES } from "../attempt/outcome.ts";
import { placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { firstAccepted } from "../core/patience.ts";
import type { AttemptRecord } from "../message/message.ts";
import { errorStack, errorText, readText, toError } from "../primitives/error_record.ts";
import { newId } from "../primitives/ids.ts";
import { beginningOf } from "../primitives/secrets.ts";
import { attemptRecord } from "./attempt_record.ts";
import type { Burial, Settlement } from "../storage.ts";

/** Longest text of an error that is kept here, and longest stack. */
const LONGEST_TEXT = 10_000;
const LONGEST_STACK = 20_000;

/**
 * What a settlement says to keep a failed task as a dead letter; `undefined` if it has not failed, or goes on as another invocation.
 *
 * @param outcome Of the last attempt.
 * @param atMs When it ended.
 */
export async function failedDeadLetter(
  execution: Execution,
  outcome: Outcome,
  atMs: number,
): Promise<Pick<Settlement, "bury" | "buryBounds"> | undefined> {
  const { core, message } = execution;
  const { keepFailed } = core.settings;
  if (keepFailed === undefined || OUTCOMES[outcome.kind].ending !== "failed" || outcome.rescheduled) {
    return undefined;
  }
  const error = toError(outcome.error);
  const id = newId();
  const bury: Burial = {
    id,
    kind: "failed",
    reason: cut(errorText(error), LONGEST_TEXT),
    atMs,
    data: await dataOf(execution),
    taskId: message.id,
    taskName: message.name,
    error: await errorData(core, id, error, attemptRecord(execution, outcome, atMs)),
    attempts: (message.attempt ?? 0) + (outcome.postponed ? 0 : 1),
  };
  return { bury, buryBounds: keepFailed };
}

/** The message as it was claimed; of the callback of a chord with its values, since the chord goes with the settlement. */
async function dataOf({ core, claim, message, dropChord }: Execution): Promise<Uint8Array> {
  if (dropChord === undefined) return claim.data;
  return await firstAccepted([
    () => core.serializer.serialize(message, placeOf(core, "message", message.id)),
    (refusal) => {
      core.logger.warn(`Failed task ${message.id} is kept without the values of its chord: ${toError(refusal).message}`);
      return claim.data;
    },
  ]);
}

async function errorData(core: Core, id: string, error: Error, attempt: AttemptRecord): Promise<Uint8Array | undefined> {
  const record = {
    name: cut(error.name, LONGEST_TEXT),
    message: cut(error.message, LONGEST_TEXT),
    stack: readText(error, "stack") === undefined ? undefined : cut(errorStack(error), LONGEST_STACK),
  };
  const place = placeOf(core, "failure", id);
  return await firstAccepted<Uint8Array | undefined>([
    () => core.serializer.serialize({ ...record, attempt }, place),
    () => core.serializer.serialize(record, place),
    (refusal) => {
      core.logger.warn(`The error of failed task ${id} cannot be kept: ${toError(refusal).message}`);
      return undefined;
    },
  ]);
}

function cut(text: string, most: number): string {
  const plain = String(text);
  return plain.length <= most ? plain : `${beginningOf(plain, most)}... (${plain.length - most} more characters)`;
}

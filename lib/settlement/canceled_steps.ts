/**
 * Tasks that will never run: the steps that follow one which did not succeed, and what is not enqueued after all. Whoever waits for one is
 * told why.
 * @module
 */
import { followingMessages } from "../message/chain.ts";
import { placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { canceledMetadata, keepsResult, storedFailure } from "../core/stored_results.ts";
import type { Message } from "../message/message.ts";
import type { Outcome } from "../attempt/outcome.ts";
import type { CanceledStep } from "../storage.ts";

const WHY: { readonly [K in Outcome["kind"]]?: string } = {
  canceled: "was canceled",
  revoked: "was revoked",
  expired: "expired",
  timeout: "timed out",
};

/** The steps that an outcome other than `complete` cancels; `undefined` if there are none. */
export async function canceledSteps(
  core: Core,
  { kind, message, rescheduled }: Outcome,
): Promise<CanceledStep[] | undefined> {
  // Those of a task that goes on elsewhere follow it there.
  if (message.next === undefined || rescheduled === "whole") return undefined;
  return await canceledStepsAfter(core, message, WHY[kind] ?? "failed");
}

/**
 * The steps that follow a message which will not succeed; `undefined` if there are none.
 *
 * @param why What became of it, as the end of a sentence.
 */
export async function canceledStepsAfter(core: Core, message: Message, why: string): Promise<CanceledStep[] | undefined> {
  if (message.next === undefined) return undefined;
  const steps: CanceledStep[] = [];
  for (const step of followingMessages(message.next)) {
    steps.push(await canceledStep(core, step, `task ${message.name}: ${message.id} before it ${why}`));
  }
  return steps;
}

/** The end of a task that will never run, with the error for its readers. @param why As the end of a sentence */
async function canceledStep(core: Core, message: Message, why: string): Promise<CanceledStep> {
  const { id } = message;
  if (!keepsResult(core, message)) return { id };
  const failure = storedFailure(canceledMetadata(message, why), undefined);
  return { id, result: await core.serializer.serialize(failure, placeOf(core, "result", id)) };
}

/**
 * Ends a task as canceled that has a handle and will never be enqueued, so that nobody waits for it.
 *
 * @param why As the end of a sentence.
 */
export async function cancelUnqueued(core: Core, message: Message, why: string): Promise<void> {
  const { resultTtlMs, completionTtlMs: noticeTtlMs } = core.settings;
  await core.storage.settle({ ...await canceledStep(core, message, why), ending: "canceled", noticeTtlMs, resultTtlMs });
}

/** Ids of the steps behind a message that are canceled. */
export async function idsOfCanceledSteps(core: Core, { next }: Message): Promise<string[]> {
  const canceled: string[] = [];
  if (next === undefined) return canceled;
  for (const { id } of followingMessages(next)) {
    if ((await core.storage.state(id))?.state === "canceled") canceled.push(id);
  }
  return canceled;
}

/** Forgets that the steps behind a message were canceled: it runs once more, and they may follow it after all. */
export async function deleteCanceledEnds(core: Core, message: Message): Promise<void> {
  for (const id of await idsOfCanceledSteps(core, message)) {
    await core.storage.results.delete(id);
    // What is left then is the notice: another one in its place that ends at once.
    await core.storage.settle({ id, ending: "canceled", noticeTtlMs: 0 });
  }
}

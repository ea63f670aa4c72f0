/**
 * The steps that follow a task which did not succeed: they never run, and whoever waits for one of them is told why.
 * @module
 */
import { followingMessages } from "../message/chain.ts";
import { placeOf } from "../core/codec.ts";
import type { Core } from "../core/core.ts";
import { storedFailure } from "../core/failure.ts";
import { keepsResult } from "../core/kept_results.ts";
import type { Message } from "../message/message.ts";
import type { Outcome } from "../attempt/outcome.ts";
import type { CanceledStep } from "../storage.ts";

const WHY: { readonly [K in Outcome["kind"]]?: string } = {
  canceled: "was canceled",
  revoked: "was revoked",
  expired: "expired",
  timeout: "timed out",
};

/** The steps that an outcome cancels; `undefined` if there are none. */
export async function canceledSteps(
  core: Core,
  { kind, message, rescheduled }: Outcome,
): Promise<CanceledStep[] | undefined> {
  // Those of a task that goes on elsewhere follow it there.
  if (kind === "complete" || message.next === undefined || rescheduled === "whole") return undefined;
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
    const { id, name } = step;
    const error = `Task ${name}: ${id} was canceled: task ${message.name}: ${message.id} before it ${why}`;
    const failure = storedFailure({ error, traceback: "", taskId: id, retries: 0, outcome: "canceled" }, undefined);
    steps.push({
      id,
      result: keepsResult(core, step) ? await core.serializer.serialize(failure, placeOf(core, "result", id)) : undefined,
    });
  }
  return steps;
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

/**
 * `show`: everything that is known of one invocation.
 * @module
 */
import { nameAndMessage } from "../../lib/primitives/error_record.ts";
import { showSafely } from "../../lib/primitives/log_text.ts";
import { type InvocationDetails, readInvocationDetails } from "../../lib/operation/invocation_details.ts";
import { type Command, fail } from "./command.ts";
import type { Printer } from "./printer.ts";
import { timelineOf } from "../../lib/operation/timeline.ts";
import { showArguments, showTime, taskRecord } from "./records.ts";

/** `show APP ID`. */
export const show: Command = {
  name: "show",
  form: "ID",
  help: "state, times, arguments, each attempt with its error, a timeline, progress, steps and value of one; takes nothing",
  least: 1,
  watch: true,
  run: async (request) => {
    const { core, args: [id = ""], printer } = request;
    const found = await readInvocationDetails(core, id);
    if (found === undefined) return fail(request, `Nothing is known of ${JSON.stringify(id)}, or not any more`);
    if (printer.json) printer.value(recordOf(found));
    else print(found, printer, core.clock.now());
  },
};

function recordOf(found: InvocationDetails): Record<string, unknown> {
  const { id, name, status, task, running, deadLetter: letter, history, value, error, progress, steps } = found;
  return {
    ...task === undefined ? {} : taskRecord(task),
    id,
    name,
    ...status,
    ...running === undefined ? {} : { consumer: running.consumer, deliveries: running.deliveries },
    ...letter === undefined ? {} : { deadLetter: { id: letter.id, kind: letter.kind, reason: letter.reason, at: letter.at } },
    error: letter?.error ?? error,
    attempts: attemptsOf(found),
    history,
    progress,
    steps: Object.fromEntries(steps),
    ...value === undefined ? {} : { value: value.value },
  };
}

function attemptsOf({ status, deadLetter: letter, running, recent }: InvocationDetails): number | undefined {
  return running?.attempt ?? letter?.attempts ?? recent?.attempts ?? status.attempts;
}

function print(found: InvocationDetails, printer: Printer, nowMs: number): void {
  const { id, name, status, task, running, deadLetter: letter, recent, value, error, progress, steps } = found;
  printer.say(`${name === "" ? "A task" : name} ${id}`, "bold");
  printer.facts([
    ["state", status.revoked ? `${status.state}, revoked` : status.state],
    ["called", at(task?.enqueuedAt ?? status.enqueuedAt)],
    ["due", at(task?.eta)],
    ["started", at(running?.startedAt ?? status.startedAt ?? recent?.startedAt)],
    ["ended", at(status.endedAt ?? recent?.endedAt ?? letter?.at)],
    ["worker", running === undefined ? status.worker ?? recent?.worker : `${running.worker} of ${running.consumer}`],
    ["attempts", attemptsOf(found)?.toString()],
    ["retries left", task === undefined ? undefined : String(task.retries)],
    ["arguments", task && showArguments(task.args)],
    ["tags", task === undefined || Object.keys(task.meta).length === 0 ? undefined : showSafely(task.meta)],
    ["progress", progress === undefined ? undefined : showSafely(progress)],
    ...[...steps].map(([step, kept]) => [`step ${step}`, showSafely(kept)] as const),
    ["dead letter", letter && `${letter.id}, ${letter.kind}`],
    ["value", value && showSafely(value.value)],
    ["error", error?.text],
  ]);
  if (error?.stack !== undefined) printer.block(error.stack);
  printTimeline(found, printer, nowMs);
  printAttempts(found, printer);
}

function printTimeline(found: InvocationDetails, printer: Printer, nowMs: number): void {
  const events = timelineOf(found, nowMs);
  if (events.length === 0) return;
  printer.say("Timeline", "bold");
  // With the milliseconds: an attempt may take a few.
  printer.facts(events.map(({ at, text, more }) => [at?.toISOString() ?? "", more === undefined ? text : `${text}, ${more}`]));
}

/** What each threw, unless it is told above, and what it logged. */
function printAttempts({ history, error: told }: InvocationDetails, printer: Printer): void {
  for (const { attempt, error, log } of history) {
    const isTold = error === undefined || (error.stack !== undefined && error.stack === told?.stack);
    if (isTold && log.length === 0) continue;
    printer.say(`Attempt ${attempt}`, "bold");
    if (!isTold) printer.block(error.stack ?? nameAndMessage(error));
    for (const { at, level, text } of log) printer.say(`  ${at.toISOString()} ${level} ${text}`);
  }
}

function at(time: Date | undefined): string | undefined {
  return time && showTime(time);
}

/**
 * What happened to an invocation, in order.
 * @module
 */
import { ago, count, duration, exact } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { QueueVisit } from "../parts/visit.ts";
import type { InvocationDetails } from "../../lib/operation/invocation_details.ts";

interface Event {
  readonly at: Date | undefined;
  readonly text: string;
  readonly tone: "" | "good" | "bad" | "busy";
  readonly more?: string | undefined;
}

const TONES: Readonly<Record<string, Event["tone"]>> = { complete: "good", failed: "bad", dead: "bad", running: "busy" };

/**
 * A list of what is known to have happened.
 *
 * @param visit Of the page.
 * @param found The invocation.
 */
export function timeline({ nowMs }: QueueVisit, found: InvocationDetails): Html {
  const events = eventsOf(found, nowMs);
  if (events.length === 0) return html`<p class="muted">No times are known.</p>`;
  return html`<ol class="timeline">${
    events.map(({ at, text, tone, more }) =>
      html`<li class="${tone}"><strong>${text}</strong> ${at === undefined ? "" : ago(at, nowMs)}<span>${
        at === undefined ? "" : exact(at)
      }${more === undefined ? "" : ` · ${more}`}</span></li>`
    )
  }</ol>`;
}

function eventsOf({ status, task, running, recent, deadLetter: letter }: InvocationDetails, nowMs: number): Event[] {
  const enqueued = status.enqueuedAt ?? task?.enqueuedAt;
  const started = running?.startedAt ?? status.startedAt ?? recent?.startedAt ??
    (status.state === "running" ? status.since : undefined);
  const ended = status.endedAt ?? recent?.endedAt ?? letter?.at;
  const events: Event[] = [];
  if (enqueued !== undefined) events.push({ at: enqueued, text: "Enqueued", tone: "" });
  if (status.state === "blocked") events.push({ at: undefined, text: "Waits for a place of its concurrency", tone: "" });
  if (task?.eta !== undefined && !status.ended) {
    const text = status.state === "retrying" ? "Next attempt" : task.eta.getTime() > nowMs ? "Due" : "Was due";
    events.push({ at: task.eta, text, tone: "", more: lastError(status.error) });
  }
  if (started !== undefined) {
    const waited = enqueued === undefined ? undefined : `after ${duration((started.getTime() - enqueued.getTime()) / 1000)}`;
    events.push({
      at: started,
      text: attemptText("Started", running?.attempt),
      tone: status.ended ? "" : "busy",
      more: waited,
    });
  }
  if (status.ended || letter !== undefined) {
    const outcome = letter !== undefined && status.state === "unknown" ? letter.kind ?? "dead" : status.state;
    const ran = started === undefined || ended === undefined ? undefined : `ran for ${duration((+ended - +started) / 1000)}`;
    events.push({ at: ended, text: outcome[0]!.toUpperCase() + outcome.slice(1), tone: TONES[outcome] ?? "", more: ran });
  }
  return events;
}

function attemptText(text: string, attempt: number | undefined): string {
  return attempt === undefined || attempt === 1 ? text : `${text}, attempt ${count(attempt)}`;
}

/** That there was one; its text stands above, where it can be hidden. */
function lastError(error: string | undefined): string | undefined {
  return error === undefined ? undefined : "the last attempt failed";
}

/**
 * What happened to an invocation, in order.
 * @module
 */
import { ago, exact } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { QueueVisit } from "../parts/visit.ts";
import type { InvocationDetails } from "../../lib/operation/invocation_details.ts";
import { timelineOf } from "../../lib/operation/timeline.ts";

/**
 * A list of what is known to have happened.
 *
 * @param visit Of the page.
 * @param found The invocation.
 */
export function timeline({ nowMs }: QueueVisit, found: InvocationDetails): Html {
  const events = timelineOf(found, nowMs);
  if (events.length === 0) return html`<p class="muted">No times are known.</p>`;
  return html`<ol class="timeline">${
    events.map(({ at, text, tone, more }) =>
      html`<li class="${tone}"><strong>${text}</strong> ${at === undefined ? "" : ago(at, nowMs)}<span>${
        [at === undefined ? undefined : exact(at), more].filter((part) => part !== undefined).join(" · ")
      }</span></li>`
    )
  }</ol>`;
}

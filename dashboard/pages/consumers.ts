/**
 * The consumers of a queue.
 * @module
 */
import { numberHead, table } from "../parts/table.ts";
import { badge } from "../parts/state.ts";
import { ago, bytes, count, duration } from "../parts/format.ts";
import { type Html, html } from "../parts/html.ts";
import type { Content } from "../parts/layout.ts";
import type { QueueVisit } from "../parts/visit.ts";
import type { ConsumerInfo } from "../../lib/types/operating.ts";

const MOST = 200;

/** The page. */
export async function consumersPage(visit: QueueVisit): Promise<Content> {
  const consumers = await visit.queue.huey.consumers();
  const body = html`<section class="card">${consumerTable(consumers.slice(0, MOST), visit.nowMs)}</section>${
    consumers.length > MOST ? html`<p class="note">Only ${count(MOST)} of ${count(consumers.length)} are shown.</p>` : ""
  }`;
  return { title: "Consumers", here: "consumers", body };
}

/**
 * A table of consumers.
 *
 * @param consumers Which.
 * @param nowMs Now.
 */
export function consumerTable(consumers: readonly ConsumerInfo[], nowMs: number): Html {
  if (consumers.length === 0) {
    return html`<p class="empty">No consumer serves this queue. Start one with <code>huey-consumer</code>.</p>`;
  }
  const heads = [
    "Host",
    "State",
    numberHead("Busy"),
    "Workers",
    "Runtime",
    "Version",
    numberHead("Memory"),
    "Started",
    "Lease",
  ];
  return table(heads, consumers.map((consumer) => row(consumer, nowMs)));
}

function row(consumer: ConsumerInfo, nowMs: number): Html {
  const { host, pid, silent, busy, slots, workerType, runtime, version, memoryBytes, startedAt, expiresAt } = consumer;
  const left = (expiresAt.getTime() - nowMs) / 1000;
  return html`
    <tr>
      <th scope="row">${host} <span class="muted">pid ${pid}</span></th>
      <td>${silent ? badge("dead", "silent") : badge("complete", "alive")}</td>
      <td class="number" data-label="Busy">${count(busy)} / ${count(slots)}</td>
      <td data-label="Workers">${workerType}</td>
      <td data-label="Runtime">${runtime}</td>
      <td data-label="Version">${version}</td>
      <td class="number" data-label="Memory">${bytes(memoryBytes)}</td>
      <td data-label="Started">${ago(startedAt, nowMs)}</td>
      <td data-label="Lease">${silent ? html`ended ${ago(expiresAt, nowMs)}` : html`${duration(left)} left`}</td>
    </tr>
  `;
}

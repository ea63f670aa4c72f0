/**
 * A graph of tasks as SVG, and as a list for those who do not see it.
 * @module
 */
import type { Node } from "../queue/graph.ts";
import { type Html, html } from "./html.ts";
import { plural } from "../../lib/operation/words.ts";
import { queueLink, type QueueVisit } from "./visit.ts";

const WIDTH = 190;
const HEIGHT = 46;
const GAP_X = 46;
const GAP_Y = 18;
const KINDS = {
  self: "this task",
  step: "then",
  member: "member",
  callback: "when all have ended",
  error: "on error",
} as const;

/**
 * Draws a graph.
 *
 * @param visit Of the page.
 * @param graph Its nodes, and how many were left out.
 */
export function drawGraph(
  visit: QueueVisit,
  { nodes, left }: { readonly nodes: readonly Node[]; readonly left: number },
): Html {
  const columns = Math.max(...nodes.map(({ column }) => column)) + 1;
  const rows = Math.max(...nodes.map(({ row }) => row)) + 1;
  const [width, height] = [columns * (WIDTH + GAP_X) - GAP_X + 4, rows * (HEIGHT + GAP_Y) - GAP_Y + 4];
  const label = nodes.map(({ name, kind }) => `${KINDS[kind]}: ${name}`).join("; ");
  return html`
    <div class="graph">
      <svg width="${width}" height="${height}" viewBox="-2 -2 ${width} ${height}" role="group" aria-label="${label}">
        <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"></path></marker></defs>
        ${nodes.flatMap((node) => node.from.map((from) => edge(nodes[from]!, node)))}
        ${nodes.map((node) => box(visit, node))}
      </svg>
    </div>${left > 0 ? html`<p class="note">${plural(left, "further task")} not drawn.</p>` : ""}
  `;
}

function box(visit: QueueVisit, { id, name, kind, column, row }: Node): Html {
  const [x, y] = [column * (WIDTH + GAP_X), row * (HEIGHT + GAP_Y)];
  const inner = html`
    <rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="8"></rect>
    <text class="kind" x="${x + 12}" y="${y + 18}">${KINDS[kind]}</text>
    <text x="${x + 12}" y="${y + 35}">${name}</text>
  `;
  if (kind === "self") return html`<g class="self">${inner}</g>`;
  return html`<a href="${queueLink(visit, "invocation", { id })}">${inner}</a>`;
}

function edge(from: Node, to: Node): Html {
  const x1 = from.column * (WIDTH + GAP_X) + WIDTH;
  const y1 = from.row * (HEIGHT + GAP_Y) + HEIGHT / 2;
  const x2 = to.column * (WIDTH + GAP_X) - 2;
  const y2 = to.row * (HEIGHT + GAP_Y) + HEIGHT / 2;
  const middle = x2 - GAP_X / 2;
  return html`
    <path class="${to.kind}"
      d="M${x1} ${y1}H${middle - 8}Q${middle} ${y1} ${middle} ${y1 + Math.sign(y2 - y1) * 8}V${y2 -
        Math.sign(y2 - y1) * 8}Q${middle} ${y2} ${middle + 8} ${y2}H${x2}"
      marker-end="url(#tip)"></path>
  `;
}

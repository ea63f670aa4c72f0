/**
 * Tables.
 * @module
 */
import { type Html, html } from "./html.ts";

/** The head of a column of numbers. */
export function numberHead(word: string): Html {
  return html`<th class="number">${word}</th>`;
}

/** The head of a column whose cells speak for themselves. */
export function quietHead(word: string): Html {
  return html`<th><span class="quiet">${word}</span></th>`;
}

/**
 * A table. Where it is too wide it can be moved sideways.
 *
 * @param heads Of each column its word, or the whole cell.
 * @param rows The rows, each a `tr`.
 * @param className Where `stack`, a narrow screen shows its rows as cards.
 */
export function table(heads: readonly (string | Html)[], rows: readonly Html[], className: "stack" | "" = "stack"): Html {
  return html`
    <div class="scroll">
      <table class="${className}">
        <thead>
          <tr>${heads.map((head) => typeof head === "string" ? html`<th>${head}</th>` : head)}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}

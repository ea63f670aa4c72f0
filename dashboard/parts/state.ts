/**
 * States in words, each with a sign of its own: no colour stands alone.
 * @module
 */
import { type Html, html } from "./html.ts";

/** Sign and class of each state. */
const SIGNS: Readonly<Record<string, readonly [sign: string, tone: string]>> = {
  waiting: ["○", "calm"],
  scheduled: ["◔", "calm"],
  blocked: ["‖", "warn"],
  running: ["▸", "busy"],
  retrying: ["↻", "warn"],
  complete: ["✓", "good"],
  failed: ["✕", "bad"],
  revoked: ["⊘", "calm"],
  expired: ["◌", "warn"],
  canceled: ["⊘", "calm"],
  dead: ["†", "bad"],
  unreadable: ["†", "bad"],
  unknown: ["?", "calm"],
};

/**
 * A state as a badge.
 *
 * @param state Its name.
 * @param word What is written, where that is not the name.
 */
export function badge(state: string, word: string = state): Html {
  const [sign, tone] = SIGNS[state] ?? ["·", "calm"];
  return html`<span class="badge ${tone}"><span aria-hidden="true">${sign}</span> ${word}</span>`;
}

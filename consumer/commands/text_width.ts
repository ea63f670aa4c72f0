/**
 * How wide a text is on a terminal, where a Chinese letter takes two places and an accent of its own none.
 * @module
 */

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Letters and signs that are drawn in two places: East Asian Wide and Fullwidth, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
const NOTHING = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
// deno-lint-ignore no-control-regex
const PLAIN = /^[\x00-\x7f]*$/;

/**
 * How many places a text takes.
 *
 * @param text Without line breaks and control characters.
 */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += widthOf(segment);
  return width;
}

/**
 * The beginning of a text, with a sign where it was cut.
 *
 * @param text Without line breaks and control characters.
 * @param most How many places it may take.
 * @returns the text itself if it is not wider
 */
export function cutText(text: string, most: number): string {
  if (PLAIN.test(text)) return text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text;
  if (textWidth(text) <= most) return text;
  let [cut, width] = ["", 0];
  for (const { segment } of segmenter.segment(text)) {
    width += widthOf(segment);
    if (width > most - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

function widthOf(segment: string): number {
  if (WIDE.test(segment)) return 2;
  return NOTHING.test(segment) ? 0 : 1;
}

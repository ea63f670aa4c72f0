/**
 * Charts, as SVG made here: no script draws them, and each bar says in words what it shows. Browsers paint few shapes sooner than many.
 * @module
 */
import { count, exact } from "./format.ts";
import { type Html, html } from "./html.ts";

/** What a chart shows of one step of time. */
export interface Bar {
  readonly at: Date;
  readonly completed: number;
  readonly failed: number;
}

/** A moment that is marked in a chart. */
export interface Mark {
  readonly at: Date;
  readonly label: string;
}

/** What is drawn. */
export interface ChartOptions {
  readonly title: string;
  readonly bars: readonly Bar[];
  readonly stepMs: number;
  readonly marks?: readonly Mark[];
}

const WIDTH = 520;
const HEIGHT = 170;
const LEFT = 44;
const TOP = 12;
const BOTTOM = 24;
const PLOT = HEIGHT - TOP - BOTTOM;

/**
 * Completed and failed tasks over time.
 *
 * @param options What is drawn.
 */
export function throughputChart({ title, bars, stepMs, marks = [] }: ChartOptions): Html {
  const highest = niceTop(Math.max(1, ...bars.map(({ completed, failed }) => completed + failed)));
  const completed = bars.reduce((sum, bar) => sum + bar.completed, 0);
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0);
  const label = `${title}: ${count(completed)} completed, ${count(failed)} failed`;
  const step = (WIDTH - LEFT) / Math.max(1, bars.length);
  const startMs = bars[0]?.at.getTime() ?? 0;
  const lines = [0, 0.5, 1].map((part) => gridLine(TOP + PLOT * (1 - part), part * highest));
  return html`
    <svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
      ${lines} ${columns("good", bars, step, highest)} ${columns("bad", bars, step, highest)}
      ${bars.map((bar, index) => drawHit(bar, LEFT + index * step, step))}
      ${marks.map((mark) => drawMark(mark, LEFT + (mark.at.getTime() - startMs) / stepMs * step))} ${timeLabels(
        bars,
        step,
        stepMs,
      )}
    </svg>
  `;
}

function gridLine(y: number, value: number): Html {
  return html`
    <line class="grid" x1="${LEFT}" x2="${WIDTH}" y1="${y}" y2="${y}"></line>
    <text class="tick" x="${LEFT - 6}" y="${y + 4}" text-anchor="end">${tick(value)}</text>
  `;
}

function tick(value: number): string {
  return value >= 1000 ? `${Math.round(value / 100) / 10}k` : String(Math.round(value * 10) / 10);
}

/** One shape for all columns of a colour: a busy day would else be hundreds of elements. */
function columns(tone: "good" | "bad", bars: readonly Bar[], step: number, highest: number): Html | "" {
  const width = Math.max(1, step - (step > 6 ? 1.5 : 0.5));
  const shapes = bars.map((bar, index) => {
    const good = scaled(bar.completed, highest);
    const [height, below] = tone === "good" ? [good, 0] : [scaled(bar.failed, highest), good];
    return height === 0 ? "" : box(LEFT + index * step, TOP + PLOT - below - height, width, height);
  }).join("");
  return shapes === "" ? "" : html`<path class="${tone}" d="${shapes}"></path>`;
}

/** A rectangle as a piece of a path. */
function box(x: number, y: number, width: number, height: number): string {
  const [left, top, across, down] = [x, y, width, height].map((value) => Math.round(value * 100) / 100);
  return `M${left} ${top}h${across}v${down}h-${across}z`;
}

/** What says in words what happened in a step, where something did. */
function drawHit({ at, completed, failed }: Bar, x: number, step: number): Html | "" {
  if (completed + failed === 0) return "";
  return html`
    <rect class="hit" x="${x}" y="${TOP}" width="${step}" height="${PLOT}">
      <title>${exact(at).slice(0, 16)}: ${count(completed)} completed, ${count(failed)} failed</title>
    </rect>
  `;
}

/** One failure among a million is still seen. */
function scaled(value: number, highest: number): number {
  return value === 0 ? 0 : Math.max(2, value / highest * PLOT);
}

function drawMark({ at, label }: Mark, x: number): Html {
  if (x < LEFT || x > WIDTH) return html``;
  return html`
    <g class="mark">
      <title>${label}, ${exact(at).slice(0, 16)} UTC</title>
      <line x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${TOP + PLOT}"></line>
      <circle cx="${x}" cy="${TOP - 6}" r="4"></circle>
    </g>
  `;
}

/** Six labels at most; the text of the first begins at its bar. */
function timeLabels(bars: readonly Bar[], step: number, stepMs: number): Html[] {
  const every = Math.max(1, Math.ceil(bars.length / 6));
  return bars.filter((_, index) => index % every === 0).map(({ at }, index) => {
    const text = stepMs >= 86_400_000 ? at.toISOString().slice(5, 10) : at.toISOString().slice(11, 16);
    const x = LEFT + index * every * step;
    return html`<text class="tick" x="${x}" y="${HEIGHT - 6}">${text}</text>`;
  });
}

function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((factor) => factor * power).find((top) => top >= value) ?? value;
}

/**
 * How often something took how long.
 *
 * @param title What it shows.
 * @param buckets Their names, and how many are in each.
 */
export function histogram(title: string, buckets: readonly { readonly label: string; readonly value: number }[]): Html {
  const highest = Math.max(1, ...buckets.map(({ value }) => value));
  return html`
    <table class="histogram">
      <caption>${title}</caption>
      <tbody>
        ${buckets.map(({ label, value }) =>
          html`
            <tr>
              <th scope="row">${label}</th>
              <td>
                <svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect width="${value / highest * 100}" height="10"></rect>
                </svg>
              </td>
              <td class="number">${count(value)}</td>
            </tr>
          `
        )}
      </tbody>
    </table>
  `;
}

/**
 * A small chart of completed and failed tasks, beside a row of a table.
 *
 * @param steps The numbers, oldest first.
 * @param what What it is of, for those who hear it: they are told the numbers too.
 */
export function sparkline(steps: readonly Omit<Bar, "at">[], what: string): Html {
  const highest = Math.max(1, ...steps.map(({ completed, failed }) => completed + failed));
  const width = 100 / Math.max(1, steps.length);
  const tall = (value: number): number => value === 0 ? 0 : Math.max(1.5, value / highest * 22);
  const [good, bad] = (["completed", "failed"] as const).map((key) =>
    steps.map((step, index) => {
      const below = key === "failed" ? tall(step.completed) : 0;
      const height = Math.min(tall(step[key]), 24 - below);
      return height === 0 ? "" : box(index * width, 24 - below - height, width * 0.8, height);
    }).join("")
  );
  const [completed, failed] = (["completed", "failed"] as const).map((key) => steps.reduce((sum, step) => sum + step[key], 0));
  const label = `${what}: ${count(completed)} completed, ${count(failed)} failed`;
  return html`
    <svg class="spark" viewBox="0 0 100 24" role="img" aria-label="${label}"
      preserveAspectRatio="none">${good === "" ? "" : html`<path d="${good}"></path>`}${bad === ""
        ? ""
        : html`<path class="bad" d="${bad}"></path>`}</svg>
  `;
}

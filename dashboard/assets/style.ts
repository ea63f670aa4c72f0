/**
 * The style of the pages: colours, the frame, text.
 * @module
 */
import { PARTS } from "./style_parts.ts";

const FRAME = `
:root {
  color-scheme: light dark;
  --page: #f7f8fa; --card: #ffffff; --line: #e3e6eb; --soft: #eff1f5; --text: #1b2230; --muted: #5d6678;
  --accent: #2459c9; --accent-soft: #e6eefc; --good: #196f44; --good-soft: #e2f4ea; --bad: #b3261e; --bad-soft: #fcebe9;
  --warn: #8a5a00; --warn-soft: #fdf3dc; --busy: #6a3fb5; --busy-soft: #f0eafb; --bar: #5b8def; --bar-bad: #d6453b;
  --shadow: 0 1px 2px rgb(20 30 50 / .05);
  --sans: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Code", "DejaVu Sans Mono", Menlo, Consolas, monospace;
}
:root[data-theme="light"] { color-scheme: light; }
:root[data-theme="dark"] { color-scheme: dark; }
@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) { DARK } }
:root[data-theme="dark"] { DARK }
* { box-sizing: border-box; }
html { font: 15px/1.5 var(--sans); background: var(--page); color: var(--text); -webkit-text-size-adjust: 100%; }
body { margin: 0; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
h1 { font-size: 1.45rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; font-weight: 650; margin: 0 0 .75rem; }
p { margin: 0 0 .75rem; }
code, pre, kbd, .id { font-family: var(--mono); font-size: .86em; }
pre { margin: 0; padding: .8rem 1rem; background: var(--soft); border-radius: 8px; overflow: auto; max-height: 30rem;
  white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 2; }
kbd { background: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: .05rem .4rem; }
.muted { color: var(--muted); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.skip { position: absolute; left: -99rem; background: var(--card); padding: .5rem 1rem; z-index: 9; }
.skip:focus { left: .5rem; top: .5rem; }
.quiet { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.top { display: flex; align-items: center; gap: 1rem; padding: .55rem 1.25rem; background: var(--card);
  border-bottom: 1px solid var(--line); position: sticky; top: 0; z-index: 5; }
.brand { display: flex; align-items: center; gap: .5rem; font-weight: 700; color: var(--text); font-size: 1.05rem; }
.brand:hover { text-decoration: none; }
.queue { color: var(--muted); padding-left: 1rem; border-left: 1px solid var(--line); overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; max-width: 16rem; }
.find { flex: 1; max-width: 34rem; margin: 0 auto; }
.find input { width: 100%; }
.tools { display: flex; gap: .5rem; align-items: center; margin-left: auto; }
.tools form { margin: 0; }
.queues { position: relative; }
.queues summary { cursor: pointer; padding: .3rem .7rem; border: 1px solid var(--line); border-radius: 7px; max-width: 14rem;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.queues ul { position: absolute; margin: .35rem 0 0; padding: .35rem; list-style: none; background: var(--card); min-width: 12rem;
  border: 1px solid var(--line); border-radius: 9px; box-shadow: 0 8px 24px rgb(10 20 40 / .16); max-height: 70vh; overflow: auto; }
.queues a { display: block; padding: .35rem .6rem; border-radius: 6px; color: var(--text); overflow-wrap: anywhere; }
.queues a:hover, .queues a[aria-current] { background: var(--accent-soft); text-decoration: none; }

.frame { display: grid; grid-template-columns: 13.5rem minmax(0, 1fr); max-width: 96rem; margin: 0 auto; }
.plain main { max-width: 76rem; margin: 0 auto; }
#nav { padding: 1.25rem .75rem; }
#nav ul { list-style: none; margin: 0; padding: 0; position: sticky; top: 4.5rem; }
#nav a { display: flex; justify-content: space-between; align-items: center; gap: .5rem; padding: .36rem .7rem; border-radius: 7px;
  color: var(--text); }
#nav a:hover { background: var(--soft); text-decoration: none; }
#nav a[aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
#nav .gap { height: .8rem; }
.count { font-size: .8rem; font-variant-numeric: tabular-nums; padding: 0 .45rem; border-radius: 99px; background: var(--soft);
  color: var(--muted); font-weight: 500; }
.count.failed, .count.dead { background: var(--bad-soft); color: var(--bad); }
.count.blocked { background: var(--warn-soft); color: var(--warn); }
main { padding: 1.5rem 1.75rem 4rem; min-width: 0; }
.title { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1rem; margin-bottom: 1.1rem; }
.title > :last-child:not(h1) { margin-left: auto; display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; }

button, .button, input, select, textarea { font: inherit; color: inherit; border: 1px solid var(--line); border-radius: 7px;
  background: var(--card); padding: .34rem .75rem; }
button, .button { cursor: pointer; display: inline-block; white-space: nowrap; line-height: 1.45; }
button:hover, .button:hover { border-color: var(--accent); color: var(--accent); text-decoration: none; }
button.strong, .button.strong { background: var(--accent); border-color: var(--accent); color: var(--card); font-weight: 600; }
button.strong:hover, .button.strong:hover { filter: brightness(1.08); color: var(--card); }
button:disabled { opacity: .45; cursor: default; }
input, select, textarea { background: var(--page); min-width: 0; }
textarea { width: 100%; font-family: var(--mono); font-size: .9rem; min-height: 9rem; }
label { display: block; font-weight: 550; margin-bottom: .25rem; }
.act { display: inline; margin: 0; }
#live[aria-pressed="true"]::before { content: "● "; color: var(--good); }
#live[aria-pressed="false"]::before { content: "‖ "; color: var(--warn); }

dialog { border: 1px solid var(--line); border-radius: 12px; background: var(--card); color: var(--text); padding: 1.4rem 1.6rem;
  max-width: min(34rem, 92vw); box-shadow: 0 24px 60px rgb(10 20 40 / .3); }
dialog::backdrop { background: rgb(10 15 25 / .4); }
dialog form { display: flex; gap: .6rem; justify-content: flex-end; margin-top: 1rem; }
dialog p { overflow-wrap: anywhere; }
.keys { display: grid; grid-template-columns: 1fr 1fr; gap: .35rem 1.5rem; margin: 0; }
.keys div { display: flex; gap: .8rem; align-items: baseline; }
.keys dt { min-width: 4rem; }
.keys dd { margin: 0; color: var(--muted); }
`;

const DARK = `--page: #12151b; --card: #1a1e26; --line: #2c323d; --soft: #232934; --text: #e4e8ef; --muted: #98a2b3;
  --accent: #7ea8ff; --accent-soft: #20304f; --good: #6fd3a0; --good-soft: #173527; --bad: #ff8f86; --bad-soft: #41201e;
  --warn: #f0c060; --warn-soft: #3a2e14; --busy: #c4a6ff; --busy-soft: #2e2545; --bar: #4f7fe0; --bar-bad: #e0625a;
  --shadow: none;`;

/** The whole style sheet. */
export const STYLE: string = `${FRAME}${PARTS}`.replaceAll(" DARK ", ` ${DARK} `);

/**
 * The style of what stands on the pages: cards, tables, charts, and what changes on a narrow screen.
 * @module
 */

/** A part of the style sheet. */
export const PARTS: string = `
.done, .note, .alert { padding: .6rem .9rem; border-radius: 8px; margin: 0 0 1rem; border: 1px solid var(--line); }
.done { background: var(--good-soft); color: var(--good); border-color: transparent; }
.note { background: var(--soft); color: var(--muted); border-color: transparent; font-size: .93rem; }
.alerts { list-style: none; padding: 0; margin: 0 0 1.25rem; display: grid; gap: .5rem; }
.alert { margin: 0; background: var(--warn-soft); color: var(--warn); border-color: transparent; }
.alerts .alert { display: flex; gap: .6rem; align-items: baseline; overflow-wrap: anywhere; }
.alert small { color: var(--text); }
.alert.bad { background: var(--bad-soft); color: var(--bad); }
.alert.good { background: var(--good-soft); color: var(--good); }
.alert a { color: inherit; text-decoration: underline; }

.card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem; box-shadow: var(--shadow);
  margin-bottom: 1.25rem; min-width: 0; }
.card > h2:first-child { display: flex; justify-content: space-between; gap: 1rem; align-items: baseline; }
.card > h2 a { font-weight: 500; font-size: .9rem; }
.grid2 { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1.25rem; }
.grid2 > .card { margin-bottom: 1.25rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(7.7rem, 1fr)); gap: .8rem; margin: 0 0 1.25rem; padding: 0;
  list-style: none; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .8rem 1rem; box-shadow: var(--shadow);
  display: block; color: inherit; height: 100%; }
a.tile:hover { border-color: var(--accent); text-decoration: none; }
.tile span { display: block; color: var(--muted); font-size: .88rem; }
.tile b { display: block; font-size: 1.55rem; line-height: 1.3; font-weight: 620; font-variant-numeric: tabular-nums; letter-spacing: -.02em; }
.tile small { color: var(--muted); }
.tile.bad b { color: var(--bad); }
.tile.warn b { color: var(--warn); }

.badge { display: inline-block; padding: .05rem .55rem; border-radius: 99px; font-size: .84rem; font-weight: 550; white-space: nowrap;
  background: var(--soft); color: var(--muted); }
.badge.good { background: var(--good-soft); color: var(--good); }
.badge.bad { background: var(--bad-soft); color: var(--bad); }
.badge.warn { background: var(--warn-soft); color: var(--warn); }
.badge.busy { background: var(--busy-soft); color: var(--busy); }
.tag { display: inline-block; font-size: .8rem; padding: 0 .45rem; border: 1px solid var(--line); border-radius: 5px; color: var(--muted);
  margin-right: .25rem; max-width: 16rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; vertical-align: bottom; }

.scroll { overflow-x: auto; margin: 0 -1.25rem -1.1rem; border-radius: 0 0 12px 12px; }
.scroll:first-child { margin-top: -1.1rem; border-radius: 12px; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .5rem .8rem; vertical-align: top; border-top: 1px solid var(--line); }
th:first-child, td:first-child { padding-left: 1.25rem; }
th:last-child, td:last-child { padding-right: 1.25rem; }
thead th { font-size: .82rem; font-weight: 550; color: var(--muted); white-space: nowrap; border-top: none; }
thead th.number, th.number { text-align: right; }
tbody th { font-weight: 550; overflow-wrap: anywhere; min-width: 10rem; }
th .id { white-space: nowrap; }
tbody tr:hover { background: color-mix(in srgb, var(--soft) 55%, transparent); }
tbody tr:focus-within, tbody tr.at { background: var(--accent-soft); }
td time { white-space: nowrap; }
.id { overflow-wrap: anywhere; }
td.line { max-width: 26rem; overflow-wrap: anywhere; color: var(--muted); }
td.line.failing, th .failing { color: var(--bad); font-weight: 400; }
th .muted, th small { font-weight: 400; }
th .id, td .id { display: block; }
.clamp { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
td.line code { color: var(--text); }
td.acts { white-space: nowrap; text-align: right; }
td.acts button, .small { padding: .12rem .55rem; font-size: .88rem; }
td.pick { width: 2.2rem; }
td.pick input, th.pick input { width: 1.05rem; height: 1.05rem; margin: .2rem 0 0; }
.failing { color: var(--bad); font-weight: 550; }
.empty { padding: 2.2rem 1rem; text-align: center; color: var(--muted); margin: 0; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .35rem 1.4rem; margin: 0; }
.facts dt { color: var(--muted); }
.facts dd { margin: 0; overflow-wrap: anywhere; }

.filter { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin-bottom: 1rem; }
.filter label { font-size: .84rem; color: var(--muted); font-weight: 500; margin: 0; }
.filter input { display: block; margin-top: .15rem; }
.filter details { flex-basis: auto; }
.filter summary { cursor: pointer; padding: .34rem .5rem; color: var(--muted); }
.filter details[open] { flex-basis: 100%; order: 9; }
.filter details div { display: flex; flex-wrap: wrap; gap: .6rem; padding-top: .3rem; }
.filter .wide { flex: 1 1 14rem; }
.filter .wide input { width: 100%; }
.bulk { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin-bottom: .8rem; }
.pages { display: flex; gap: .6rem; align-items: center; justify-content: center; margin-top: 1rem; }
.tabs { display: inline-flex; border: 1px solid var(--line); border-radius: 8px; overflow: hidden; background: var(--card); }
.tabs a { padding: .28rem .8rem; color: var(--muted); }
.tabs a[aria-current] { background: var(--accent-soft); color: var(--accent); font-weight: 600; }
.form { display: grid; gap: 1rem; max-width: 44rem; }
.form .row { display: flex; gap: 1rem; flex-wrap: wrap; }
.form input, .form select { width: 100%; }
.form .row > div { flex: 1 1 10rem; }

.chart { display: block; width: 100%; height: auto; overflow: visible; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.chart .tick { fill: var(--muted); font: 11px var(--sans); }
.chart .good { fill: var(--bar); }
.chart .bad { fill: var(--bar-bad); }
.chart .hit { fill: transparent; }
.chart .hit:hover { fill: var(--text); fill-opacity: .07; }
.chart .mark line { stroke: var(--busy); stroke-width: 1; stroke-dasharray: 3 3; }
.chart .mark circle { fill: var(--busy); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: .5rem 0 0; padding: 0; list-style: none; color: var(--muted); font-size: .86rem; }
.legend li::before { content: ""; display: inline-block; width: .7em; height: .7em; border-radius: 2px; background: var(--bar); margin-right: .45em; }
.legend .bad::before { background: var(--bar-bad); }
.legend .mark::before { background: var(--busy); border-radius: 50%; }
.spark { width: 7rem; height: 1.5rem; display: block; }
.spark path { fill: var(--bar); }
.spark path.bad { fill: var(--bar-bad); }
.histogram caption { text-align: left; color: var(--muted); font-size: .88rem; padding-bottom: .4rem; }
.histogram th, .histogram td { border: none; padding: .15rem .5rem; white-space: nowrap; font-weight: 400; }
.histogram th:first-child { padding-left: 0; }
.histogram td:nth-child(2) { width: 100%; }
progress { width: 100%; height: 1rem; vertical-align: middle; accent-color: var(--accent); }
.share { display: block; width: 100%; height: .75rem; background: var(--soft); border-radius: 3px; }
.share rect { fill: var(--bar); }

.timeline { list-style: none; margin: 0; padding: 0 0 0 1.1rem; border-left: 2px solid var(--line); display: grid; gap: .9rem; }
.timeline li { position: relative; }
.timeline li::before { content: ""; position: absolute; left: -1.52rem; top: .42em; width: .75rem; height: .75rem; border-radius: 50%;
  background: var(--card); border: 2px solid var(--muted); }
.timeline li.good::before { border-color: var(--good); background: var(--good); }
.timeline li.bad::before { border-color: var(--bad); background: var(--bad); }
.timeline li.busy::before { border-color: var(--busy); background: var(--busy); }
.timeline span { color: var(--muted); display: block; font-size: .9rem; }
.attempts summary { cursor: pointer; padding: .5rem 0; overflow-wrap: anywhere; }
.attempts p { margin: .5rem 0; overflow-wrap: anywhere; }
.log { list-style: none; margin: .6rem 0; padding: 0; font: .86rem/1.5 var(--mono); overflow-wrap: anywhere; }
.log .error { color: var(--bad); }
.graph { overflow-x: auto; }
.graph svg { max-width: none; }
.graph rect { fill: var(--soft); stroke: var(--line); }
.graph .self rect { fill: var(--accent-soft); stroke: var(--accent); }
.graph text { fill: var(--text); font: 13px var(--sans); }
.graph text.kind { fill: var(--muted); font-size: 11px; }
.graph path { fill: none; stroke: var(--muted); stroke-width: 1.5; }
.graph path.error { stroke: var(--bad); stroke-dasharray: 4 3; }
.graph marker path { fill: var(--muted); stroke: none; }

@media (max-width: 60rem) {
  .frame { grid-template-columns: minmax(0, 1fr); }
  #nav { padding: .5rem .75rem; border-bottom: 1px solid var(--line); overflow-x: auto; background: var(--card); scrollbar-width: none; }
  #nav ul { display: flex; position: static; gap: .15rem; width: max-content; }
  #nav .gap { height: auto; width: .4rem; }
  #nav a { white-space: nowrap; }
  .grid2 { grid-template-columns: minmax(0, 1fr); gap: 0; }
}
@media (max-width: 40rem) {
  html { font-size: 16px; }
  .top { flex-wrap: wrap; padding: .5rem .9rem; gap: .5rem .7rem; position: static; }
  .find { order: 9; flex-basis: 100%; max-width: none; }
  .chart .tick { font-size: 18px; }
  .queue { max-width: 8rem; }
  #keys { display: none; }
  main { padding: 1.1rem .9rem 3rem; }
  .card { padding: .9rem 1rem; border-radius: 10px; }
  .scroll { margin: 0 -1rem -.9rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .keys { grid-template-columns: 1fr; }
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: .5rem; }
  tbody th { min-width: 7rem; }
  .stack tbody tr:first-child { border-top: none; }
  .stack thead { border: none; position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .stack tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .8rem; padding: .7rem 1rem; border-top: 1px solid var(--line); }
  .stack td, .stack th { display: block; padding: 0 !important; border: none; max-width: none; text-align: left; min-width: 0; }
  .stack td[data-label]::before { content: attr(data-label) " "; color: var(--muted); font-size: .84rem; }
  .stack td.line, .stack td.acts, .stack td.full { grid-column: 1 / -1; }
  .stack td.acts { white-space: normal; padding-top: .35rem !important; }
  .stack td.pick { width: auto; order: -1; justify-self: end; grid-column: 2; grid-row: 1; }
  .stack td:empty { display: none; }
}
@media (pointer: coarse) {
  td.pick input, th.pick input { width: 1.5rem; height: 1.5rem; }
  .card > h2 a, a.tag { display: inline-block; min-width: 1.5rem; min-height: 1.5rem; line-height: 1.5rem; }
}
@media (prefers-reduced-motion: no-preference) { a.tile, button, .button { transition: border-color .12s, background-color .12s; } }
@media (forced-colors: active) { .badge, .alert, .done { border: 1px solid; } .chart .good, .spark path { fill: CanvasText; } .chart .bad { fill: Mark; } }
`;

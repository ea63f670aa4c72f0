/**
 * The part of the script that keeps a page up to date: it listens for the word that something has changed, and fetches the page anew.
 * @module
 */

/** A part of the script. */
export const LIVE: string = `
const liveButton = document.getElementById("live");
const address = document.body.dataset.events;
let source;
let fetching = false;
let again = false;

function stored() {
  try {
    return sessionStorage.getItem("huey-live") !== "off";
  } catch {
    return true;
  }
}

let wanted = stored();

/** Nobody's selection, typing or open question is taken away. */
function busy() {
  const active = document.activeElement;
  const inForm = active?.closest("main") && active.matches("input, textarea, select");
  return inForm || selected().length > 0 || document.querySelector("dialog[open]") || String(getSelection()) !== "";
}

/** What can have the focus, each with words that are the same on the next page: numbers in it change, and rows move. */
function focusables() {
  const all = [...document.querySelectorAll("#nav a, #main :is(a, button, input, select, textarea, summary)")];
  const seen = new Map();
  return all.map((element) => {
    const of = ["id", "href", "name", "value", "aria-label"].map((name) => element.getAttribute(name));
    const place = [element.closest("tr")?.dataset.row, element.closest("form")?.getAttribute("action"), element.closest("nav")?.id];
    const words = JSON.stringify([element.tagName, of, place]);
    const before = seen.get(words) ?? 0;
    seen.set(words, before + 1);
    return { element, key: words + before };
  });
}

function marksOf(main) {
  const opened = [...main.querySelectorAll("details[id][open]")].map((each) => each.id);
  const focused = focusables().find(({ element }) => element === document.activeElement)?.key;
  return { opened, focused, at: main.querySelector("tr.at")?.dataset.row };
}

function restore(main, { opened, focused, at }) {
  for (const each of opened) document.getElementById(each)?.setAttribute("open", "");
  if (at !== undefined) main.querySelector('tr[data-row="' + CSS.escape(at) + '"]')?.classList.add("at");
  if (focused === undefined) return;
  focusables().find(({ key }) => key === focused)?.element.focus({ preventScroll: true });
}

async function refresh() {
  if (fetching || busy()) {
    again = fetching;
    return;
  }
  fetching = true;
  try {
    const response = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (response.status === 401) return location.reload();
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (busy() || !wanted) return;
    const main = document.getElementById("main");
    const marks = marksOf(main);
    for (const done of fresh.querySelectorAll(".done")) done.remove();
    for (const id of ["main", "nav"]) {
      const [old, made] = [document.getElementById(id), fresh.getElementById(id)];
      if (old && made && old.innerHTML !== made.innerHTML) old.replaceChildren(...made.childNodes);
    }
    restore(main, marks);
    showSelection();
  } catch { /* the next word comes soon */ } finally {
    fetching = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

/** A hidden page and a paused one hold no connection. */
function listen() {
  const should = wanted && !document.hidden && address !== "";
  if (should && source === undefined) {
    source = new EventSource(address);
    source.addEventListener("change", refresh);
  } else if (!should && source !== undefined) {
    source.close();
    source = undefined;
  }
  liveButton?.setAttribute("aria-pressed", String(wanted));
  if (liveButton) liveButton.textContent = wanted ? "Live" : "Paused";
}

liveButton?.addEventListener("click", () => {
  wanted = !wanted;
  try {
    sessionStorage.setItem("huey-live", wanted ? "on" : "off");
  } catch { /* it lasts for this page */ }
  listen();
  if (wanted) refresh();
});
document.addEventListener("visibilitychange", () => {
  listen();
  if (!document.hidden && wanted && address !== "") refresh();
});
addEventListener("pagehide", () => {
  source?.close();
  source = undefined;
});
addEventListener("pageshow", listen);
listen();
`;

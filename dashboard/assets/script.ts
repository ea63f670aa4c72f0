/**
 * The scripts of the pages. Everything that can be read can be read without them. They are texts, as there is no build step and what they
 * speak to, the document of a browser, is not there where this module runs.
 * @module
 */
import { LIVE } from "./script_live.ts";

/** Runs before the page is drawn: a chosen theme must not flash. */
export const THEME: string = `"use strict";
try {
  const theme = localStorage.getItem("huey-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* no storage is allowed here */ }
`;

const CONFIRM = `
const confirmDialog = document.getElementById("confirm");
let sure = false;

function selected() {
  return [...document.querySelectorAll("main input[name=id]:checked")];
}

function questionOf(form, button) {
  const text = button?.dataset.confirm ?? form.dataset.confirm;
  return text?.replace("{n}", String(selected().length));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = questionOf(form, event.submitter);
  if (sure || question === undefined) return;
  event.preventDefault();
  const button = event.submitter;
  confirmDialog.querySelector("p").textContent = question;
  confirmDialog.onclose = () => {
    if (confirmDialog.returnValue !== "yes") return;
    sure = true;
    form.requestSubmit(button ?? undefined);
    sure = false;
  };
  confirmDialog.returnValue = "";
  confirmDialog.showModal();
});
`;

const SELECTION = `
function showSelection() {
  const number = selected().length;
  for (const button of document.querySelectorAll("button[data-needs-selection]")) button.disabled = number === 0;
  const text = document.getElementById("selected");
  if (text) text.textContent = number === 0 ? "" : number + " selected";
  const all = document.getElementById("all");
  if (all) {
    const boxes = document.querySelectorAll("main input[name=id]").length;
    all.checked = number > 0 && number === boxes;
    all.indeterminate = number > 0 && number < boxes;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.id === "all") {
    for (const box of document.querySelectorAll("main input[name=id]")) box.checked = event.target.checked;
  }
  showSelection();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Plain http has no clipboard of its own.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
});
`;

const KEYS = `
let before = "";

function typing(element) {
  return element.closest("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

function rows() {
  return [...document.querySelectorAll("main tbody tr[data-row]")];
}

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const now = all.findIndex((row) => row.classList.contains("at"));
  const next = Math.max(0, Math.min(all.length - 1, now + by));
  all[now]?.classList.remove("at");
  all[next].classList.add("at");
  all[next].querySelector("a")?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key;
  const pressed = before + key;
  before = key === "g" ? "g" : "";
  if (pressed.length === 2 && pressed[0] === "g") {
    const link = document.querySelector('#nav a[data-key="' + CSS.escape(key) + '"]');
    if (link) location.assign(link.href);
  } else if (key === "/") document.getElementById("find")?.focus();
  else if (key === "?") document.getElementById("help").showModal();
  else if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "x") document.querySelector("tr.at input[name=id]")?.click();
  else if (key === " " && event.target === document.body) document.getElementById("live")?.click();
  else return;
  event.preventDefault();
});

for (const id of ["theme", "keys", "live"]) document.getElementById(id)?.removeAttribute("hidden");
document.getElementById("keys")?.addEventListener("click", () => document.getElementById("help").showModal());
document.getElementById("theme")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("huey-theme", root.dataset.theme);
  } catch { /* it lasts for this page */ }
});
`;

/**
 * On a narrow screen the pages stand in one line. Only that line is moved: a page that is loaded again must not jump. Elsewhere nothing
 * is measured, which would have the page laid out before its time.
 */
const NAV = `
const nav = document.getElementById("nav");
const here = nav?.querySelector("a[aria-current]");
if (here && matchMedia("(max-width: 60rem)").matches) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;
`;

/** Everything else: questions before actions, selections, keys, and what changes by itself. */
export const SCRIPT: string = `"use strict";\n(() => {\n${CONFIRM}${SELECTION}${KEYS}${LIVE}${NAV}showSelection();\n})();\n`;

/** The sign of the dashboard. */
export const ICON: string =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2459c9"/><path d="M8 8h4v6.5h8V8h4v16h-4v-6h-8v6H8z" fill="#fff"/></svg>`;

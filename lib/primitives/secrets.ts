/**
 * Secrets that must not be told: those that are known, because an option gave them, and what looks like one. Everything here takes a
 * time that is linear in the length of the text.
 * @module
 */
import type { InspectOptions } from "node:util";
import { util } from "./builtin.ts";

const HIDDEN = "***";

/** Shorter ones would hide half of every text; they are still hidden where they stand in a URL. */
const SHORTEST = 4;

/** As many are kept; a program that makes a login for each visitor must not grow for ever. */
const MOST = 1000;

/** What looks like a login, and begins before the place of a cut, ends within so many characters after it. */
const MARGIN = 1000;

/** A login in a URL that is longer than this is none. */
const LONGEST_LOGIN = 4096;

/** How deep options are searched. */
const DEPTH = 5;

/** Options whose values are secrets. */
const SECRET_KEY = /^(pass(word|phrase|wd)?|pwd|secrets?|(access|auth|api)?_?-?(token|key))$/i;
const URL_KEY = /ur[li]$|^connection_?string$|^dsn$/i;

/** `?password=...` and the like. */
const IN_QUERY = /([?&;][\w.-]{0,40}?(?:pass(?:word|phrase|wd)?|pwd|token|secret|api_?key)[\w.-]{0,40}=)[^&;\s"'`]+/gi;

/** `{ password: '...' }`, `"token":"..."` and the like. */
const IN_OBJECT =
  /((?:pass(?:word|phrase|wd)?|pwd|token|secret|api_?key)["']?\s{0,9}[:=]\s{0,9})(?:"[^"]{1,999}"|'[^']{1,999}'|`[^`]{1,999}`)/gi;

/** What each of those patterns needs. */
const MAY_TELL = /[/="'`]/;

const secrets: Set<string> = new Set();

/** Each in all its forms, the longest first, so that none is cut in two by one that it contains; made when it is needed. */
let known: readonly string[] | undefined;

/**
 * Makes a secret known, so that `withoutSecrets` removes it wherever it stands, as it is and as URLs and JSON write it.
 *
 * @param secret Anything; what is no text, or is too short to be told from other text, is left out.
 */
export function registerSecret(secret: unknown): void {
  if (typeof secret !== "string" || secret.length < SHORTEST || secrets.has(secret)) return;
  const [oldest] = secrets;
  if (secrets.size >= MOST) secrets.delete(oldest!);
  secrets.add(secret);
  known = undefined;
}

/**
 * Makes the secrets in options known: passwords, tokens, and the logins in URLs.
 *
 * @param options Options of a connection, of a client, or anything else that may hold some.
 */
export function registerSecretsIn(options: unknown): void {
  search(options, DEPTH);
}

/**
 * Makes the login in a URL known, in whatever way it is written.
 *
 * @param url Text that should be a URL.
 */
export function registerUrl(url: string): void {
  const start = url.indexOf("//") + 2;
  const end = url.lastIndexOf("@");
  if (start > 1 && end > start) {
    const login = url.slice(start, end);
    const colon = login.indexOf(":");
    // A login without a colon is a user, or a token.
    if (colon >= 0) registerSecret(login.slice(colon + 1));
    else if (login !== "default" && !login.includes("/")) registerSecret(login);
  }
  for (const [, value] of url.matchAll(/[?&;][\w.-]*(?:pass|pwd|token|secret|key)[\w.-]*=([^&;#]+)/gi)) registerSecret(value);
}

/**
 * A text without what must not be told. Never throws.
 *
 * @param text Any text.
 * @returns It, with `***` in the place of each known secret, and of what looks like a login in a URL, or a password in an object.
 */
export function withoutSecrets(text: string): string {
  const left = withoutKnown(text);
  // Most lines of a log have none of these, and there are several for each task.
  if (!MAY_TELL.test(left)) return left;
  return withoutLogins(left).replace(IN_QUERY, `$1${HIDDEN}`).replace(IN_OBJECT, `$1${HIDDEN}`);
}

/**
 * The beginning of a text, without what must not be told. A text is cut by this alone: where a secret is cut in two, its first half is
 * no secret that anybody knows.
 *
 * @param text Any text.
 * @param most Longest that is left of it.
 */
export function beginningOf(text: string, most: number): string {
  return withoutSecrets(withoutKnown(text).slice(0, most + MARGIN)).slice(0, most);
}

/** Whether any secret is known. */
export function hasSecrets(): boolean {
  return secrets.size > 0;
}

/** `beginningOf`, with a mark where the text is cut. */
export function shortened(text: string, most: number, mark: string = "..."): string {
  const told = beginningOf(text, most + 1);
  return told.length > most ? `${told.slice(0, most)}${mark}` : told;
}

/**
 * How the runtime shows a value.
 *
 * @param longest Where texts in it are cut; not while secrets are known, since the end could be the first half of one.
 * @throws What the value throws when it is looked at.
 */
export function inspected(value: unknown, longest: number, options: InspectOptions): string {
  const maxStringLength = hasSecrets() ? Infinity : longest;
  return util().inspect(value, { breakLength: Infinity, maxStringLength, ...options });
}

/**
 * A text without the secrets that are known.
 *
 * @param text Any text.
 */
export function withoutKnown(text: string): string {
  known ??= [...new Set([...secrets].flatMap(formsOf))].sort((a, b) => b.length - a.length);
  for (const secret of known) if (text.includes(secret)) text = text.replaceAll(secret, HIDDEN);
  return text;
}

/**
 * Removes the known secrets from what an error says, and from its causes: errors of other people's clients, before they are passed on.
 *
 * @param error The error, which is changed.
 */
export function hideSecretsIn(error: unknown): void {
  const seen = new Set<unknown>();
  for (let next = error; next instanceof Error && !seen.has(next); next = next.cause) {
    seen.add(next);
    for (const key of ["message", "stack"] as const) hideIn(next, key);
  }
}

function hideIn(error: Error, key: "message" | "stack"): void {
  try {
    const text = error[key];
    const hidden = typeof text === "string" ? withoutKnown(text) : text;
    if (hidden !== text) Object.defineProperty(error, key, { value: hidden, configurable: true, writable: true });
  } catch {
    // A frozen error cannot be changed; the formats of the log do it once more.
  }
}

function search(value: unknown, depth: number, key = ""): void {
  if (typeof value === "string") {
    if (SECRET_KEY.test(key)) registerSecret(value);
    else if (URL_KEY.test(key) || value.includes("://")) registerUrl(value);
  }
  if (value instanceof URL) registerUrl(value.href);
  if (typeof value !== "object" || value === null || depth === 0) return;
  for (const name of Object.keys(value)) {
    try {
      search((value as Record<string, unknown>)[name], depth - 1, Array.isArray(value) ? key : name);
    } catch {
      // A getter that throws tells no secret.
    }
  }
}

function formsOf(secret: string): string[] {
  const forms = [secret, ...writtenForms(secret), ...urlForms(secret)];
  try {
    const decoded = decodeURIComponent(secret);
    forms.push(decoded, ...writtenForms(decoded));
  } catch {
    // A % that begins no code stands for itself.
  }
  return forms.filter((form) => form.length >= SHORTEST);
}

/** As texts of programs write it, between quotes of each kind. */
function writtenForms(secret: string): string[] {
  const shown = util().inspect(secret, { breakLength: Infinity, maxStringLength: Infinity }).slice(1, -1);
  const forms = [JSON.stringify(secret).slice(1, -1), secret.replace(/['\\]/g, "\\$&"), shown];
  return [...forms, shown.replace(/\\'/g, "'"), shown.replace(/(?<!\\)'/g, "\\'")];
}

/** As URLs write it, who escape more or less, in large or small letters. */
function urlForms(secret: string): string[] {
  const text = secret.toWellFormed();
  const url = new URL("http://host");
  url.password = text;
  const forms = [encodeURI(text), encodeURIComponent(text), url.password];
  return [...forms, ...[text, ...forms].map((form) => form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

/** Hides what stands between `//` and the last `@` of a word: rather too much than too little. */
function withoutLogins(text: string): string {
  const parts: string[] = [];
  let from = 0;
  for (let at = text.indexOf("/"); at >= 0; at = text.indexOf("/", at)) {
    const start = slashesEnd(text, at);
    const { end, hidden } = start === undefined ? { end: at + 1, hidden: undefined } : loginAt(text, start);
    if (hidden !== undefined) {
      parts.push(text.slice(from, start), hidden);
      from = end;
    }
    at = end;
  }
  return parts.length === 0 ? text : parts.join("") + text.slice(from);
}

/** Where two slashes end, which may be escaped; `undefined` if there is only one. */
function slashesEnd(text: string, at: number): number | undefined {
  if (text[at + 1] === "/") return at + 2;
  return text[at + 1] === "\\" && text[at + 2] === "/" ? at + 3 : undefined;
}

/** What stands for a login that starts here, and where that ends; the word ends at white space, or where the next URL begins. */
function loginAt(text: string, start: number): { readonly end: number; readonly hidden: string | undefined } {
  const window = text.slice(start, start + LONGEST_LOGIN);
  const wordEnd = /\s|:\\?\/\\?\//.exec(window)?.index ?? window.length;
  const word = window.slice(0, wordEnd);
  // The password may have blanks.
  const last = word.includes("@") || !BEGINS_LOGIN.test(word) ? word.lastIndexOf("@") : window.slice(0, 300).indexOf("@");
  const hidden = last < 0 ? undefined : hiddenLogin(window.slice(0, last));
  return hidden === undefined ? { end: start + Math.max(wordEnd, 0), hidden } : { end: start + last, hidden };
}

/** A user, and after the colon no port. */
const BEGINS_LOGIN = /^[^/:[]*:(?!\d{1,5}([/?#,.;)\]]|$))/;

function hiddenLogin(login: string): string | undefined {
  const colon = login.indexOf(":");
  if (colon >= 0) return `${login.slice(0, colon)}:${HIDDEN}`;
  // What comes after a slash is a path, such as that of a module with its version.
  return login.includes("/") ? undefined : HIDDEN;
}

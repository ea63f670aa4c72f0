/** Everything that prints hides the known secrets before it cuts, splits or escapes: half of a secret is told to nobody. @module */
import { describe, expect, test } from "bun:test";
import { errorStack, toError } from "../../lib/primitives/error_record.ts";
import { show } from "../../lib/primitives/arguments.ts";
import { lines, oneLine, showSafely, stackLines } from "../../lib/primitives/log_text.ts";
import { beginningOf, registerSecret, registerSecretsIn } from "../../lib/primitives/secrets.ts";
import { aboutText } from "../../lib/core/about.ts";
import { briefError } from "../../lib/core/stored_results.ts";
import { plainCopy } from "../../consumer/log/plain_copy.ts";
import { showArguments } from "../../consumer/commands/records.ts";
import { Printer } from "../../consumer/commands/printer.ts";
import { Show } from "../../dashboard/queue/shown.ts";
import { cut } from "../../dashboard/parts/format.ts";
import { firstFrame } from "../../dashboard/queue/failures.ts";
import { ConfigurationError, SignedSerializer } from "../../mod.ts";
import { silent } from "../helpers.ts";

/** Letters in an order of their own, so that a piece of it stands in no other text. */
const word = (name: string, length: number): string =>
  Array.from({ length }, (_, at) => String.fromCharCode(97 + (at * 7 + at * at * 3 + name.length) % 26)).join("");

const SECRETS: Readonly<Record<string, string>> = {
  "a line break": `${word("a", 9)}\n${word("break", 12)}`,
  "breaks of every kind": `${word("ab", 9)}\r\n\t\u2028${word("kinds", 12)}\u001b[31m${word("c", 9)}`,
  "percent signs": `${word("per", 9)}%2F%40%zz${word("cent", 12)}`,
  "what URLs encode": `${word("url", 9)}/@:?#[ ]ä${word("encode", 12)}`,
  "quotes": `${word("quo", 9)}'"\`\\${word("quotes", 12)}`,
  "signs of patterns": `${word("pat", 9)}$&.*+?^{}()|[]\\$1${word("patterns", 12)}`,
  "five thousand characters": word("long", 5000),
};

/** Pieces of it that none may see. */
function piecesOf(secret: string): string[] {
  const letters = secret.split(/[^a-z]+/).filter((part) => part.length >= 9);
  return letters.flatMap((part) => [part.slice(0, 7), part.slice(-7)]);
}

/** How often a secret is tried at another distance from the place of a cut. */
const DISTANCES = [0, 3, 10, 21, 400, 2000];

/** Each way to print, for a text that may be long. `limit`: where it cuts. */
const WAYS: Readonly<Record<string, { readonly limit?: number; readonly print: (text: string) => string }>> = {
  oneLine: { print: oneLine },
  lines: { print: lines },
  stackLines: { print: (text) => stackLines(new Error(text, { cause: new Error(text) })) },
  beginningOf: { limit: 60, print: (text) => beginningOf(text, 60) },
  "showSafely, a text": { limit: 100, print: (text) => showSafely(text, 100) },
  "showSafely, a value": { limit: 100, print: (text) => showSafely({ a: [text] }, 100) },
  "an error that is none": { limit: 1000, print: (text) => oneLine(toError({ text }).message) },
  "the stack of an error that is none": { limit: 1000, print: (text) => stackLines({ text }) + oneLine(errorStack([text])) },
  "a wrong argument": { limit: 80, print: show },
  "a wrong argument within another": { limit: 80, print: (text) => show([text]) },
  "what state() tells": { limit: 200, print: (text) => aboutText({ error: text }) },
  "a brief error": { limit: 1000, print: (text) => lines(briefError(new Error(text)).message) },
  "a copy for JSON": { limit: 4_000_000, print: (text) => JSON.stringify(plainCopy({ text, again: [text] })) },
  "arguments of a command": { limit: 60, print: (text) => showArguments([text, { text }]) },
  "the dashboard, a text": { limit: 2000, print: (text) => new Show(undefined, silent).text(text).text },
  "the dashboard, a value": { limit: 2000, print: (text) => new Show(undefined, silent).value({ a: text }).text },
  "the dashboard, a cell": { limit: 40, print: (text) => cut(text, 40) },
  "the dashboard, a place": { limit: 300, print: (text) => firstFrame(`Error\n    at f (${text})`) ?? "" },
  block: { print: (text) => printed((printer) => printer.block(`Error: ${text}\n    at f`)) },
  facts: { limit: 20, print: (text) => printed((printer) => printer.facts([["error", text], [`step ${text}`, "1"]])) },
  say: { print: (text) => printed((printer) => printer.say(text)) },
  title: { print: (text) => printed((printer) => printer.say(text, "bold")) },
  value: { print: (text) => printed((printer) => printer.value(text)) },
  "value as JSON": { print: (text) => printed((printer) => printer.value({ text }), true) },
  table: { limit: 20, print: (text) => printed((printer) => printer.table([text], [{ title: "A", text: String }], "none")) },
};

/** What a command prints on a narrow terminal. */
function printed(print: (printer: Printer) => void, json = false): string {
  let text = "";
  print(new Printer({ json, write: (more) => void (text += more), width: 40, colors: false }));
  return text;
}

describe("a secret with", () => {
  for (const [what, secret] of Object.entries(SECRETS)) {
    test(`${what} is told by nothing that prints`, () => {
      registerSecretsIn({ clientOptions: { password: secret } });
      const told: string[] = [];
      for (const [way, { limit = 100, print }] of Object.entries(WAYS)) {
        for (const distance of DISTANCES) {
          const before = "-".repeat(Math.max(0, limit - distance));
          // Several of them: what is left in their place is shorter, so that more of the text is shown.
          const text = `${secret} ${before}${secret} ${secret}${"-".repeat(3000)}${secret}`;
          const out = print(text);
          if (piecesOf(secret).some((piece) => out.includes(piece))) told.push(`${way}, ${distance} before ${limit}`);
        }
      }
      expect(told).toEqual([]);
    });

    test(`${what} is hidden as URLs, JSON and inspect write it`, () => {
      registerSecret(secret);
      const url = new URL("redis://host");
      url.password = secret;
      const forms = [url.href, encodeURIComponent(secret), encodeURI(secret), JSON.stringify({ secret }), `'${secret}'`];
      for (const form of forms) {
        const out = oneLine(`no ${form} ${form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())}`);
        expect(piecesOf(secret).filter((piece) => out.includes(piece))).toEqual([]);
      }
    });
  }

  test("one character, or none, changes no other text", () => {
    for (const secret of ["", "e", "***"]) registerSecretsIn({ password: secret, url: `redis://u:${secret}@host` });
    for (const { print } of Object.values(WAYS)) expect(() => print("eee")).not.toThrow();
    expect([oneLine("eee *"), oneLine("redis://u:e@host"), oneLine("password: 'e'")]).toEqual([
      "eee *",
      "redis://u:***@host",
      "password: ***",
    ]);
  });
});

test("a secret that is refused is not in the error", () => {
  for (const secret of ["short-one", ["long enough a secret", "short-one"], { "short-one": 1 }, 12345678]) {
    let error: unknown;
    try {
      new SignedSerializer({ secret: secret as string });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(String(error)).not.toMatch(/short-one|long enough a|12345678/);
  }
});

test("the names of facts are text of others: no escape sequence gets through", () => {
  const out = printed((printer) => printer.facts([["step \u001b[2J\n\u009b31m", "\u001b]0;title\u0007"]]));
  // deno-lint-ignore no-control-regex -- these are what must not be there
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  expect(out.split("\n").length).toBe(2);
});

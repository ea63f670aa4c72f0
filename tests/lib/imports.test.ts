/** What a program that imports the library loads at once: everything else must wait for its first use. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

const STATEMENT = /^(?:import|export)\s(?!type\s)[^;]*?\sfrom "([^"]+)";|^import "([^"]+)";/gm;

/** The specifiers of packages and of the runtime's modules that a module and all that it imports statically need. */
function specifiers(entry: URL): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const look = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    for (const [, from, alone] of readFileSync(url, "utf8").matchAll(STATEMENT)) {
      const target = from ?? alone!;
      if (target.startsWith(".")) look(new URL(target, url));
      else found.add(target);
    }
  };
  look(entry);
  return found;
}

/** Modules that are cheap, or that every program needs. */
const LIGHT = [
  "async_hooks",
  "buffer",
  "fs",
  "fs/promises",
  "os",
  "path",
  "process",
  "timers",
  "timers/promises",
  "url",
  "util",
];

test("the library imports no package, and only what is light of the runtime", () => {
  const found = specifiers(new URL("../../mod.ts", import.meta.url));
  expect(found.size).toBeGreaterThan(5);
  expect([...found].filter((name) => !LIGHT.includes(name.replace(/^node:/, ""))).sort()).toEqual([]);
});

test("the watch over a consumer that is held up imports nothing", () => {
  expect([...specifiers(new URL("../../consumer/heartbeat_worker.ts", import.meta.url))]).toEqual([]);
});

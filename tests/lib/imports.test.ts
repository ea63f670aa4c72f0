/** What a program that imports the library loads at once: everything else must wait for its first use. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";

const STATEMENT = /^(?:import|export)\s(?!type\s)[^;]*?\sfrom "([^"]+)";|^import "([^"]+)";/gm;

/** What a module and all that it imports statically need: URLs of modules, and specifiers of packages and of the runtime's modules. */
function needs(entry: URL): { modules: Set<string>; specifiers: Set<string> } {
  const specifiers = new Set<string>();
  const modules = new Set<string>();
  const look = (url: URL): void => {
    if (modules.has(url.href)) return;
    modules.add(url.href);
    for (const [, from, alone] of readFileSync(url, "utf8").matchAll(STATEMENT)) {
      const target = from ?? alone!;
      if (target.startsWith(".")) look(new URL(target, url));
      else specifiers.add(target);
    }
  };
  look(entry);
  return { modules, specifiers };
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
  const { specifiers } = needs(new URL("../../mod.ts", import.meta.url));
  expect(specifiers.size).toBeGreaterThan(5);
  expect([...specifiers].filter((name) => !LIGHT.includes(name.replace(/^node:/, ""))).sort()).toEqual([]);
});

test("the library imports no driver", () => {
  const { modules } = needs(new URL("../../mod.ts", import.meta.url));
  const drivers = [...modules].map((url) => /storage\/(\w+)\/storage\.ts$/.exec(url)?.[1]).filter((name) => name !== undefined);
  expect(drivers).toEqual([]);
});

test("the library imports of the consumer only its class and its options", () => {
  const { modules } = needs(new URL("../../mod.ts", import.meta.url));
  const rooms = [...modules].map((url) => /\/consumer\/(.+)\.ts$/.exec(url)?.[1]).filter((name) => name !== undefined);
  expect(rooms.sort()).toEqual(["consumer", "options/options", "options/settings"]);
});

test("the watch over a consumer that is held up imports the clock, its link to the consumer and what that writes with", () => {
  const { modules, specifiers } = needs(new URL("../../consumer/loop/lease_worker.ts", import.meta.url));
  const names = [...modules].map((url) => /\w+\/\w+\.ts$/.exec(url)?.[0]).sort();
  const platform = ["node_worker", "web_worker", "write_all"].map((name) => `platform/${name}.ts`);
  expect(names).toEqual(["loop/lease_worker.ts", ...platform, "primitives/clock.ts"]);
  expect([...specifiers]).toEqual(["node:process"]);
});

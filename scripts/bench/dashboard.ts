/**
 * What the first and the second look at each page of the dashboard cost with many tasks in the store. Each page is looked at in a
 * process of its own, in which nothing was asked before. Prints a table: milliseconds of the processor for the handler alone, until
 * the whole page is there, which other programs do not make longer; with `--browser` those until a browser has painted it as well.
 *
 *     bun scripts/bench/dashboard.ts [--storage sqlite|redis] [--tasks 1000000] [--rounds 3] [--browser]
 *     deno run -A scripts/bench/dashboard.ts ...
 *     node scripts/bench/dashboard.ts ...
 *
 * `redis` starts a server of its own.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startRedis } from "../../tests/redis_server.ts";
import { fillStore, openStore, PAGES } from "./dashboard_store.ts";
import { makePlace, type Place, removePlace } from "./storages.ts";
import { median } from "./statistics.ts";
import { lookAt, type Looks } from "./dashboard_looks.ts";

const { values } = parseArgs({
  options: {
    storage: { type: "string", default: "sqlite" },
    tasks: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "3" },
    browser: { type: "boolean", default: false },
    place: { type: "string" },
    page: { type: "string" },
  },
});

/** A process that looks at one page, and prints what that took. */
async function look(place: Place, page: string): Promise<void> {
  const huey = openStore(place);
  console.log(JSON.stringify(await lookAt(huey, page, values.browser)));
  await huey.close();
  process.exit(0);
}

function lookElsewhere(place: Place, page: string): Looks {
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const browser = values.browser ? ["--browser"] : [];
  const args = [...runtime, fileURLToPath(import.meta.url), "--place", JSON.stringify(place), "--page", page, ...browser];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  try {
    return JSON.parse(stdout) as Looks;
  } catch {
    throw new Error(`The look at "${page}" failed: ${stderr}`);
  }
}

function cells(looks: readonly Looks[], browser: boolean): string {
  const of = (pick: (look: Looks) => number): string => String(Math.round(median(looks.map(pick))));
  const handler = [of(({ first }) => first.cpuMs), of(({ second }) => second.cpuMs), of(({ first }) => first.wallMs)];
  const painted = browser ? [of(({ first }) => first.paintMs ?? NaN), of(({ second }) => second.paintMs ?? NaN)] : [];
  return [...handler, ...painted, of(({ bytes }) => bytes / 1000)].join(" | ");
}

async function main(): Promise<void> {
  const { tasks, rounds, browser, storage } = values;
  if (storage !== "sqlite" && storage !== "redis") {
    throw new TypeError(`There is no storage "${storage}" here: sqlite or redis`);
  }
  const server = storage === "redis" ? await startRedis() : undefined;
  const place = { ...makePlace(storage), ...(server === undefined ? {} : { redisUrl: server.url }) };
  try {
    await fillStore(place, Number(tasks));
    const painted = browser ? " painted first | second |" : "";
    console.log(`| page | first, cpu | second, cpu | first, wall |${painted} kB |\n|${" --- |".repeat(browser ? 7 : 5)}`);
    for (const page of PAGES) {
      const looks = Array.from({ length: Number(rounds) }, () => lookElsewhere(place, page));
      console.log(`| ${page === "" ? "overview" : page} | ${cells(looks, browser)} |`);
    }
  } finally {
    await server?.stop();
    removePlace(place);
  }
}

await (values.place === undefined ? main() : look(JSON.parse(values.place) as Place, values.page ?? ""));

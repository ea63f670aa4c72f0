/**
 * What counting costs: tasks on SQLite with statistics and without, in interleaved rounds. Prints a table with the processor time of a task,
 * enqueued in bulk and run in 100 slots, and the tasks per second, which other programs on the machine disturb more.
 *
 *     bun scripts/bench/stats_cost.ts [--rounds 7] [--count 50000]
 *     deno run -A scripts/bench/stats_cost.ts ...
 *     node scripts/bench/stats_cost.ts ...
 *
 * @module
 */
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { Consumer, type Logger, SqliteHuey } from "../../mod.ts";
import { median, rate, RUNTIME } from "./statistics.ts";
import { makePlace, removePlace } from "./storages.ts";

/** One round. */
interface Round {
  /** Processor time of a task, in microseconds. */
  readonly busyUs: number;
  readonly perSecond: number;
}

const BULK = 1000;
const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function round(stats: boolean, count: number): Promise<Round> {
  const place = makePlace("sqlite");
  try {
    await using huey = new SqliteHuey("bench", { filename: join(place.folder, "bench.db"), stats, logger: silent });
    const add = huey.task({ name: "add", results: false }, (a: number, b: number) => a + b);
    const [startedMs, before] = [performance.now(), process.cpuUsage()];
    for (let n = 0; n < count; n += BULK) await add.map(Array.from({ length: BULK }, (_, index) => [n + index, 1]));
    const consumer = new Consumer(huey, { workers: 100 });
    await consumer.start();
    await consumer.waitFor("idle");
    await consumer.stop();
    const { user, system } = process.cpuUsage(before);
    return { busyUs: (user + system) / count, perSecond: 1000 * count / (performance.now() - startedMs) };
  } finally {
    removePlace(place);
  }
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, count: { type: "string", default: "50000" } },
});
const [rounds, count] = [Number(values.rounds), Number(values.count)];
const results = new Map<boolean, Round[]>([[true, []], [false, []]]);
for (const stats of [true, false]) await round(stats, Math.min(count, 10_000)); // so that both are compiled
for (let index = 0; index < rounds; index++) {
  // Each goes first as often as the other.
  for (const stats of [index % 2 === 0, index % 2 !== 0]) results.get(stats)!.push(await round(stats, count));
}
const busy = (stats: boolean): number => median(results.get(stats)!.map(({ busyUs }) => busyUs));
const speed = (stats: boolean): number => median(results.get(stats)!.map(({ perSecond }) => perSecond));
console.log(`${RUNTIME}, ${rounds} rounds of ${rate(count)} tasks on SQLite, in turns: medians`);
console.log("\n| | processor time of a task, us | tasks per second |\n| --- | --- | --- |");
console.log(`| \`stats: false\` | ${busy(false).toFixed(2)} | ${rate(speed(false))} |`);
console.log(`| with statistics | ${busy(true).toFixed(2)} | ${rate(speed(true))} |`);
const percent = (value: number): string => `${value >= 0 ? "+" : ""}${(100 * value).toFixed(1)} %`;
console.log(`| difference | ${percent(busy(true) / busy(false) - 1)} | ${percent(speed(true) / speed(false) - 1)} |`);
process.exit(0);

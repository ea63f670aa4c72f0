/**
 * How fast a TestHuey lets time pass. Prints a table: the seconds that it took, and those of the processor, which other programs do
 * not make longer. Each is the median of the rounds.
 *
 *     bun scripts/bench/testing_kit.ts [--rounds 3]
 *     deno run -A scripts/bench/testing_kit.ts ...
 *     node scripts/bench/testing_kit.ts ...
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { crontab } from "../../lib/periodic/crontab.ts";
import type { Logger } from "../../lib/types/options.ts";
import { TestHuey } from "../../testing/mod.ts";
import { median } from "./statistics.ts";

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

function testHuey(): TestHuey {
  return new TestHuey({ now: new Date("2026-01-01T00:00:00Z"), logger: silent });
}

/** What is measured. Each returns how many attempts ran. */
const parts: Readonly<Record<string, () => Promise<number>>> = {
  "a year of an hourly crontab": () => yearOfHours(crontab({ minute: 0 })),
  "the same in Europe/Berlin": () => yearOfHours(crontab({ minute: 0, timeZone: "Europe/Berlin" })),
  "one task, 10,000 retries": async () => {
    const huey = testHuey();
    const flaky = huey.task({ name: "flaky", retries: 10_000, retryDelay: 60 }, () => {
      throw new Error("no luck");
    });
    await flaky();
    return (await huey.advance({ days: 7 })).length;
  },
  "10,000 tasks, each retried once": async () => {
    const huey = testHuey();
    const flaky = huey.task({ name: "flaky", retries: 1, retryDelay: 60, context: true }, ({ attempt }, _n: number) => {
      if (attempt === 1) throw new Error("no luck");
    });
    await flaky.map(Array.from({ length: 10_000 }, (_, n) => n));
    return (await huey.advance({ hours: 1 })).length;
  },
};

async function yearOfHours(hourly: ReturnType<typeof crontab>): Promise<number> {
  const huey = testHuey();
  huey.periodicTask("hourly", hourly, () => {});
  return (await huey.advance({ days: 365 })).length;
}

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" } } });
console.log("| advance over | attempts | seconds | of the processor |\n| --- | --- | --- | --- |");
for (const [name, run] of Object.entries(parts)) {
  const [seconds, busySeconds]: [number[], number[]] = [[], []];
  let attempts = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    const [startMs, before] = [performance.now(), process.cpuUsage()];
    attempts = await run();
    seconds.push((performance.now() - startMs) / 1000);
    const { user, system } = process.cpuUsage(before);
    busySeconds.push((user + system) / 1_000_000);
  }
  console.log(`| ${name} | ${attempts} | ${median(seconds).toFixed(1)} | ${median(busySeconds).toFixed(1)} |`);
}

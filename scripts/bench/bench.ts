/**
 * The benchmarks: tasks per second, latency, idle cost. Prints a table for each part.
 *
 *     bun scripts/bench/bench.ts [--rounds 3] [--count 20000] [--no-processes] [storage...]
 *     deno run -A scripts/bench/bench.ts ...
 *
 * Redis is expected at BENCH_REDIS_URL, without persistence. Rounds are interleaved over the storages.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { type Floor, floorOf } from "./floors.ts";
import { processFigures } from "./processes.ts";
import { rate, spreadOf } from "./statistics.ts";
import { makePlace, type Place, removePlace, STORAGE_NAMES, type StorageName } from "./storages.ts";
import { type Throughput, throughput } from "./throughput.ts";

const RUNTIME = "Deno" in globalThis ? "Deno" : "Bun";

async function inPlace<R>(storage: StorageName, work: (place: Place) => Promise<R>): Promise<R> {
  const place = makePlace(storage);
  try {
    return await work(place);
  } finally {
    removePlace(place);
  }
}

async function throughputTable(storages: readonly StorageName[], rounds: number, count: number): Promise<void> {
  const measured = new Map<StorageName, { rates: Throughput[]; floors: (Floor | undefined)[] }>();
  for (const storage of storages) measured.set(storage, { rates: [], floors: [] });
  for (let round = 0; round < rounds; round++) {
    for (const storage of storages) {
      const { rates, floors } = measured.get(storage)!;
      rates.push(await inPlace(storage, (place) => throughput(place, count)));
      floors.push(await inPlace(storage, (place) => floorOf(place, count)));
    }
  }
  console.log(
    `\n| ${RUNTIME} | enqueue one by one | concurrent | bulk | drain, 1 slot | drain, 100 slots |\n|---|---|---|---|---|---|`,
  );
  for (const [storage, { rates, floors }] of measured) {
    const cell = (key: keyof Throughput): string => spreadOf(rates.map((figures) => figures[key]));
    console.log(
      `| ${storage} | ${cell("oneByOne")} | ${cell("concurrent")} | ${cell("bulk")} | ${cell("drain1")} | ${
        cell("drain100")
      } |`,
    );
    const known = floors.filter((floor) => floor !== undefined);
    if (known.length === 0) continue;
    const floor = (key: Exclude<keyof Floor, "what">): string => spreadOf(known.map((figures) => figures[key]));
    console.log(
      `| floor: ${known[0]!.what} | ${floor("oneByOne")} | | ${floor("bulk")} | ${floor("claimOne")} | ${
        floor("claimBatch")
      } |`,
    );
  }
}

async function processTable(storages: readonly StorageName[]): Promise<void> {
  console.log(
    `\n| ${RUNTIME} | latency p50 ms | p99 ms | idle CPU % | idle MB | start to first task ms |\n|---|---|---|---|---|---|`,
  );
  for (const storage of storages) {
    if (storage === "memory") continue;
    const { p50, p99, idleCpu, idleMb, firstMs } = await inPlace(storage, processFigures);
    console.log(
      `| ${storage} | ${p50.toFixed(2)} | ${p99.toFixed(2)} | ${idleCpu.toFixed(2)} | ${idleMb.toFixed(0)} | ${
        firstMs.toFixed(0)
      } |`,
    );
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    count: { type: "string", default: "20000" },
    "no-processes": { type: "boolean", default: false },
    "no-throughput": { type: "boolean", default: false },
  },
});
const chosen = STORAGE_NAMES.filter((name) => positionals.length === 0 || positionals.includes(name));
console.log(
  `${RUNTIME}, ${values.rounds} rounds of ${rate(Number(values.count))} no-op tasks: median (lowest-highest) per second`,
);
if (!values["no-throughput"]) await throughputTable(chosen, Number(values.rounds), Number(values.count));
if (!values["no-processes"]) await processTable(chosen);
process.exit(0);

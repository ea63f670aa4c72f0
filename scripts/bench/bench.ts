/**
 * The benchmarks: tasks per second, latency, idle cost. Prints a table for each part.
 *
 *     bun scripts/bench/bench.ts [--rounds 3] [--count 20000] [--rivals FOLDER] [--no-processes] [storage...]
 *     deno run -A scripts/bench/bench.ts ...
 *     node scripts/bench/bench.ts ...
 *
 * Redis is expected at BENCH_REDIS_URL, without persistence. Rounds are interleaved over the storages.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { type Floor, floorOf } from "./floors.ts";
import { processFigures } from "./processes.ts";
import { RIVALS, rivalThroughput } from "./rivals.ts";
import { rate, RUNTIME, spreadOf } from "./statistics.ts";
import { makePlace, type Place, removePlace, STORAGE_NAMES, type StorageName } from "./storages.ts";
import { type Throughput, throughput } from "./throughput.ts";

async function inPlace<R>(storage: StorageName, work: (place: Place) => Promise<R>): Promise<R> {
  const place = makePlace(storage);
  try {
    return await work(place);
  } finally {
    removePlace(place);
  }
}

/** What is measured side by side: our storages, and the rivals on the same medium. */
type Contender = { readonly name: string; readonly storage: StorageName; measure(place: Place): Promise<Throughput> };

function contenders(storages: readonly StorageName[], count: number, rivals: string | undefined): Contender[] {
  return storages.flatMap((storage) => {
    const ours: Contender = { name: `**${storage}**`, storage, measure: (place) => throughput(place, count) };
    const others = rivals === undefined ? [] : RIVALS[storage] ?? [];
    return [
      ours,
      ...others.map((name) => ({ name, storage, measure: (place: Place) => rivalThroughput(name, place, count, rivals!) })),
    ];
  });
}

async function throughputTable(
  storages: readonly StorageName[],
  rounds: number,
  count: number,
  rivals?: string,
): Promise<void> {
  const all = contenders(storages, count, rivals);
  const rates = new Map<string, Throughput[]>(all.map(({ name }) => [name, []]));
  const floors = new Map<StorageName, Floor[]>(storages.map((storage) => [storage, []]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, storage, measure } of all) rates.get(name)!.push(await inPlace(storage, measure));
    for (const storage of storages) {
      const floor = await inPlace(storage, (place) => floorOf(place, count));
      if (floor !== undefined) floors.get(storage)!.push(floor);
    }
  }
  console.log(
    `\n| ${RUNTIME} | enqueue one by one | concurrent | bulk | drain, 1 slot | drain, 100 slots |\n|---|---|---|---|---|---|`,
  );
  for (const [name, figures] of rates) {
    const cell = (key: keyof Throughput): string => spreadOf(figures.map((round) => round[key]));
    console.log(
      `| ${name} | ${cell("oneByOne")} | ${cell("concurrent")} | ${cell("bulk")} | ${cell("drain1")} | ${cell("drain100")} |`,
    );
  }
  for (const [storage, figures] of floors) {
    if (figures.length === 0) continue;
    const cell = (key: Exclude<keyof Floor, "what">): string => spreadOf(figures.map((round) => round[key]));
    console.log(
      `| ${storage}, floor: ${figures[0]!.what} | ${cell("oneByOne")} | | ${cell("bulk")} | ${cell("claimOne")} | ${
        cell("claimBatch")
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
    rivals: { type: "string" },
    "no-processes": { type: "boolean", default: false },
    "no-throughput": { type: "boolean", default: false },
  },
});
const chosen = STORAGE_NAMES.filter((name) => positionals.length === 0 || positionals.includes(name));
console.log(
  values["no-throughput"]
    ? `${RUNTIME}: from the call to the start of the task in an idle consumer in another process`
    : `${RUNTIME}, ${values.rounds} rounds of ${rate(Number(values.count))} no-op tasks: median (lowest-highest) per second`,
);
if (!values["no-throughput"]) await throughputTable(chosen, Number(values.rounds), Number(values.count), values.rivals);
if (!values["no-processes"]) await processTable(chosen);
process.exit(0);

/**
 * All benchmarks of docs/benchmarks.md, one after the other, as Markdown that can be pasted there: a section for each, which names its
 * command. Starts a Redis server of its own, without persistence. Nothing else should run on the machine meanwhile.
 *
 *     bun scripts/bench/all.ts [--rivals FOLDER] [--quick] [part of a title...] > benchmarks.txt
 *
 * `--quick` measures next to nothing: it shows that everything runs. FOLDER has bullmq, bee-queue and plainjob in its node_modules.
 *
 * @module
 */
import { cpus, totalmem } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { startRedis } from "../../tests/redis_server.ts";
import { projectRoot, tool } from "../project.ts";
import { runCommand } from "../testing/command.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rivals: { type: "string" }, quick: { type: "boolean", default: false } },
});
const rivals = values.rivals === undefined ? [] : ["--rivals", values.rivals];
const tasks = (rounds: number, count: number): string[] =>
  values.quick ? ["--rounds", "1", "--count", "2000"] : ["--rounds", String(rounds), "--count", String(count)];
const rounds = (count: number): string[] => ["--rounds", values.quick ? "1" : String(count)];

/** What is measured: a title, a runtime, and the script with its arguments. */
type Part = readonly [title: string, runtime: "bun" | "deno" | "node", ...script: string[]];

const THROUGHPUT = "Throughput, one process";
const PROCESSES = "A consumer in another process";
const STORAGES = ["memory", "sqlite", "file", "redis"];
const PARTS: readonly Part[] = [
  [THROUGHPUT, "bun", "bench.ts", "--no-processes", ...tasks(3, 40_000), ...rivals, ...STORAGES],
  [THROUGHPUT, "deno", "bench.ts", "--no-processes", ...tasks(2, 20_000), ...STORAGES],
  [THROUGHPUT, "node", "bench.ts", "--no-processes", ...tasks(2, 20_000), ...STORAGES],
  ...(["bun", "deno", "node"] as const).map((
    runtime,
  ): Part => [PROCESSES, runtime, "bench.ts", "--no-throughput", ...STORAGES.slice(1)]),
  ...(["bun", "deno", "node"] as const).map((runtime): Part => [
    "What statistics cost",
    runtime,
    "stats_cost.ts",
    ...tasks(7, 50_000),
  ]),
  ...(["bun", "deno", "node"] as const).map((
    runtime,
  ): Part => ["Time that passes in a test", runtime, "testing_kit.ts", ...rounds(3)]),
  ["The dashboard's first look", "bun", "dashboard.ts", "--tasks", values.quick ? "2000" : "1000000", ...rounds(3)],
];

const server = await startRedis();
let title = "";
try {
  const memory = Math.round(totalmem() / 2 ** 30);
  console.log(`Measured on ${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${memory} GB, ${process.platform}.`);
  for (const part of PARTS) await measure(part);
} finally {
  await server.stop();
}

async function measure([heading, runtime, script, ...args]: Part): Promise<void> {
  const words = [...(runtime === "deno" ? ["deno", "run", "-A"] : [runtime]), `scripts/bench/${script}`, ...args];
  const command = words.join(" ").replace(values.rivals ?? "\0", "FOLDER");
  if (positionals.length > 0 && !positionals.some((wanted) => `${heading} ${command}`.includes(wanted))) return;
  if (heading !== title) console.log(`\n## ${title = heading}`);
  console.log(`\nMeasured with \`${command}\`.\n`);
  const argv: [string, ...string[]] = [tool(runtime), ...words.slice(1)];
  const env = { BENCH_REDIS_URL: server.url };
  const ended = await runCommand({ argv, cwd: projectRoot, limitMs: 3_600_000, env });
  console.log(ended.stdout.trim());
  if (ended.code === 0) return;
  console.error(`${command}: exit code ${ended.code}\n${ended.output}`);
  process.exitCode = 1;
}

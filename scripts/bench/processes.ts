/**
 * A consumer in a process of its own: how fast it wakes up, what it costs while it waits, how soon it starts.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Place } from "./storages.ts";
import { percentile } from "./statistics.ts";

/** Figures of one consumer process. */
export interface ProcessFigures {
  /** From the call in this process to the start of the task in the other, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Share of a core while it waits, in percent. */
  readonly idleCpu: number;
  readonly idleMb: number;
  /** From the start of the process to the first task, in milliseconds. */
  readonly firstMs: number;
}

const SAMPLES = 1000;
const IDLE_MS = 10_000;
/** Linux counts processor time in hundredths of a second. */
const TICK_MS = 10;

/** Measures a consumer of the same runtime. */
export async function processFigures(place: Place): Promise<ProcessFigures> {
  process.env["HUEY_BENCH"] = JSON.stringify(place);
  const { huey, ping, first } = await import(`./app.ts?${encodeURIComponent(place.folder)}`) as typeof import("./app.ts");
  await huey.flush();
  await first();
  const startedMs = performance.timeOrigin + performance.now();
  const consumer = startConsumer();
  const lines = createInterface({ input: consumer.stdout! })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => (await lines.next()).value ?? "";
  try {
    const firstMs = Number((await nextLine()).split(" ")[1]) - startedMs;
    for (let n = 0; n < SAMPLES; n++) {
      await ping(performance.timeOrigin + performance.now(), n === SAMPLES - 1);
      await pause(2.5 + 5 * Math.random());
    }
    const samples = JSON.parse((await nextLine()).replace("samples ", "")) as number[];
    const idle = await idleFigures(consumer.pid!);
    return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99), ...idle, firstMs };
  } finally {
    consumer.kill("SIGTERM");
    await once(consumer, "exit");
    await huey.close();
  }
}

function startConsumer(): ChildProcess {
  const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const runtime = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
  const args = [...runtime, file("../../consumer.ts"), file("./app.ts"), "-q", "-k", "greenlet"];
  return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"], env: process.env });
}

async function idleFigures(pid: number): Promise<{ idleCpu: number; idleMb: number }> {
  await pause(2000);
  const before = processorMs(pid);
  await pause(IDLE_MS);
  const idleCpu = 100 * (processorMs(pid) - before) / IDLE_MS;
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { idleCpu, idleMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024 };
}

function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

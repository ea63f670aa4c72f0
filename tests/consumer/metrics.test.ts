import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { countForMetrics, metricsText } from "../../consumer/health/metrics.ts";
import { prometheusText } from "../../consumer/health/prometheus.ts";
import { readFromWorker } from "../../consumer/pool/protocol_check.ts";
import { OPERATION_BOUNDS, OperationTimes } from "../../lib/statistics/operations.ts";
import { isTotals, TIME_BOUNDS, Totals } from "../../lib/statistics/totals.ts";
import { coreOf } from "../../lib/core/core.ts";
import { CancelExecution, Consumer, MemoryHuey } from "../../mod.ts";
import { HealthServer } from "../../consumer/health/server.ts";
import { silent } from "../helpers.ts";
import { Folder, terminated } from "./_folder.ts";
import { readMetrics, type Series } from "./_metrics.ts";
import type { Program } from "./_program.ts";

const SLOW = 30_000;

/** Where an endpoint of a consumer is, from its log. */
async function addressOf(program: Program, what: string): Promise<string> {
  const pattern = new RegExp(`${what} at (http:\\S+)\\s`);
  while (!pattern.test(program.text)) await pause(10);
  return pattern.exec(program.text)![1]!;
}

async function scrape(url: string): Promise<Series> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  return readMetrics(await response.text());
}

/** Asks until a series has a value. */
async function scrapeUntil(url: string, name: string, value: number): Promise<Series> {
  for (;;) {
    const series = await scrape(url);
    if (series.get(name) === value) return series;
    await pause(50);
  }
}

describe("totals", () => {
  test("tell no more tasks apart than may be, and those that are known in any case", () => {
    const totals = new Totals();
    totals.know(["mine"]);
    for (let index = 0; index < 1000; index++) totals.count(`strange-${index}`, "dead");
    totals.count("x".repeat(5000), "dead");
    totals.count("mine", "enqueued", 3);
    const read = totals.read();
    expect(read.length).toBe(101);
    expect(read.find(({ name }) => name === "mine")!.counts).toEqual({ enqueued: 3 });
    expect(read.find(({ name }) => name === "(others)")!.counts).toEqual({ dead: 902 });
    expect(read.reduce((sum, { counts }) => sum + (counts.dead ?? 0), 0)).toBe(1001);
  });

  test("of other isolates are added, and each is taken once", () => {
    const [here, there] = [new Totals(), new Totals()];
    here.measure("add", "run", 10);
    there.measure("add", "run", 4_000_000);
    there.measure("add", "wait", 5);
    there.count("add", "complete", 2);
    here.add(JSON.parse(JSON.stringify(there.take())));
    here.add(there.take());
    const [{ counts, run, wait } = undefined!] = here.read();
    expect(counts).toEqual({ complete: 2 });
    expect(run.totalMs).toBe(4_000_010);
    expect([run.classes[1], run.classes[TIME_BOUNDS.length]]).toEqual([1, 1]);
    // A bound belongs to its class.
    expect(wait.classes[0]).toBe(1);
  });

  test("that an application makes up in a worker are refused", () => {
    const totals = new Totals();
    totals.count("add", "complete");
    const [good] = totals.take();
    expect(isTotals([good])).toBe(true);
    const bad = [
      [{ ...good, name: 5 }],
      [{ ...good, counts: { complete: -1 } }],
      [{ ...good, counts: { complete: "1" } }],
      [{ ...good, counts: { "complete\n": 1 } }],
      [{ ...good, run: { totalMs: Infinity, classes: good!.run.classes } }],
      [{ ...good, run: { totalMs: 1, classes: [1] } }],
      [{ ...good, wait: undefined }],
      [null],
      "add",
      Array.from({ length: 1000 }, () => good),
    ];
    for (const tasks of bad) expect(readFromWorker({ type: "counted", tasks, operations: [] })).toBeUndefined();
    expect(readFromWorker({ type: "counted", tasks: [good], operations: [] })).toBeDefined();
    const times = new OperationTimes();
    times.measure("claim", 3);
    const [claim] = times.take();
    const badOperations = [
      [{ ...claim, operation: "close" }],
      [{ ...claim, operation: "toString" }],
      [{ ...claim, times: good!.run }],
      Array.from({ length: 100 }, () => claim),
      undefined,
    ];
    for (const operations of badOperations) expect(readFromWorker({ type: "counted", tasks: [], operations })).toBeUndefined();
    expect(readFromWorker({ type: "counted", tasks: [], operations: [claim] })).toBeDefined();
  });
});

test("no name ends its line", () => {
  const name = 'a"b\\c\nd\ud800';
  const text = prometheusText([{ name: "x_total", type: "counter", help: "h", samples: [{ labels: { name }, value: 1 }] }]);
  expect(text).toBe('# HELP x_total h\n# TYPE x_total counter\nx_total{name="a\\"b\\\\c\\nd\ufffd"} 1\n');
  expect(readMetrics(text).size).toBe(1);
});

test("every end of a task is counted under its outcome", async () => {
  await using huey = new MemoryHuey("ends", { logger: silent });
  const fine = huey.task("fine", () => 1);
  const bad = huey.task("bad", { retries: 1 }, () => Promise.reject(new Error("no")));
  const late = huey.task(
    "late",
    { timeout: 0.01, context: true },
    ({ signal }) => new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const off = huey.task("off", () => {
    throw new CancelExecution();
  });
  const locked = huey.task("locked", { lock: "door" }, () => 1);
  await huey.lockTask("door").acquire();
  const consumer = new Consumer(huey, { workers: 2 });
  const server = new HealthServer([consumer], silent);
  const url = `${await server.start({ host: "127.0.0.1", port: 0 })}/metrics`;
  await Promise.all([fine(), bad(), late(), off(), locked()]);
  await (await fine.schedule({ expires: new Date(0), delay: 0 }));
  await consumer.start();
  await consumer.waitFor("idle");
  const series = await scrape(url);
  const ended = (task: string, outcome: string): number | undefined =>
    series.get(`huey_tasks_finished_total{queue="ends",task="${task}",outcome="${outcome}"}`);
  expect(ended("fine", "complete")).toBe(1);
  expect(ended("fine", "expired")).toBe(1);
  expect([ended("bad", "failed"), ended("bad", "complete")]).toEqual([1, 0]);
  expect(series.get('huey_task_retries_total{queue="ends",task="bad"}')).toBe(1);
  expect([ended("late", "timeout"), ended("late", "failed")]).toEqual([1, 0]);
  expect(ended("off", "canceled")).toBe(1);
  expect(ended("locked", "locked")).toBe(1);
  expect(series.get('huey_tasks_enqueued_total{queue="ends",task="fine"}')).toBe(2);
  expect(series.get('huey_task_duration_seconds_bucket{queue="ends",task="bad",le="+Inf"}')).toBe(2);
  expect(series.get('huey_task_duration_seconds_count{queue="ends",task="bad"}')).toBe(2);
  const settled = 'huey_storage_operation_seconds_count{queue="ends",operation="settle"}';
  expect(series.get(settled)).toBeGreaterThanOrEqual(7);
  expect(series.get('huey_storage_operation_seconds_count{queue="ends",operation="enqueue"}')).toBe(6);
  server.close();
  await consumer.stop();
});

test("operations that fail are measured, and none is until somebody asks", async () => {
  await using huey = new MemoryHuey("measured", { logger: silent });
  const core = coreOf(huey)!;
  const { storage } = core;
  const add = huey.task("add", (a: number, b: number) => a + b);
  // The driver is there from now on.
  await huey.pendingCount();
  const plain = storage.enqueue;
  await add(1, 2);
  expect(storage.enqueue).toBe(plain);
  storage.recover = () => Promise.reject(new Error("away"));
  for (let times = 0; times < 2; times++) countForMetrics(core);
  expect(core.storage).toBe(storage);
  await add(1, 2);
  await expect(storage.recover()).rejects.toThrow("away");
  const counted = core.statistics!.operations.read().map(({ operation, times: { classes } }) => [operation, classes.length]);
  expect(counted).toEqual([["enqueue", OPERATION_BOUNDS.length + 1], ["recover", OPERATION_BOUNDS.length + 1]]);
  const series = readMetrics(metricsText([{ core, gauges: undefined }]));
  expect(series.get('huey_storage_operation_seconds_bucket{queue="measured",operation="recover",le="+Inf"}')).toBe(1);
  expect(series.get('huey_storage_operation_seconds_count{queue="measured",operation="enqueue"}')).toBe(1);
});

test("a queue that counts nothing has gauges only", async () => {
  await using huey = new MemoryHuey("silent", { stats: false });
  const core = coreOf(huey)!;
  const series = readMetrics(metricsText([{ core, gauges: undefined }]));
  expect([...series.keys()].filter((name) => name.startsWith("huey_task"))).toEqual([]);
  expect(series.get('huey_storage_up{queue="silent"}')).toBe(0);
});

describe("a consumer", () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
    folder.module(
      "app.js",
      `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
       export const add = huey.task("add", (a, b) => a + b);
       huey.periodicTask(library.every({ seconds: 1 }), "tick", () => 1);
       export const fail = huey.task("fail", () => { throw new Error("no"); });`,
    );
    folder.module(
      "fill.js",
      `import { add, fail, huey } from "./app.js";
       await add.map([[1, 2], [3, 4], [5, 6]]); await fail(); await add.schedule({ args: [1, 2], delay: 3600 });
       export { huey };`,
    );
  });
  afterEach(() => folder.end());

  for (const type of ["greenlet", "thread", "process"]) {
    test(`with ${type} workers tells what they count`, async () => {
      const program = folder.run(["-k", type, "-w", "2", "--health-port", "0", "--metrics-port", "0", "app.js"]);
      const metrics = await addressOf(program, "Metrics");
      await program.says("Consumer started");
      expect((await folder.run(["health", "fill.js"]).exited).code).toBe(0);
      const done = 'huey_tasks_finished_total{queue="shop",task="add",outcome="complete"}';
      const series = await scrapeUntil(metrics, done, 3);
      expect(series.get('huey_storage_up{queue="shop"}')).toBe(1);
      await scrapeUntil(metrics, 'huey_tasks_finished_total{queue="shop",task="fail",outcome="failed"}', 1);
      // What the counters tell already, the gauges may tell a second later.
      const after = await scrapeUntil(metrics, 'huey_queue_size{queue="shop",state="failed"}', 1);
      expect(after.get('huey_queue_size{queue="shop",state="scheduled"}')).toBe(1);
      expect(after.get('huey_consumers{queue="shop"}')).toBe(1);
      expect(after.get('huey_slots{queue="shop"}')).toBe(2);
      const lease = after.get('huey_lease_remaining_seconds{queue="shop"}')!;
      expect(lease > 0 && lease <= 15).toBe(true);
      expect(after.get('huey_task_wait_seconds_count{queue="shop",task="add"}')).toBe(3);
      expect(after.get('huey_storage_operation_seconds_count{queue="shop",operation="settle"}')).toBeGreaterThanOrEqual(4);
      expect(after.get('huey_storage_operation_seconds_count{queue="shop",operation="renew_lease"}')).toBeGreaterThan(0);
      expect(after.get('huey_periodic_last_run_timestamp_seconds{queue="shop",task="tick"}')).toBeGreaterThan(1.7e9);
      // The port of the health answers too, and the checks of the host hold.
      const health = (await addressOf(program, "Health")).replace("/health", "/metrics");
      expect((await scrape(health)).get(done)).toBe(3);
      expect(await statusFor(health, "evil.example")).toBe(403);
      expect((await fetch(metrics, { method: "POST" })).status).toBe(405);
      expect(await (await fetch(metrics, { method: "HEAD" })).text()).toBe("");
      expect(await terminated(program)).toBe(0);
    }, SLOW);
  }

  test("that asks only for metrics has no other port, and a taken one is said", async () => {
    const program = folder.run(["-k", "greenlet", "--metrics-port", "0", "app.js"]);
    const metrics = await addressOf(program, "Metrics");
    expect(metrics).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    expect(program.text).not.toContain("Health at");
    const second = folder.run(["-k", "greenlet", "--metrics-port", new URL(metrics).port, "app.js"]);
    expect((await second.exited).code).toBe(1);
    expect(second.text).toContain("cannot listen at 127.0.0.1");
    expect(await terminated(program)).toBe(0);
  }, SLOW);
});

/** Asks with a `Host` of its own, which `fetch` would not send. */
function statusFor(url: string, host: string): Promise<number> {
  const { port, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
    let text = "";
    socket.on("data", (data) => text += data.toString());
    socket.on("error", reject);
    socket.on("close", () => resolve(Number(text.split(" ")[1])));
  });
}

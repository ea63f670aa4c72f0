import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Huey } from "../../lib/huey/huey.ts";
import { RedisHuey, SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { startRedis } from "../redis_server.ts";
import type { RedisServer } from "../redis_server.ts";
import { Folder, RUNTIMES, terminated } from "./_folder.ts";

const SLOW = 90_000;
const TASKS = 1000;
const DELAYED = 100;
let folder: Folder;
let redis: RedisServer | undefined;
let huey: Huey;

/** Each task appends one line, in one write, to a file that all consumers share. */
const TASKS_OF_APP = `
import { appendFileSync } from "node:fs";
const note = (line) => appendFileSync("runs.txt", line + "\\n");
huey.task("mark", (index) => note("mark " + index + " " + process.pid));
huey.task("late", (index) => note("late " + index + " " + process.pid));
huey.periodicTask({ name: "tick", missed: "all" }, library.every({ seconds: 1 }), () => note("tick"));
`;

beforeEach(() => {
  folder = new Folder();
});
afterEach(async () => {
  await huey.close();
  await folder.end();
  await redis?.stop();
  redis = undefined;
});

function runs(word: string): string[][] {
  const file = join(folder.path, "runs.txt");
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return lines.map((line) => line.split(" ")).filter(([first]) => first === word);
}

async function untilRun(word: string, count: number): Promise<void> {
  while (runs(word).length < count) await pause(20);
}

/** The seconds that were enqueued, as the storage remembers them. */
async function slots(): Promise<number[]> {
  const keys = [...(await huey.storage.meta.entries()).keys()].filter((key) => key.includes("tick"));
  return keys.map((key) => Number(/(\d{10,})/.exec(key)?.[1])).filter((slot) => slot > 0).sort((a, b) => a - b);
}

const numbers = (found: string[][]): number[] => found.map(([, index]) => Number(index)).sort((a, b) => a - b);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

async function drain(): Promise<void> {
  const programs = [
    folder.run(["-k", "greenlet", "-w", "10", "app.js"], RUNTIMES.bun),
    folder.run(["-k", "thread", "-w", "2", "app.js"], RUNTIMES.bun),
    folder.run(["-k", "greenlet", "-w", "10", "app.js"], RUNTIMES.deno),
  ];
  await Promise.all(programs.map((program) => program.says("Consumer started with ")));
  const [mark, late] = [huey.task("mark", (_index: number) => {}), huey.task("late", (_index: number) => {})];
  await Promise.all(upTo(DELAYED).map((index) => late.schedule({ args: [index], delay: 1 + index / DELAYED })));
  await mark.map(upTo(TASKS).map((index) => [index]));
  await untilRun("mark", TASKS);
  await untilRun("late", DELAYED);
  await untilRun("tick", 4);
  expect(await Promise.all(programs.map(terminated))).toEqual([0, 0, 0]);
  // A storage that a busy machine keeps from answering in time is said too, and asked again.
  const lines = programs.flatMap(({ text }) => text.match(/^.* (ERROR|CRITICAL):.*$/gm) ?? []);
  expect(lines.filter((line) => !/is tried again until it works|has hung/.test(line))).toEqual([]);
}

async function check(): Promise<void> {
  await drain();
  expect(numbers(runs("mark"))).toEqual(upTo(TASKS));
  expect(numbers(runs("late"))).toEqual(upTo(DELAYED));
  const seconds = await slots();
  // What was enqueued just before the end may wait for the next consumer.
  expect(runs("tick").length + await huey.pendingCount()).toBe(seconds.length);
  const [first = 0] = seconds;
  expect(seconds).toEqual(seconds.map((_, index) => first + index * 1000));
  expect(await huey.scheduledCount()).toBe(0);
  expect(await huey.storage.leases()).toEqual([]);
}

describe("three consumers of two runtimes on one queue", () => {
  test("run each task of a SQLite file once", async () => {
    const filename = join(folder.data, "shop.db");
    folder.module(
      "app.js",
      `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" }); ${TASKS_OF_APP}`,
    );
    huey = new SqliteHuey("shop", { filename, logger: silent });
    await check();
  }, SLOW);

  test("run each task of a Redis once", async () => {
    redis = await startRedis();
    folder.module("app.js", `export const huey = new library.RedisHuey("shop", { url: "${redis.url}" }); ${TASKS_OF_APP}`);
    huey = new RedisHuey("shop", { url: redis.url, logger: silent });
    await check();
  }, SLOW);
});

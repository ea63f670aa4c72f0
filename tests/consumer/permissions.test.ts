import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { startRedis } from "../redis_server.ts";
import type { RedisServer } from "../redis_server.ts";
import { denoWith, Folder, LIBRARY, terminated } from "./_folder.ts";
import type { Program } from "./_program.ts";

const SLOW = 60_000;
const HEAD = ["Storage", "Worker types", "Flags"];
let redis: RedisServer;
let folder: Folder;

/** One combination that the documentation promises. */
interface Row {
  readonly storage: string;
  readonly type: string;
  readonly flags: readonly string[];
}

/** The rows of the table, one for each worker type. */
function documented(): Row[] {
  const text = readFileSync(join(LIBRARY, "docs/deployment.md"), "utf8");
  const tables = text.split(/\n\n+/).filter((block) => block.startsWith("|")).map((block) => {
    return block.trim().split("\n").map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim().replaceAll("`", "")));
  });
  const table = tables.find(([head]) => head!.join() === HEAD.join())!;
  return table.slice(2).flatMap(([storage = "", types = "", flags = ""]) => {
    return types.split(", ").map((type) => ({ storage, type, flags: flags.split(" ") }));
  });
}

/** What the storages are made with. */
const OPTIONS: Readonly<Record<string, () => string>> = {
  Memory: () => "",
  SQLite: () => `, { filename: "data/shop.db" }`,
  File: () => `, { path: "data/files" }`,
  Redis: () => `, { url: "${redis.url}" }`,
};

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());
beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.end());

/** Starts a consumer that calls a task when a worker starts. */
function consume({ storage, type }: Row, flags: readonly string[], args: readonly string[] = []): Program {
  const className = `${storage.replace("SQLite", "Sqlite")}Huey`;
  folder.module(
    "app.js",
    `export const huey = new library.${className}("shop"${OPTIONS[storage]!()});
     const add = huey.task("add", (a, b) => console.log("the sum is " + (a + b)));
     huey.onStartup("call", async () => void await add(1, 2));`,
  );
  const values: Record<string, string> = {
    APP: folder.path,
    LIBRARY,
    DATA: folder.data,
    DENO: realpathSync(denoWith([])[0]!),
    "HOST:PORT": `${redis.host}:${redis.port}`,
  };
  const real = flags.map((flag) => flag.replaceAll(/APP|LIBRARY|DATA|DENO|HOST:PORT/g, (name) => values[name]!));
  return folder.run(["-k", type, ...args, "app.js"], denoWith(real));
}

/** Flags of which one, or one of its values, is missing. */
function reduced(flags: readonly string[]): string[][] {
  return flags.flatMap((flag, index) => {
    const rest = [...flags.slice(0, index), ...flags.slice(index + 1)];
    const [name, values = ""] = flag.split("=");
    const parts = values.split(",");
    if (parts.length < 2) return [rest];
    return parts.map((part) => [...rest, `${name}=${parts.filter((other) => other !== part).join(",")}`]);
  });
}

describe("Deno with the rights that options add", () => {
  test("writes a log file and answers for its health", async () => {
    const row = documented().find(({ storage, type }) => storage === "Redis" && type === "thread")!;
    const flags = row.flags.map((flag) => flag.startsWith("--allow-net") ? `${flag},127.0.0.1:0` : flag);
    const log = join(folder.data, "huey.log");
    const program = consume(row, [...flags, "--allow-write=DATA"], ["-l", log, "--health-port", "0"]);
    await program.says("the sum is 3");
    const url = /http:\S+/.exec(readFileSync(log, "utf8"))![0];
    expect((await (await fetch(url)).json()).live).toBe(true);
    expect(await terminated(program)).toBe(0);
    expect(readFileSync(log, "utf8")).not.toContain("Requires ");
  }, SLOW);
});

describe("Deno with no more rights than documented", () => {
  test("covers every storage and worker type", () => {
    const combinations = documented().map(({ storage, type }) => `${storage} ${type}`);
    const shared = ["SQLite", "File", "Redis"].flatMap((storage) =>
      ["greenlet", "thread", "process"].map((type) => `${storage} ${type}`)
    );
    expect(combinations.sort()).toEqual(["Memory greenlet", ...shared].sort());
  });

  for (const row of documented()) {
    test(`runs tasks: ${row.storage}, ${row.type}`, async () => {
      const program = consume(row, row.flags);
      await program.says("the sum is 3");
      expect(await terminated(program)).toBe(0);
      expect(program.text).not.toContain("Requires ");
    }, SLOW);

    test(`needs all of them: ${row.storage}, ${row.type}`, async () => {
      for (const flags of reduced(row.flags)) {
        const program = consume(row, flags);
        await program.says("Requires ");
        expect(program.text).not.toContain("the sum is");
        program.kill("SIGKILL");
        await program.exited;
      }
    }, SLOW);
  }
});

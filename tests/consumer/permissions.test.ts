import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { startRedis } from "../redis_server.ts";
import type { RedisServer } from "../redis_server.ts";
import { denoWith, Folder, LIBRARY, terminated } from "./_folder.ts";
import type { Program } from "./_program.ts";
import { LONG } from "../sizes.ts";

const SLOW = 60_000;
const TYPES = ["greenlet", "thread", "process"];
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

/** Flags with the places of this test. */
function placed(flags: readonly string[]): string[] {
  const values: Record<string, string> = {
    APP: folder.path,
    LIBRARY,
    DATA: folder.data,
    DENO: realpathSync(denoWith([])[0]!),
    "HOST:PORT": `${redis.host}:${redis.port}`,
  };
  return flags.map((flag) => flag.replaceAll(/APP|LIBRARY|DATA|DENO|HOST:PORT/g, (name) => values[name]!));
}

/** Starts a consumer that calls a task when a worker starts. */
function consume({ storage, type }: Row, flags: readonly string[], args: readonly string[] = []): Program {
  const className = `${storage.replace("SQLite", "Sqlite")}Huey`;
  folder.module(
    "app.js",
    `export const huey = new library.${className}("shop"${OPTIONS[storage]!()});
     const add = huey.task("add", (a, b) => console.log("the sum is " + (a + b)));
     huey.onStartup("call", async () => void await add(1, 2));`,
  );
  return folder.run(["-k", type, ...args, "app.js"], denoWith(placed(flags)));
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

/** Whether each of its rights is taken away, which takes long: the usual run does that with each storage and each type once. */
function isTakenFrom({ storage, type }: Row): boolean {
  return LONG || storage === "Memory" || type === TYPES[["SQLite", "File", "Redis"].indexOf(storage)];
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

  for (const [storage, type] of [["SQLite", "thread"], ["Redis", "thread"], ["SQLite", "process"]] as const) {
    test(`serves dashboard, health and metrics, and runs commands: ${storage}, ${type}`, async () => {
      const row = documented().find((each) => each.storage === storage && each.type === type)!;
      // Port 0 is each that is free.
      const own = "--allow-net=127.0.0.1:0";
      const net = row.flags.some((flag) => flag.startsWith("--allow-net="));
      const flags = row.flags.map((flag) => flag.startsWith("--allow-net=") ? `${flag},127.0.0.1:0` : flag);
      const all = placed(net ? flags : [...flags, own]);
      folder.module(
        "app.js",
        `export const huey = new library.${storage.replace("SQLite", "Sqlite")}Huey("shop"${OPTIONS[storage]!()});
         const one = huey.task({ name: "one", context: true, unique: true, concurrency: 1 }, async (context) => {
           console.log("the step gave " + await context.step("first", () => 5));
         });
         huey.task({ name: "fails" }, () => { throw new Error("on purpose"); });
         huey.onStartup("call", async () => void await one());`,
      );
      const ports = ["--dashboard", "0", "--health-port", "0"];
      const program = folder.run(["-k", type, ...ports, "app.js"], denoWith(all));
      // A token that may not be read must not be taken for none without a word.
      if (type === "thread") await program.says("HUEY_DASHBOARD_TOKEN may not be read");
      await program.says("Dashboard at ");
      await program.says("the step gave 5");
      const url = /Dashboard at (\S+?)\/?(?=\s)/.exec(program.text)![1]!;
      const health =
        /http:\S+\/health|Health\D+(http:\S+)/i.exec(program.text.replace(url, ""))![0].match(/http:\/\/[^/\s]+/)![0];
      for (const page of ["/", "/q/shop/tasks", "/q/shop/list/waiting", "/q/shop/consumers", "/q/shop/failures"]) {
        expect([page, (await fetch(`${url}${page}`)).status]).toEqual([page, 200]);
      }
      expect(await (await fetch(`${health}/metrics`)).text()).toContain("huey_tasks_finished_total");
      expect((await (await fetch(`${health}/health`)).json()).live).toBe(true);
      expect(await terminated(program)).toBe(0);
      expect(program.text).not.toContain("Requires ");
      const commands: [string, ...string[]][] = [["call", "fails"], ["list", "consumers"]];
      // They take the same way to every storage.
      if (LONG || storage === "Redis") commands.push(["stats"], ["status"], ["list", "waiting"], ["pause"], ["resume"]);
      for (const [name, ...args] of commands) {
        const command = folder.run([name, "app.js", ...args], denoWith(placed(row.flags)));
        expect([name, (await command.exited).code, command.text.includes("Requires ")]).toEqual([name, 0, false]);
      }
    }, SLOW * 2);
  }
});

describe("Deno with no more rights than documented", () => {
  test("covers every storage and worker type", () => {
    const combinations = documented().map(({ storage, type }) => `${storage} ${type}`);
    const shared = ["SQLite", "File", "Redis"].flatMap((storage) => TYPES.map((type) => `${storage} ${type}`));
    expect(combinations.sort()).toEqual(["Memory greenlet", ...shared].sort());
  });

  for (const row of documented()) {
    test(`runs tasks: ${row.storage}, ${row.type}`, async () => {
      const program = consume(row, row.flags);
      await program.says("the sum is 3");
      expect(await terminated(program)).toBe(0);
      expect(program.text).not.toContain("Requires ");
    }, SLOW);

    if (!isTakenFrom(row)) continue;
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

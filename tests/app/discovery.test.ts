import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { RedisHuey, SqliteHuey } from "../../mod.ts";
import { failure } from "../helpers.ts";
import { startRedis } from "../redis_server.ts";
import { findTasks, TASK_MODULES } from "../../app/find_tasks.ts";
import { matcher } from "../../app/patterns.ts";
import { Place, WORKER_TYPES } from "./_place.ts";

const CONFIG = `import { defineConfig } from "@hueyjs/huey/app";
export default defineConfig({ hueyClass: "SqliteHuey", name: "beans", filename: import.meta.dirname + "/beans.db" });`;
const TASKS = `import { task } from "@hueyjs/huey/app";
export const count = task("count", (beans: number) => "Counted " + beans);`;
const MORE = `import { count } from "../tasks.ts";
import { huey, task } from "@hueyjs/huey/app";
export const twice = task({ name: "twice", retries: 1 }, async (beans: number) => (await count(beans * 2)).id !== huey.name);`;

const LIMIT_MS = 120_000;

/** The Huey of the application, as a process without the tasks' code has it. */
function remote(place: Place): SqliteHuey {
  return new SqliteHuey({ name: "beans", filename: join(place.folder, "beans.db") });
}

describe("huey-consumer without a module", () => {
  for (const workerType of WORKER_TYPES) {
    test(`finds configuration and tasks, for workers of type ${workerType}`, async () => {
      await using place = new Place({ "huey.config.ts": CONFIG, "tasks.ts": TASKS, "shop/mail.tasks.ts": MORE });
      await using huey = remote(place);
      const [count, twice] = ["count", "twice"].map((name) => huey.task(name, (_beans: number): unknown => undefined));
      const program = place.consume(["-k", workerType, "-w", "2"]);
      const [counted, doubled] = [await count!(3), await twice!(4)];
      expect(await counted.get({ blocking: true, timeout: 100 })).toBe("Counted 3");
      expect(await doubled.get({ blocking: true, timeout: 100 })).toBe(true);
      program.kill("SIGTERM");
      expect(await program.exited).toEqual({ code: 0, signal: null });
    }, LIMIT_MS);
  }

  test("Redis comes from the environment, in every worker", async () => {
    const server = await startRedis();
    const config = `import { defineConfig } from "@hueyjs/huey/app";\nexport default defineConfig({ name: "beans" });`;
    await using place = new Place({ "huey.config.ts": config, "tasks.ts": TASKS });
    const huey = new RedisHuey("beans", { url: `${server.url}/2` });
    const count = huey.task("count", (_beans: number): unknown => undefined);
    const program = place.consume(["-w", "2"], { HUEY_URL: `${server.url}/?db=2`, REDIS_URL: "redis://127.0.0.1:1" });
    expect(await (await count(5)).get({ blocking: true, timeout: 100 })).toBe("Counted 5");
    program.kill("SIGTERM");
    expect((await program.exited).code).toBe(0);
    await huey.close();
    await server.stop();
  }, LIMIT_MS);

  test("options of the command line win over those of the settings", async () => {
    const config = CONFIG.replace("name:", 'consumer: { workers: 3, workerType: "greenlet", schedulerInterval: 5 }, name:');
    await using place = new Place({ "conf/huey.config.js": config, "conf/tasks.ts": TASKS });
    const program = place.consume(["--config", "conf/huey.config.js", "-w", "2"]);
    await program.says("greenlet");
    program.kill("SIGTERM");
    expect((await program.exited).code).toBe(0);
    expect(program.text).toMatch(/2 .*greenlet|greenlet.* 2/);
    expect(program.text).toContain("count");
  }, LIMIT_MS);

  test("-A imports no tasks", async () => {
    await using place = new Place({ "huey.config.ts": CONFIG, "tasks.ts": `console.log("imported");` });
    const program = place.consume(["-A", "-k", "greenlet"]);
    await program.says("greenlet");
    program.kill("SIGTERM");
    await program.exited;
    expect(program.text).not.toContain("imported");
  }, LIMIT_MS);

  test("a module that cannot be imported is named, with the reason, and the consumer ends with 1", async () => {
    await using place = new Place({
      "huey.config.ts": CONFIG,
      "a/tasks.ts": `throw new Error("no beans");`,
      "tasks.ts": TASKS,
    });
    const program = place.consume([]);
    expect((await program.exited).code).toBe(1);
    expect(program.text).toContain(`Module ${join(place.folder, "a/tasks.ts")} cannot be imported: no beans\n`);
    expect(program.text).toContain("Error: no beans\n    at");
  }, LIMIT_MS);

  test("what is wrong with the configuration is said", async () => {
    await using place = new Place({
      "typo/huey.config.ts": CONFIG.replace("name:", "nmae:"),
      "empty/huey.config.ts": "export const huey = 1;",
      "plain/huey.config.ts": `export default { hueyClass: "Sqlite" };`,
    });
    const texts: Record<string, string> = {};
    for (const name of ["typo", "empty", "plain", "missing"]) {
      const program = place.consume(["--config", `${name}/huey.config.ts`]);
      expect((await program.exited).code).toBe(1);
      texts[name] = program.text;
    }
    expect(texts.typo).toContain(`typo/huey.config.ts cannot be imported: Settings has no option "nmae": did you mean "name"?`);
    expect(texts.empty).toContain("empty/huey.config.ts configures nothing: write, for example, export default defineConfig(");
    expect(texts.plain).toContain(`plain/huey.config.ts: hueyClass must be a class or one of RedisHuey,`);
    expect(texts.missing).toContain(`The configuration ${join(place.folder, "missing/huey.config.ts")} does not exist`);
  }, LIMIT_MS);

  test("without any configuration the usage is shown", async () => {
    await using place = new Place({});
    const program = place.consume([]);
    expect((await program.exited).code).toBe(2);
    expect(program.text).toContain(
      "The module of the application is missing, such as ./app.ts or ./app.ts#huey, and there is no",
    );
    expect(program.text).toContain("Usage: huey-consumer [run] [options] [MODULE");
    const both = place.consume(["--config", "a.ts", "b.ts"]);
    expect((await both.exited).code).toBe(2);
    expect(both.text).toContain("Give either a module or --config: b.ts and a.ts");
  }, LIMIT_MS);
});

describe("findTasks()", () => {
  const found = async (
    files: readonly string[],
    patterns = TASK_MODULES,
    ignore: string[] = [],
    git = "",
  ): Promise<string[]> => {
    await using place = new Place(Object.fromEntries(files.map((file) => [file, ""])));
    if (git !== "") place.write(".gitignore", git);
    return findTasks(place.folder, patterns, ignore).map((path) => path.slice(place.folder.length + 1));
  };

  test("finds tasks.ts and what ends with .tasks.ts, sorted", async () => {
    const files = ["b/tasks.ts", "a.tasks.ts", "tasks.ts", "b/c/x.tasks.mjs", "mytasks.ts", "tasks.test.ts", "tasks.ts/readme"];
    expect(await found(files.slice(0, 6))).toEqual(["a.tasks.ts", "b/c/x.tasks.mjs", "b/tasks.ts", "tasks.ts"]);
  });

  test("leaves out what is not the application's own source", async () => {
    const folders = ["node_modules", ".hidden", "dist", "build", "out", "kept", "deep/out", "deep/build", "deep/mine"];
    const files = [...folders.map((folder) => `${folder}/tasks.ts`), "both.tasks.ts", "both.tasks.js"];
    expect(await found(files, TASK_MODULES, ["mine"], "# comment\nbuild/\n/out\nke*\n!kept\n")).toEqual([
      "both.tasks.ts",
      "deep/out/tasks.ts",
      "kept/tasks.ts",
    ]);
  });

  test("takes patterns", async () => {
    const files = ["jobs/a.ts", "jobs/deep/b.ts", "x/jobs.ts", "x/job1.ts"];
    expect(await found(files, ["jobs/**/*.ts"])).toEqual(["jobs/a.ts", "jobs/deep/b.ts"]);
    expect(await found(files, ["job?.ts"])).toEqual(["x/job1.ts", "x/jobs.ts"]);
    expect(matcher("a+(b).ts")("deep/a+(b).ts")).toBe(true);
    expect(matcher("./a.ts")("a.ts")).toBe(true);
    expect(matcher("a.ts")("axts")).toBe(false);
  });

  test("a folder that cannot be read is an error", async () => {
    expect((await failure(() => findTasks("/no/such/folder", TASK_MODULES, []))).message).toContain("/no/such/folder");
  });
});

import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { SqliteHuey } from "../../mod.ts";
import { projectRoot } from "../../scripts/project.ts";
import { until } from "../redis_server.ts";
import { Place } from "./_place.ts";

setDefaultTimeout(60_000);

/** Sends the form. @returns where the browser is sent to */
async function send(url: string, beans: string): Promise<string> {
  const response = await fetch(url, { method: "POST", body: new URLSearchParams({ beans }), redirect: "manual" });
  await response.body?.cancel();
  expect(response.status).toBe(303);
  return new URL(response.headers.get("location")!, url).href;
}

async function read(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

for (const name of ["web_plain.ts", "web_hono.ts"]) {
  describe(`examples/${name}`, () => {
    test("a form enqueues, a consumer in another process runs it, the page shows progress and the result", async () => {
      await using place = new Place({});
      const example = join(projectRoot, "examples", name);
      const web = place.run(example, { PORT: "0" });
      await web.says("Listening at http://");
      const url = /http:\S+/.exec(web.text)![0];
      expect((await read(url)).text).toContain(`<form method="post">`);

      const [good, bad] = [await send(url, "7"), await send(url, "-1")];
      expect((await read(good)).text).toMatch(/waiting: <progress value="0">/);
      const consumer = place.consume(["-k", "thread", example]);
      await until(async () => !(await read(good)).text.includes("refresh"));
      await using huey = new SqliteHuey({ name: "web", filename: join(place.folder, "web.db") });
      expect(await huey.progress(good.slice(good.lastIndexOf("/") + 1))).toBe(1);
      expect((await read(good)).text).toContain("<p>Counted 7 beans</p>");
      expect((await read(good)).text).toContain("<p>Counted 7 beans</p>");
      await until(async () => !(await read(bad)).text.includes("refresh"));
      expect((await read(bad)).text).toContain("RangeError: There are no beans to count");
      expect((await read(`${url}/tasks/none`)).status).toBe(404);
      if (name === "web_hono.ts") {
        const view = await (await fetch(good.replace("/tasks/", "/api/tasks/"))).json();
        expect(view).toEqual({ state: "complete", progress: 1, value: "Counted 7 beans" });
      }
      consumer.kill("SIGTERM");
      expect((await consumer.exited).code).toBe(0);
    });
  });
}

const FILES = {
  "huey.config.ts": `import { defineConfig } from "@hueyjs/huey/app";
    import { database } from "./src/database.ts";
    export default defineConfig({ hueyClass: "SqliteHuey", filename: "queue.db", database, consumer: { workerType: "thread" } });`,
  "src/database.ts": `import { sqliteDatabase } from "@hueyjs/huey/app";
    import process from "node:process";
    const bun = process.getBuiltinModule("bun:sqlite");
    const open = bun ? () => new bun.Database("shop.db") : () => new (process.getBuiltinModule("node:sqlite").DatabaseSync)("shop.db");
    export const database = sqliteDatabase(open);`,
  "src/tasks.ts": `import { dbTask, onCommitTask, onStartup } from "@hueyjs/huey/app";
    import { database } from "./database.ts";
    onStartup(() => console.log("worker starts"));
    export const greet = dbTask("greet", (id: number) => {
      const [row] = database.current.prepare("select name from person where id = ?").all(id);
      return "Hello, " + row.name;
    });
    export const greetOnCommit = onCommitTask(greet);`,
  "main.ts": `import "./huey.config.ts";
    import { atomic, huey } from "@hueyjs/huey/app";
    import { database } from "./src/database.ts";
    import { greetOnCommit } from "./src/tasks.ts";
    await database.use((sqlite) => sqlite.exec("create table person (id int, name text)"));
    const results = [];
    for (const [id, name] of [[1, "Ada"], [2, "nobody"], [3, "Grace"]]) {
      await atomic(database, async (sqlite) => {
        sqlite.prepare("insert into person values (?, ?)").run(id, name);
        results.push(await greetOnCommit(id));
        if (name === "nobody") throw new Error("rolled back");
      }).catch((error) => console.log(error.message));
    }
    console.log("enqueued", await huey.pendingCount());
    console.log(await results[0].get({ blocking: true }), "|", await results[2].get({ blocking: true }), "|", await results[1].get());
    await huey.close();
    process.exit(0);`,
  "wrong.ts": `import "./src/tasks.ts"; import "./huey.config.ts";`,
};

describe("an application in several files", () => {
  test("the web process and the consumer share configuration, tasks and database", async () => {
    await using place = new Place(FILES);
    const web = place.run("main.ts");
    await web.says("enqueued 2");
    const consumer = place.consume(["-w", "2"]);
    // One worker alone may have run both tasks before the other has begun.
    for (let worker = 0; worker < 2; worker++) await consumer.says("worker starts");
    expect(await web.exited).toEqual({ code: 0, signal: null });
    expect(web.text).toBe("rolled back\nenqueued 2\nHello, Ada | Hello, Grace | undefined\n");
    consumer.kill("SIGTERM");
    expect((await consumer.exited).code).toBe(0);
    expect(consumer.text.match(/worker starts/g)?.length).toBe(2);
  });

  test("tasks that are imported before the configuration are told what is missing", async () => {
    await using place = new Place(FILES);
    const web = place.run("wrong.ts");
    expect((await web.exited).code).toBe(1);
    expect(web.text).toContain(
      "No Huey is configured: import your huey.config.ts, which calls defineConfig, before the modules",
    );
  });
});

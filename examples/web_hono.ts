/**
 * A web page that starts a task and shows how it goes, with Hono; and the same for programs, as JSON.
 *
 * The page: `PORT=8000 bun examples/web_hono.ts`, or `deno run -A`; the consumer: `bun consumer.ts examples/web_hono.ts`.
 * Without a PORT it visits itself, with a consumer of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { html } from "hono/html";
import { Consumer, type Huey, TaskException } from "@hueyjs/huey";
import { defineConfig, progress, result, state, task } from "@hueyjs/huey/app";
import { serve, visit, wantedPort } from "./web_server.ts";

// In an application this is huey.config.ts ...
const huey: Huey = defineConfig({ hueyClass: "SqliteHuey", name: "web", filename: "web.db" });
export default huey;

// ... and this is tasks.ts.
const countBeans = task({ name: "countBeans", context: true, timeout: 60 }, async (context, beans: number) => {
  if (!(beans > 0)) throw new RangeError("There are no beans to count");
  for (let counted = 0; counted <= 10; counted++) {
    await sleep(20);
    await context.setProgress(counted / 10);
  }
  return `Counted ${beans} beans`;
});

interface View {
  readonly state: string;
  readonly progress: number;
  readonly value?: string | undefined;
  readonly error?: string;
}

/** What is known of a task; everything is read from the storage, so any web process can answer. */
async function look(id: string): Promise<View> {
  const view = { state: (await state(id)).state, progress: (await progress(id) ?? 0) as number };
  try {
    return { ...view, value: await result<string>(id, { preserve: true }) };
  } catch (error) {
    if (!(error instanceof TaskException)) throw error;
    return { ...view, error: error.metadata.error };
  }
}

const web = new Hono();

web.get("/", (context) =>
  context.html(html`
    <!doctype html>
    <title>Beans</title>
    <form method="post"><input name="beans" type="number" value="100"><button>Count</button></form>
  `));

web.post("/", async (context) => {
  const { beans } = await context.req.parseBody();
  const { id } = await countBeans(Number(beans));
  return context.redirect(`/tasks/${id}`, 303);
});

web.get("/tasks/:id", async (context) => {
  const { state, progress, value, error } = await look(context.req.param("id"));
  if (state === "unknown") return context.text("There is no such task", 404);
  const ended = value ?? error;
  return context.html(
    ended === undefined
      ? html`
        <!doctype html>
        <title>Beans</title>
        <meta http-equiv="refresh" content="1">
        <p>${state}: <progress value="${progress}"></progress></p>
      `
      : html`<!doctype html><title>Beans</title><p>${ended}</p><a href="/">Again</a>`,
  );
});

web.get("/api/tasks/:id", async (context) => context.json(await look(context.req.param("id"))));

if (import.meta.main) {
  const port = wantedPort();
  const server = await serve((request) => web.fetch(request), port ?? 0);
  if (port === undefined) {
    const consumer = new Consumer(huey);
    await consumer.start();
    console.log(await visit(server.url, 100));
    console.log(await visit(server.url, 0));
    await consumer.stop();
    await server.stop();
    await huey.close();
  } else {
    console.log(`Listening at ${server.url}`);
  }
}

// Output:
// Counted 100 beans
// RangeError: There are no beans to count

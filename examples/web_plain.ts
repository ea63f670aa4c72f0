/**
 * A web page that starts a task and shows how it goes, without a framework.
 *
 * The page: `PORT=8000 bun examples/web_plain.ts`, or `deno run -A`; the consumer: `bun consumer.ts examples/web_plain.ts`.
 * Without a PORT it visits itself, with a consumer of its own.
 */
import { setTimeout as sleep } from "node:timers/promises";
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

function page(body: string, refresh = false): Response {
  const again = refresh ? `<meta http-equiv="refresh" content="1">` : "";
  const html = `<!doctype html><html lang="en"><title>Beans</title>${again}${body}</html>`;
  return new Response(html, { headers: { "content-type": "text/html; charset=utf-8" } });
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const FORM = `<form method="post"><input name="beans" type="number" value="100"><button>Count</button></form>`;

/** Shows what is known of a task; everything is read from the storage, so any web process can answer. */
async function showTask(id: string): Promise<Response> {
  const { state: now } = await state(id);
  if (now === "unknown") return new Response("There is no such task", { status: 404 });
  try {
    const value = await result<string>(id, { preserve: true });
    if (value !== undefined) return page(`<p>${escaped(value)}</p><a href="/">Again</a>`);
  } catch (error) {
    if (!(error instanceof TaskException)) throw error;
    return page(`<p>${escaped(error.metadata.error)}</p><a href="/">Again</a>`);
  }
  const share = (await progress(id) ?? 0) as number;
  return page(`<p>${now}: <progress value="${share}">${Math.round(share * 100)} %</progress></p>`, true);
}

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith("/tasks/")) return await showTask(pathname.slice("/tasks/".length));
  if (request.method !== "POST") return page(FORM);
  const beans = Number((await request.formData()).get("beans"));
  const { id } = await countBeans(beans);
  return new Response(null, { status: 303, headers: { location: `/tasks/${id}` } });
}

if (import.meta.main) {
  const port = wantedPort();
  const server = await serve(answer, port ?? 0);
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

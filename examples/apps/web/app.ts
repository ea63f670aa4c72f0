/** A web application with long work. See README.md. */
import { Consumer, SqliteHuey } from "@hueyjs/huey";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

export const huey: SqliteHuey = new SqliteHuey({ name: "web", filename: "web.db" });

/** Work that takes long, tells how far it is, and can be stopped. */
const render = huey.task({ name: "render", context: true }, async (context, frames: number) => {
  for (let frame = 1; frame <= frames; frame++) {
    context.signal.throwIfAborted();
    await context.setProgress({ frame, frames });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return `film of ${frames} frames`;
});

/** Any process of the web server can answer for any film: the id is all that it needs. */
const web = new Hono()
  .post("/films", async (context) => {
    const { id } = await render(Number(context.req.query("frames") ?? 10));
    return context.json({ id }, 202);
  })
  .get("/films/:id", async (context) => context.json(await huey.state(context.req.param("id"))))
  .delete("/films/:id", async (context) => {
    await huey.revokeById(context.req.param("id"));
    return context.body(null, 204);
  })
  .get("/films/:id/progress", (context) =>
    streamSSE(context, async (stream) => {
      const film = huey.handle<string>(context.req.param("id"));
      for await (const progress of film.progressUpdates()) await stream.writeSSE({ data: JSON.stringify(progress) });
      await stream.writeSSE({ event: "end", data: (await film.state()).state });
    }));

if (import.meta.main) {
  await using consumer = new Consumer(huey, { workers: 2 });
  await consumer.start();
  const { id } = await (await web.request("/films?frames=20", { method: "POST" })).json() as { id: string };
  const events = await (await web.request(`/films/${id}/progress`)).text();
  console.log("last event:", events.trim().split("\n").at(-1));
  const long = await (await web.request("/films?frames=100000", { method: "POST" })).json() as { id: string };
  await web.request(`/films/${long.id}`, { method: "DELETE" });
  await huey.handle(long.id).get({ blocking: true, timeout: 60 }).catch(() => {});
  console.log("the other film:", (await huey.state(long.id)).state);
}

/** The dashboard within an application. See README.md. */
import { Consumer, SqliteHuey } from "@hueyjs/huey";
import { dashboard } from "@hueyjs/huey/dashboard";
import { Hono } from "hono";

export const huey: SqliteHuey = new SqliteHuey({ name: "board", filename: "board.db" });

const greet = huey.task("greet", (name: string) => `hello ${name}`);

/** Who may see the queue, and who may act. In an application: look at the session. */
function access(request: Request): "read" | "write" | false {
  const role = request.headers.get("x-role");
  return role === "admin" ? "write" : role === "staff" ? "read" : false;
}

const board = dashboard(huey, {
  path: "/admin/queue",
  authorize: access,
  show: ({ name }) => `arguments of ${name} are private`,
});

const web = new Hono()
  .post("/greetings/:name", async (context) => context.json({ id: (await greet(context.req.param("name"))).id }, 202))
  .all("/admin/queue", (context) => board(context.req.raw))
  .all("/admin/queue/*", (context) => board(context.req.raw));

if (import.meta.main) {
  await using consumer = new Consumer(huey, { workers: 1 });
  await consumer.start();
  await web.request("http://localhost/greetings/Ada", { method: "POST" });
  await consumer.waitFor("idle");
  for (const role of ["nobody", "staff", "admin"]) {
    const response = await web.request("http://localhost/admin/queue", { headers: { "x-role": role } });
    const page = await response.text();
    console.log(`${role}: ${response.status}`, page.includes("Overview") ? "sees the queue" : "sees nothing");
  }
}

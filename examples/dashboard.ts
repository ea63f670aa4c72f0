/**
 * A dashboard in an application of Hono, under /huey, for administrators alone.
 *
 * The page: `PORT=8000 bun examples/dashboard.ts`, or `deno run -A`; the consumer: `bun consumer.ts examples/dashboard.ts`.
 * Without a PORT it visits itself.
 */
import { Hono } from "hono";
import { type Huey, SqliteHuey } from "@hueyjs/huey";
import { dashboard } from "@hueyjs/huey/dashboard";
import { serve, wantedPort } from "./web_server.ts";

const huey: Huey = new SqliteHuey({ name: "shop", filename: "shop.db" });
export default huey;

const sendInvoice = huey.task("sendInvoice", (invoice: number, to: string) => `Sent ${invoice} to ${to}`);

/** Stands for the session of a real application. */
function userOf(request: Request): "admin" | "support" | undefined {
  const user = request.headers.get("x-user");
  return user === "admin" || user === "support" ? user : undefined;
}

const board = dashboard(huey, {
  path: "/huey",
  authorize(request) {
    const user = userOf(request);
    if (user === "admin") return "write";
    return user === "support" ? "read" : false;
  },
  // Addresses of customers are nobody's business.
  show: ({ args }) => ({ invoice: args[0] }),
});

const web = new Hono();
web.get("/", (context) => context.text("The shop"));
web.all("/huey/*", (context) => board(context.req.raw));

if (import.meta.main) {
  const port = wantedPort();
  const server = await serve((request) => web.fetch(request), port ?? 0);
  if (port === undefined) {
    await sendInvoice(4711, "ada@example.org");
    for (const user of ["nobody", "support"]) {
      const page = await fetch(`${server.url}/huey/q/shop/list/waiting`, { headers: { "x-user": user } });
      const text = await page.text();
      console.log(user, page.status, text.includes("invoice: 4711"), text.includes("ada@example.org"));
    }
    await server.stop();
    await huey.close();
  } else {
    console.log(`Listening at ${server.url}/huey/`);
  }
}

// Output:
// nobody 401 false false
// support 200 true false

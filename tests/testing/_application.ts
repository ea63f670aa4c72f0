/**
 * An application as a user writes it: a module that exports its own Huey, and a request handler that enqueues.
 * @module
 */
import process from "node:process";
import { crontab, type Huey, SqliteHuey, type TaskWrapper } from "../../mod.ts";

export const huey: Huey = process.env["SHOP_ENV"] === "test"
  ? new (await import("../../testing/mod.ts")).TestHuey({ now: new Date("2026-01-05T08:00:00Z") })
  : new SqliteHuey({ filename: process.env["SHOP_DATABASE"] ?? ":memory:" });

/** What was sent. */
export const sent: string[] = [];
let attempts = 0;

export const mail: TaskWrapper<[to: string], string> = huey.task(
  { name: "mail", retries: 2, retryDelay: { minutes: 5 } },
  (to: string) => {
    if (++attempts % 2 === 1) throw new Error("the mail server is busy");
    sent.push(to);
    return `sent to ${to}`;
  },
);

export const report: TaskWrapper<[], void> = huey.periodicTask(
  "report",
  crontab({ minute: 0, hour: 9 }),
  () => void sent.push("report"),
);

/** The web part of the application. */
export async function handle(request: Request): Promise<Response> {
  const email = new URL(request.url).searchParams.get("email");
  if (email === null || !email.includes("@")) return new Response("no address", { status: 400 });
  const { id } = await mail(email);
  return Response.json({ id }, { status: 202 });
}

/**
 * Everybody who looks at a queue: commands, the dashboard, statistics, health and metrics. Whatever is stored there, they go on, and tell
 * nothing that a terminal would obey.
 * @module
 */
import { checkQueue } from "../../consumer/health/queue_health.ts";
import { lookAtGauges } from "../../consumer/health/gauges.ts";
import { metricsText } from "../../consumer/health/metrics.ts";
import { parseCommandCall } from "../../consumer/commands/arguments.ts";
import { findCommand } from "../../consumer/commands/commands.ts";
import { Printer } from "../../consumer/commands/printer.ts";
import { dashboard } from "../../dashboard/mod.ts";
import { ROUTES } from "../../dashboard/routes.ts";
import { coreOf } from "../../lib/core/core.ts";
import type { Huey } from "../../lib/huey/huey.ts";

const COMMANDS: readonly (readonly [string, ...string[]])[] = [
  ["status"],
  ["stats"],
  ...["waiting", "scheduled", "blocked", "running", "failed", "dead", "periodic", "consumers", "recent", "results"].map((
    what,
  ) => ["list", what] as const),
];

/** What a terminal obeys, beside the ends of lines. */
// deno-lint-ignore no-control-regex -- these are what must not be there
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/**
 * Looks at everything that can be seen of a queue.
 *
 * @param huey The queue.
 * @param ids Of tasks that are looked at one by one.
 * @returns what went wrong
 */
export async function lookAtEverything(huey: Huey, ids: readonly string[]): Promise<string[]> {
  const core = coreOf(huey)!;
  const wrong: string[] = [];
  for (const json of [false, true]) {
    for (const [name, ...args] of [...COMMANDS, ...ids.map((id) => ["show", id] as const)]) {
      const text = await commanded(huey, name, json, args).catch((error) => `failed: ${(error as Error).message}`);
      if (/^failed/.test(text)) wrong.push(`${name} ${args}: ${text}`);
      if (!json && OBEYED.test(text)) wrong.push(`${name} ${args} lets through ${JSON.stringify(OBEYED.exec(text)![0])}`);
    }
  }
  const handler = dashboard(huey);
  const home = await (await handler(new Request("http://localhost/"))).text();
  const slug = /\/q\/([^/"]+)\//.exec(home)?.[1] ?? "";
  const pages = ROUTES.filter(({ kind }) => kind === "page").map(({ path }) => path.replace(":queue", slug));
  pages.push(`/q/${slug}/search?q=x`, ...ids.map((id) => `/q/${slug}/invocation?id=${encodeURIComponent(id)}`));
  for (const page of pages) {
    const { status } = await handler(new Request(`http://localhost${page}`));
    if (status >= 500) wrong.push(`${page} is ${status}`);
  }
  const looks = [
    huey.stats(),
    huey.recent(50),
    huey.consumers(),
    huey.periodic(),
    huey.latency(),
    huey.running(),
    huey.blocked(),
  ];
  for (const look of await Promise.allSettled<unknown>(looks)) if (look.status === "rejected") wrong.push(String(look.reason));
  const health = await checkQueue(core, 10_000);
  if (health.waiting === undefined) wrong.push(`health: ${health.reason}`);
  const gauges = await lookAtGauges(core, health, 10_000);
  if (gauges === undefined || metricsText([{ core, gauges }]).length < 100) wrong.push("no metrics");
  return wrong;
}

async function commanded(huey: Huey, name: string, json: boolean, args: readonly string[]): Promise<string> {
  const call = parseCommandCall(findCommand(name)!, ["app.ts", ...args, ...(json ? ["--json"] : [])], false);
  let text = "";
  const printer = new Printer({ json, write: (more) => void (text += more), width: 100, colors: false });
  const { options } = call;
  await call.command.run({ huey, core: coreOf(huey)!, args: call.args, options, printer, complain: () => {} });
  if (json) { for (const line of text.split("\n").filter(Boolean)) JSON.parse(line); }
  return text;
}

/**
 * A dashboard: from a request to its answer.
 * @module
 */
import { type Context, Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { bodyLimit } from "hono/body-limit";
import { type AccessRules, decide, type Decision } from "./access/access.ts";
import { noStore, safeHeaders } from "./access/headers.ts";
import { isOwnPage } from "./access/origin.ts";
import { Session } from "./access/session.ts";
import { Answers } from "./answers.ts";
import { basePath, checkBoard, type DashboardOptions } from "./options.ts";
import { refusedPage, sentencePage } from "./pages/plain.ts";
import type { Board, Visit } from "./parts/visit.ts";
import { makeQueues } from "./queue/queue.ts";
import { Show } from "./queue/shown.ts";
import { methodOf, type Route, ROUTES } from "./routes.ts";
import { warmUp } from "./warm_up.ts";
import type { Huey } from "../lib/huey/huey.ts";
import { toError } from "../lib/primitives/error_record.ts";
import { systemClock } from "../lib/primitives/clock.ts";

/** What the middleware hands to the routes. */
interface Env {
  readonly Variables: { visit: Visit };
}

/** What servers give beside the request: Deno the address of the other side, Bun the server, which knows it. */
interface ServerInfo {
  readonly remoteAddr?: { readonly hostname?: string };
  requestIP?(request: Request): { readonly address: string } | null;
}

const MOST_BYTES = 1_000_000;

/**
 * Makes a dashboard: a standard fetch handler, for `Bun.serve`, `Deno.serve`, Hono, and adapters of Node. It never throws; an unknown
 * path is 404. Without `token` and `authorize` it answers only requests whose `Host` is this computer.
 *
 * @param hueys The queue, or several.
 * @param options Where it is mounted, who may use it, and what it shows.
 * @returns The handler.
 * @throws {TypeError} For what is no Huey, or a wrong option.
 * @throws {ConfigurationError} For a token that can be guessed, or one together with `authorize`.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 * import { dashboard } from "@hueyjs/huey/dashboard";
 *
 * const huey = new MemoryHuey("shop");
 * const handler = dashboard(huey, { path: "/huey" });
 * const response = await handler(new Request("http://localhost/huey/"));
 * console.log(response.status); // 200
 * ```
 */
export function dashboard(
  hueys: Huey | readonly Huey[],
  options: DashboardOptions = {},
): (request: Request) => Promise<Response> {
  return makeDashboard(hueys, options).handler;
}

/** A dashboard, and what makes it quick from its first page on. */
export interface ReadyDashboard {
  readonly handler: (request: Request, ...info: unknown[]) => Promise<Response>;
  /** See warm_up.ts. */
  warmUp(): Promise<void>;
}

/**
 * Makes a dashboard for a server of its own.
 *
 * @param hueys As for `dashboard`.
 * @param options As for `dashboard`.
 */
export function makeDashboard(hueys: Huey | readonly Huey[], options: DashboardOptions = {}): ReadyDashboard {
  const list = checkBoard(hueys, options);
  const base = basePath(options.path);
  const queues = makeQueues(list);
  const logger = queues[0]!.core.logger;
  const { token, authorize, readOnly = false } = options;
  const place = JSON.stringify([base, queues.map(({ name }) => name)]);
  const session = token === undefined ? undefined : new Session(token, place, base === "" ? "/" : base, systemClock);
  const board: Board = { base, queues, session, show: new Show(options.show, logger), readOnly, logger, clock: systemClock };
  const app = makeApp(board, { authorize, session, readOnly, logger });
  return {
    handler: async (request, ...info) => await app.fetch(request, { info: info[0] } as never),
    warmUp: () => warmUp(board),
  };
}

function makeApp(board: Board, rules: AccessRules): Hono<Env> {
  // Of hono's routers the one that is ready soonest: the usual one makes the first visitor wait, for speed that nobody needs here.
  const app = new Hono<Env>({ router: new TrieRouter() });
  const answers = new Answers(board);
  app.use(safeHeaders, noStore, async (_context, next) => {
    try {
      await next();
    } catch (thrown) {
      // Anything can be thrown, and Hono answers for errors alone.
      throw toError(thrown);
    }
  });
  app.use(`${board.base}/*`, async (context, next) => {
    const request = context.req.raw;
    const decision = await decide(rules, request);
    const address = addressOf(request, (context.env as { info?: ServerInfo }).info);
    context.set("visit", { board, decision, url: new URL(request.url), request, address });
    if (decision.access === false && !isOpen(board, new URL(request.url).pathname)) {
      context.header("WWW-Authenticate", 'Bearer realm="huey"');
      return answers.plain(context, refusedPage(context.var.visit, rules.authorize !== undefined));
    }
    await next();
  });
  addRoutes(app, board, answers);
  app.notFound((context) => answers.plain(context, sentencePage("Not found", "There is no such page.", 404)));
  app.onError((error, context) => answers.failed(context, error));
  return app;
}

/** The few paths that need no access; whatever is not in the table does. */
function isOpen({ base }: Board, path: string): boolean {
  return ROUTES.some((route) => route.right === "none" && `${base}${route.path}` === path);
}

function addRoutes(app: Hono<Env>, { base }: Board, answers: Answers): void {
  const limit = bodyLimit({
    maxSize: MOST_BYTES,
    onError: (context) => answers.plain(context, sentencePage("Too large", "The form is too large.", 413)),
  });
  for (const route of ROUTES) {
    // At /huey is what is at /huey/.
    const path = route.path === "/" && base !== "" ? [base, `${base}/`] : [`${base}${route.path}`];
    if (methodOf(route) === "GET") app.on("GET", path, (context) => guarded(route, context, answers));
    else app.on("POST", path, limit, (context) => guarded(route, context, answers));
  }
  for (const path of new Set(ROUTES.map((route) => route.path))) {
    const methods = ROUTES.filter((route) => route.path === path).map(methodOf);
    const allowed = methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]).join(", ");
    app.all(`${base}${path}`, (context) => {
      context.header("Allow", allowed);
      return answers.plain(context, sentencePage("Not allowed", "This address is not used in this way.", 405));
    });
  }
}

/** Every request passes here: by the row of the table alone it is let through. */
async function guarded(route: Route, context: Context<Env>, answers: Answers): Promise<Response> {
  const { visit } = context.var;
  if (methodOf(route) === "POST" && !isOwnPage(visit.request)) {
    return await answers.plain(
      context,
      sentencePage("Refused", "This request does not come from a page of this dashboard.", 403),
    );
  }
  if (!isAllowed(route, visit.decision)) {
    return await answers.plain(context, sentencePage("Refused", "You may look, and not act.", 403));
  }
  return await answers.answer(context, route, visit);
}

function isAllowed({ right }: Route, { access }: Decision): boolean {
  if (right === "none") return true;
  if (right === "read") return access === "read" || access === "write";
  return right === "write" && access === "write";
}

function addressOf(request: Request, info: ServerInfo | undefined): string | undefined {
  try {
    const address = info?.remoteAddr?.hostname ?? info?.requestIP?.(request)?.address;
    return typeof address === "string" ? address.slice(0, 100) : undefined;
  } catch {
    return undefined; // it is for the log alone
  }
}

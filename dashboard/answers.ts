/**
 * Answers for the rows of the table of routes.
 * @module
 */
import type { Context } from "hono";
import { isSecure } from "./access/session.ts";
import { backTo, Mistake } from "./actions/form.ts";
import { answerEvents } from "./events.ts";
import { enqueueForm } from "./pages/enqueue.ts";
import { homePage, loginPage, sentencePage } from "./pages/plain.ts";
import { overviewPage } from "./pages/overview.ts";
import { knownId } from "./pages/search.ts";
import type { Html } from "./parts/html.ts";
import { type Content, plainPage, queuePage } from "./parts/layout.ts";
import { type Board, queueLink, type QueueVisit, type Visit } from "./parts/visit.ts";
import { Pulse } from "./pulse.ts";
import { Counts } from "./queue/counts.ts";
import { asked, Unavailable } from "./queue/patience.ts";
import type { Queue } from "./queue/queue.ts";
import { type ActionRoute, type OwnRoute, type PageRoute, type Route, SEARCH_PAGE } from "./routes.ts";

const SEE_OTHER = 303;
const LOGGED_IDS = 20;
/** The address of a file names its version: another text has another address. */
const KEPT = "public, max-age=31536000, immutable";

/** Makes the answers of one dashboard. */
export class Answers {
  readonly #board: Board;
  readonly #pulses: ReadonlyMap<Queue, Pulse>;

  /** @param board The dashboard. */
  constructor(board: Board) {
    this.#board = board;
    this.#pulses = new Map(board.queues.map((queue) => [queue, new Pulse(queue, board.clock)]));
  }

  /** The answer of a route, for who is allowed to have it. */
  async answer(context: Context, route: Route, visit: Visit): Promise<Response> {
    if (route.kind === "file") {
      const { type, text, version } = route.file;
      if (visit.url.searchParams.get("v") === version) context.header("Cache-Control", KEPT);
      return context.body(text, 200, { "Content-Type": type });
    }
    if (route.kind === "own" && route.name in this.#simple) return await this.#simple[route.name]!(context, visit);
    const slug = context.req.param("queue");
    const queue = this.#board.queues.find((each) => each.slug === slug);
    if (queue === undefined) return await this.plain(context, sentencePage("Not found", "There is no such queue.", 404));
    const queueVisit = this.#visitOf(visit, queue);
    if (route.kind === "own") return await this.#own(context, route, queueVisit);
    return route.kind === "page" ? await this.#page(context, queueVisit, route) : await this.#act(context, queueVisit, route);
  }

  /** A page that belongs to no queue. */
  async plain(context: Context, content: Content): Promise<Response> {
    const visit: Visit = context.get("visit") ?? {
      board: this.#board,
      decision: { access: false, who: "nobody" },
      url: new URL(context.req.url),
      request: context.req.raw,
      address: undefined,
    };
    return await send(context, await plainPage(visit, content), content.status);
  }

  /** The answer to what has failed. What went wrong is for the log: it may name servers, files and secrets. */
  async failed(context: Context, error: Error): Promise<Response> {
    if (error instanceof Mistake) return await this.plain(context, sentencePage("That cannot be done", error.message, 400));
    if (error instanceof Unavailable) {
      this.#board.logger.warn(`Dashboard: ${error.message}`, { error: error.cause });
      return await this.plain(context, sentencePage("No answer", `${error.message}. The log says more.`, 503));
    }
    this.#board.logger.error(`Dashboard: ${context.req.method} ${context.req.path} failed`, { error });
    return await this.plain(context, sentencePage("Something went wrong", "The log says more.", 500));
  }

  readonly #simple: Partial<Record<OwnRoute["name"], (context: Context, visit: Visit) => Promise<Response> | Response>> = {
    home: async (context, visit) => {
      const [queue, ...others] = this.#board.queues;
      if (others.length > 0) return await this.plain(context, await homePage(visit));
      return await this.#page(context, this.#visitOf(visit, queue!), { page: overviewPage });
    },
    changes: (context) => answerEvents(context, [...this.#pulses.values()] as [Pulse, ...Pulse[]], this.#board.clock),
    login: (context, visit) => this.plain(context, loginPage(visit, false, this.#board.session === undefined ? 404 : 200)),
    enter: async (context, visit) => {
      const { session, logger, base } = this.#board;
      const given = (await readForm(context)).get("token") ?? "";
      if (session === undefined) return await this.plain(context, sentencePage("Not found", "There is no login.", 404));
      if (!session.isToken(given)) {
        logger.warn("Dashboard: somebody has typed a wrong token", { address: visit.address });
        return await this.plain(context, loginPage(visit, true, 401));
      }
      context.header("Set-Cookie", session.open(isSecure(visit.request)));
      return context.redirect(`${base}/`, SEE_OTHER);
    },
    logout: (context, visit) => {
      const { session, base } = this.#board;
      if (session !== undefined) context.header("Set-Cookie", session.end(isSecure(visit.request)));
      return context.redirect(`${base}/`, SEE_OTHER);
    },
  };

  #visitOf(visit: Visit, queue: Queue): QueueVisit {
    return { ...visit, queue, counts: new Counts(queue), nowMs: queue.core.clock.now() };
  }

  async #own(context: Context, { name }: OwnRoute, visit: QueueVisit): Promise<Response> {
    if (name === "events") return answerEvents(context, [this.#pulses.get(visit.queue)!], this.#board.clock);
    if (name === "queue") return context.redirect(queueLink(visit, ""), 302);
    const id = await this.#asked(visit, knownId(visit));
    if (id !== undefined) return context.redirect(queueLink(visit, "invocation", { id }), 302);
    return await this.#page(context, visit, { page: SEARCH_PAGE });
  }

  async #page(context: Context, visit: QueueVisit, { page }: Pick<PageRoute, "page">): Promise<Response> {
    const content = await this.#asked(visit, Promise.resolve(page(visit)));
    return await this.#queuePage(context, visit, content);
  }

  async #queuePage(context: Context, visit: QueueVisit, content: Content): Promise<Response> {
    return await send(context, await this.#asked(visit, queuePage(visit, content)), content.status);
  }

  async #act(context: Context, visit: QueueVisit, { path, act }: ActionRoute): Promise<Response> {
    const form = await readForm(context);
    const action = path.slice(path.lastIndexOf("/") + 1);
    try {
      const done = await this.#asked(visit, act(visit, form));
      this.#log(visit, action === "all" ? `${form.get("action")} of all that match` : action, done.ids, done.number);
      const counted: Record<string, string> = done.ids.length > 0
        ? { n: String(done.number), of: String(done.ids.length) }
        : {};
      const back = done.path === undefined ? form : new URLSearchParams({ back: done.path });
      const path = backTo(back, this.#board.base, queueLink(visit, ""), { done: done.word, ...counted });
      return context.redirect(path, SEE_OTHER);
    } catch (error) {
      if (!(error instanceof Mistake) || action !== "enqueue") throw error;
      const [task = "", args = "", delay = "", priority = ""] = ["task", "args", "delay", "priority"].map((key) =>
        form.get(key) ?? ""
      );
      return await this.#queuePage(context, visit, enqueueForm(visit, { task, args, delay, priority, problem: error.message }));
    }
  }

  /** One line for each action: who, what, which. */
  #log({ queue, decision, address }: QueueVisit, action: string, ids: readonly string[], number: number): void {
    const who = address === undefined ? decision.who : `${decision.who} (${address})`;
    const which = ids.length === 0 ? "" : `: ${ids.slice(0, LOGGED_IDS).join(", ")}${ids.length > LOGGED_IDS ? ", ..." : ""}`;
    this.#board.logger.info(`Dashboard: ${action} on queue "${queue.name}" by ${who}, ${number} of ${ids.length || 1}${which}`);
  }

  async #asked<T>({ queue }: QueueVisit, work: Promise<T>): Promise<T> {
    return await asked(this.#board.clock, queue.name, work);
  }
}

async function send(context: Context, page: Awaited<Html>, status: number = 200): Promise<Response> {
  return await context.html(page, status as 200);
}

/** Only what forms send: a body in any other form is none. */
async function readForm(context: Context): Promise<URLSearchParams> {
  const type = context.req.header("content-type") ?? "";
  if (/^application\/x-www-form-urlencoded/i.test(type)) return new URLSearchParams(await context.req.text());
  if (!/^multipart\/form-data/i.test(type)) return new URLSearchParams();
  const form = await context.req.formData().catch(() => {
    throw new Mistake("The form cannot be read");
  });
  const texts = [...form].filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return new URLSearchParams(texts);
}

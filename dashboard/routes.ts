/**
 * The table of routes: what there is, and what one must be allowed to do there. What is not in it is refused.
 * @module
 */
import { type AssetFile, FILES } from "./assets/files.ts";
import { enqueueTyped, holdTask, pauseQueue, releaseTask, resumeQueue, runPeriodic } from "./actions/queue_actions.ts";
import { actOnAll, actOnChosen, type Done } from "./actions/task_actions.ts";
import { confirmPage } from "./pages/confirm.ts";
import { consumersPage } from "./pages/consumers.ts";
import { enqueuePage } from "./pages/enqueue.ts";
import { failuresPage } from "./pages/failures.ts";
import { invocationPage } from "./pages/invocation.ts";
import { listPage } from "./pages/list.ts";
import { overviewPage } from "./pages/overview.ts";
import { periodicPage } from "./pages/periodic.ts";
import { searchPage } from "./pages/search.ts";
import { taskPage } from "./pages/task.ts";
import { tasksPage } from "./pages/tasks.ts";
import type { Content } from "./parts/layout.ts";
import type { QueueVisit } from "./parts/visit.ts";
import { LISTS } from "./queue/lists.ts";

/** What is needed for a route: nothing, that one may look, or that one may act. */
export type Right = "none" | "read" | "write";

/** What every route has. */
interface Entry {
  readonly path: string;
  readonly right: Right;
}

/** A file. */
export interface FileRoute extends Entry {
  readonly kind: "file";
  readonly file: AssetFile;
}

/** A page of a queue; the path stands below that of the queue. */
export interface PageRoute extends Entry {
  readonly kind: "page";
  readonly page: (visit: QueueVisit) => Promise<Content> | Content;
}

/** An action; POST only. */
export interface ActionRoute extends Entry {
  readonly kind: "action";
  readonly act: (visit: QueueVisit, form: URLSearchParams) => Promise<Done>;
}

/** One that is answered by the dashboard itself, by its name. */
export interface OwnRoute extends Entry {
  readonly kind: "own";
  readonly method: "GET" | "POST";
  readonly name: "home" | "changes" | "queue" | "login" | "enter" | "logout" | "events" | "search";
}

/** A row of the table. */
export type Route = FileRoute | PageRoute | ActionRoute | OwnRoute;

/** Below it are the pages of a queue. */
export const QUEUE = "/q/:queue";

function page(path: string, make: PageRoute["page"], right: Right = "read"): PageRoute {
  return { kind: "page", path: `${QUEUE}/${path}`, right, page: make };
}

function action(path: string, act: ActionRoute["act"]): ActionRoute {
  return { kind: "action", path: `${QUEUE}/act/${path}`, right: "write", act };
}

function own(method: "GET" | "POST", path: string, right: Right, name: OwnRoute["name"]): OwnRoute {
  return { kind: "own", method, path, right, name };
}

/** All routes. */
export const ROUTES: readonly Route[] = [
  ...Object.entries(FILES).map(([name, file]): FileRoute => ({ kind: "file", path: `/assets/${name}`, right: "none", file })),
  own("GET", "/login", "none", "login"),
  own("POST", "/login", "none", "enter"),
  own("POST", "/logout", "read", "logout"),
  own("GET", "/", "read", "home"),
  own("GET", "/events", "read", "changes"),
  own("GET", QUEUE, "read", "queue"),
  page("", overviewPage),
  page("tasks", tasksPage),
  page("task", taskPage),
  ...LISTS.map((list) => page(`list/${list}`, (visit) => listPage(visit, list))),
  own("GET", `${QUEUE}/search`, "read", "search"),
  page("invocation", invocationPage),
  page("failures", failuresPage),
  page("periodic", periodicPage),
  page("consumers", consumersPage),
  page("enqueue", enqueuePage, "write"),
  page("confirm", confirmPage, "write"),
  own("GET", `${QUEUE}/events`, "read", "events"),
  action("cancel", (visit, form) => actOnChosen(visit, "cancel", form)),
  action("restore", (visit, form) => actOnChosen(visit, "restore", form)),
  action("retry", (visit, form) => actOnChosen(visit, "retry", form)),
  action("run-now", (visit, form) => actOnChosen(visit, "run-now", form)),
  action("delete", (visit, form) => actOnChosen(visit, "delete", form)),
  action("all", actOnAll),
  action("pause", pauseQueue),
  action("resume", resumeQueue),
  action("hold", holdTask),
  action("release", releaseTask),
  action("run", runPeriodic),
  action("enqueue", enqueueTyped),
];

/** The page of a search, which goes straight to a task whose id was typed. */
export const SEARCH_PAGE: PageRoute["page"] = searchPage;

/** The method of a route. */
export function methodOf(route: Route): "GET" | "POST" {
  return route.kind === "own" ? route.method : route.kind === "action" ? "POST" : "GET";
}

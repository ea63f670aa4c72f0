/**
 * `list`: what is in a queue, by what becomes of it.
 * @module
 */
import { nameAndMessage } from "../../lib/primitives/error_record.ts";
import { nearest } from "../../lib/primitives/arguments.ts";
import type { TaskInfo } from "../../lib/types/calling.ts";
import type { ConsumerInfo, DeadLetter, PeriodicInfo, RunningTask } from "../../lib/types/operating.ts";
import type { RecentTask } from "../../lib/types/statistics.ts";
import { type Command, FAILED, isKnownTask, type Request } from "./command.ts";
import { ARGUMENTS, ID, ID_AND_NAME, NAME, showAge, showSeconds, showTime, taskRecord } from "./records.ts";

const DEFAULT_LIMIT = 50;
/** Of one task there may be few among many: so many are looked at. */
const MOST_LOOKED = 10_000;

/** Prints one of the lists. @returns an exit code, unless it is done in any case */
type List = (request: Request, limit: number) => Promise<number | void>;

const LISTS: Readonly<Record<string, List>> = {
  waiting: (request, limit) => listTasks(request, "waits", (most) => request.huey.pending(most), limit),
  scheduled: (request, limit) => listTasks(request, "is scheduled", (most) => request.huey.scheduled(most), limit),
  blocked: (request, limit) => listTasks(request, "is blocked", (most) => request.huey.blocked(most), limit),
  running: listRunning,
  failed: (request, limit) => listLetters(request, limit, ["failed"]),
  dead: (request, limit) => listLetters(request, limit, ["unknown", "unreadable"]),
  recent: listRecent,
  results: listResults,
  periodic: listPeriodic,
  consumers: listConsumers,
};

/** The lists that hold no tasks, so that none can be asked for. */
const WITHOUT_TASKS: ReadonlySet<string> = new Set(["results", "consumers"]);

/** `list APP waiting`. */
export const list: Command = {
  name: "list",
  form: Object.keys(LISTS).join("|"),
  help: "what is there, in short",
  least: 1,
  options: ["task", "limit"],
  watch: true,
  check: ([what = ""], { task }) => {
    if (!Object.hasOwn(LISTS, what)) {
      const meant = nearest(what, Object.keys(LISTS));
      const names = meant === undefined ? `there are ${Object.keys(LISTS).join(", ")}` : `did you mean ${meant}?`;
      return `There is no list ${JSON.stringify(what)}, ${names}`;
    }
    return task !== undefined && WITHOUT_TASKS.has(what) ? `--task means nothing to list ${what}` : undefined;
  },
  run: async (request) => {
    const { args: [what = ""], options } = request;
    // Of the dead some are of tasks that nobody knows: there it is asked when none is found.
    if (options.task !== undefined && what !== "dead" && what !== "failed" && !isKnownTask(request, options.task)) {
      return FAILED;
    }
    return await LISTS[what]!(request, options.limit ?? DEFAULT_LIMIT);
  },
};

/** Those of one task, if one is asked for. */
function ofTask<T>(
  { options: { task } }: Request,
  items: readonly T[],
  nameOf: (item: T) => string | undefined,
  limit: number,
): T[] {
  return (task === undefined ? [...items] : items.filter((item) => nameOf(item) === task)).slice(0, limit);
}

function mostOf({ options: { task } }: Request, limit: number): number {
  return task === undefined ? limit : MOST_LOOKED;
}

async function listTasks(
  request: Request,
  verb: string,
  read: (limit: number) => Promise<readonly TaskInfo[]>,
  limit: number,
): Promise<void> {
  const tasks = ofTask(request, await read(mostOf(request, limit)), ({ name }) => name, limit);
  const nowMs = request.core.clock.now();
  const hasEta = tasks.some(({ eta }) => eta !== undefined);
  const columns = [
    ...ID_AND_NAME,
    ...hasEta ? [{ title: "DUE", text: ({ eta }: TaskInfo) => showAge(eta, nowMs) }] : [],
    { title: "CALLED", text: ({ enqueuedAt }: TaskInfo) => showAge(enqueuedAt, nowMs) },
    ARGUMENTS,
  ];
  request.printer.table(tasks.map((task) => taskRecord(task)), columns, `Nothing ${verb}`);
}

async function listRunning(request: Request, limit: number): Promise<void> {
  const running = ofTask(request, await request.huey.running(mostOf(request, limit)), ({ name }) => name, limit);
  const nowMs = request.core.clock.now();
  const rows = running.map((task) =>
    taskRecord(task, ["worker", "consumer", "startedAt", "deliveries", "attempt"]) as RunningTask
  );
  request.printer.table(rows, [
    ...ID_AND_NAME,
    { title: "SINCE", text: ({ startedAt }) => showSeconds((nowMs - startedAt.getTime()) / 1000) },
    { title: "ATTEMPT", text: ({ attempt }) => String(attempt), alignRight: true },
    { title: "WORKER", text: ({ worker }) => worker },
    { title: "CONSUMER", text: ({ consumer }) => consumer },
    ARGUMENTS,
  ], "Nothing runs");
}

async function listLetters(request: Request, limit: number, kinds: readonly DeadLetter["kind"][]): Promise<number | void> {
  const { huey, options: { task }, printer, core } = request;
  const nowMs = core.clock.now();
  const found = await Promise.all(
    kinds.map((kind) => huey.deadLetters({ kind, limit, ...task === undefined ? {} : { taskName: task } })),
  );
  const letters = found.flat().sort((one, other) => other.at.getTime() - one.at.getTime()).slice(0, limit);
  if (letters.length === 0 && task !== undefined && !isKnownTask(request, task)) return FAILED;
  const rows = letters.map(({ data: _data, task: info, ...letter }) => ({ ...letter, task: info && taskRecord(info) }));
  const isFailed = kinds.includes("failed");
  printer.table(rows, [
    { title: "ID", text: ({ taskId, id }) => taskId ?? id, keep: true },
    { title: "TASK", text: ({ taskName }) => taskName ?? "-", tone: () => "bold" },
    { title: "WHEN", text: ({ at }) => showAge(at, nowMs) },
    isFailed
      ? { title: "ATTEMPTS", text: ({ attempts }) => String(attempts ?? "-"), alignRight: true }
      : { title: "KIND", text: ({ kind }) => kind },
    {
      title: "REASON",
      text: ({ error, reason }) => error === undefined ? reason : nameAndMessage(error),
      tone: () => "red",
    },
  ], isFailed ? "Nothing has failed" : "Nothing is set aside");
}

async function listRecent(request: Request, limit: number): Promise<void> {
  const recent = ofTask(request, await request.huey.recent(), ({ name }) => name, limit);
  const nowMs = request.core.clock.now();
  request.printer.table<RecentTask>(recent, [
    ...ID_AND_NAME,
    { title: "ENDED", text: ({ endedAt }) => showAge(endedAt, nowMs) },
    { title: "AS", text: ({ outcome }) => outcome, tone: ({ outcome }) => outcome === "complete" ? "green" : "yellow" },
    {
      title: "RAN",
      text: ({ startedAt, endedAt }) => showSeconds(startedAt && (endedAt.getTime() - startedAt.getTime()) / 1000),
      alignRight: true,
    },
    { title: "ATTEMPTS", text: ({ attempts }) => String(attempts), alignRight: true },
    { title: "WORKER", text: ({ worker }) => worker },
  ], "Nothing has ended yet, as far as is known");
}

/** What waits to be read. The values themselves are shown one by one, by `show`. */
async function listResults({ core, printer }: Request, limit: number): Promise<void> {
  const entries = [...await core.storage.results.entries()].slice(0, limit);
  printer.table(entries.map(([id, { length }]) => ({ id, bytes: length })), [
    ID,
    { title: "BYTES", text: ({ bytes }) => String(bytes), alignRight: true },
  ], "No result waits to be read");
}

async function listPeriodic(request: Request, limit: number): Promise<void> {
  const periodic = ofTask(request, await request.huey.periodic(), ({ name }) => name, limit);
  const nowMs = request.core.clock.now();
  request.printer.table<PeriodicInfo>(periodic, [
    NAME,
    { title: "SCHEDULE", text: ({ schedule }) => schedule },
    { title: "NEXT", text: ({ next, revoked }) => revoked ? "held back" : showAge(next, nowMs) },
    { title: "AT", text: ({ next }) => showTime(next), tone: () => "dim" },
    { title: "LAST", text: ({ last }) => showAge(last, nowMs) },
  ], "The application has no periodic task");
}

async function listConsumers({ huey, core, printer }: Request, limit: number): Promise<void> {
  const nowMs = core.clock.now();
  printer.table<ConsumerInfo>((await huey.consumers()).slice(0, limit), [
    ID,
    { title: "HOST", text: ({ host }) => host },
    { title: "PID", text: ({ pid }) => String(pid), alignRight: true },
    { title: "RUNTIME", text: ({ runtime }) => runtime },
    { title: "WORKERS", text: ({ workerType }) => workerType },
    { title: "BUSY", text: ({ busy, slots }) => `${busy} of ${slots}`, alignRight: true },
    { title: "MEMORY", text: ({ memoryBytes }) => `${Math.round(memoryBytes / 1e6)} MB`, alignRight: true },
    { title: "STARTED", text: ({ startedAt }) => showAge(startedAt, nowMs) },
    {
      title: "LEASE",
      text: ({ silent, expiresAt }) => silent ? "silent" : showAge(expiresAt, nowMs),
      tone: ({ silent }) => silent ? "red" : undefined,
    },
  ], "No consumer serves the queue");
}

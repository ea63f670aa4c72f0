import { afterAll, describe, expect, test } from "bun:test";
import type { HueyOptions } from "../../mod.ts";
import { parseCommandCall } from "../../consumer/commands/arguments.ts";
import { COMMANDS, findCommand } from "../../consumer/commands/commands.ts";
import { showSeconds } from "../../consumer/commands/records.ts";
import { readDurationMs } from "../../consumer/options/read_arguments.ts";
import { commandHelp, commandsHelp } from "../../consumer/commands/help.ts";
import { every } from "../../mod.ts";
import { TestHuey } from "../../testing/mod.ts";
import { memory, silent, work } from "../helpers.ts";
import { type Left, run } from "./_commands.ts";
import { Folder } from "./_folder.ts";
import { HERE } from "./_program.ts";

const NOON = new Date("2030-05-14T12:00:30Z");
/** Starting the processes of a machine that has other work takes long. */
const SLOW = 240_000;

/** What is wrong with arguments. */
function refusal(name: string, ...args: string[]): string {
  try {
    parseCommandCall(findCommand(name)!, args, false);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error(`Nothing is wrong with ${name} ${args.join(" ")}`);
}

/** A queue with something in each list. */
async function full(options: HueyOptions = {}): Promise<TestHuey> {
  const huey = new TestHuey({ now: NOON, logger: silent, ...options });
  const add = huey.task("add", (a: number, b: number) => a + b);
  const bad = huey.task({ name: "bad", retries: 1 }, (text: string) => {
    throw new RangeError(`bad ${text}`);
  });
  const single = huey.task({ name: "single", concurrency: 1 }, () => {});
  huey.periodicTask("tick", every({ hours: 1 }), () => {});
  await add.with({ id: "done" })(1, 2);
  await bad.with({ id: "broken" })("\u001b[31mx");
  await huey.drain();
  await add.with({ id: "waits", meta: { tenant: "a" } })(3, 4);
  await add.with({ id: "later", delay: 3600 })(5, 6);
  await single.with({ id: "first" })();
  await single.with({ id: "second" })();
  return huey;
}

const ids = ({ rows }: Left): unknown[] => rows.map(({ id }) => id);

describe("list", () => {
  test("shows what is there, for people and as JSON", async () => {
    const huey = await full();
    expect(ids(await run(huey, "list", "waiting", "--json"))).toEqual(["waits", "first"]);
    expect((await run(huey, "list", "waiting", "--json", "--task", "add")).rows).toMatchObject([
      { id: "waits", name: "add", args: [3, 4], meta: { tenant: "a" }, enqueuedAt: NOON.toISOString() },
    ]);
    expect(ids(await run(huey, "list", "scheduled", "--json"))).toEqual(["later"]);
    expect(ids(await run(huey, "list", "blocked", "--json"))).toEqual(["second"]);
    expect(ids(await run(huey, "list", "recent", "--json"))).toEqual(["broken", "done"]);
    expect(ids(await run(huey, "list", "results", "--json")).toSorted()).toEqual(["broken", "done"]);
    expect(ids(await run(huey, "list", "waiting", "--json", "--limit", "1"))).toEqual(["waits"]);
    expect((await run(huey, "list", "failed", "--json")).rows).toMatchObject([
      {
        kind: "failed",
        taskId: "broken",
        taskName: "bad",
        attempts: 2,
        error: { name: "RangeError", message: "bad \u001b[31mx" },
      },
    ]);
    expect((await run(huey, "list", "dead")).text).toBe("Nothing is set aside\n");
    expect((await run(huey, "list", "periodic", "--json")).rows).toMatchObject([{
      name: "tick",
      schedule: "every 3600 s",
      revoked: false,
    }]);
    expect((await run(huey, "list", "consumers")).text).toBe("No consumer serves the queue\n");
    const [head, row] = (await run(huey, "list", "failed")).text.split("\n");
    expect(head).toBe("ID      TASK  WHEN     ATTEMPTS  REASON");
    expect(row).toBe("broken  bad   0 s ago         2  RangeError: bad \\x1b[31mx");
    await huey.close();
  });

  test("shows what runs", async () => {
    const huey = new TestHuey({ now: NOON, logger: silent });
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add.with({ id: "runs" })(1, 2);
    await huey.storage.claim(1, { consumer: "host-1", worker: "Worker-1" });
    expect((await run(huey, "list", "running", "--json")).rows).toMatchObject([
      {
        id: "runs",
        name: "add",
        worker: "Worker-1",
        consumer: "host-1",
        deliveries: 1,
        attempt: 1,
        startedAt: NOON.toISOString(),
      },
    ]);
    await huey.close();
  });

  test("does not know every task", async () => {
    const huey = await full();
    const { code, complaints } = await run(huey, "list", "waiting", "--task", "ad");
    expect({ code, complaints }).toEqual({ code: 1, complaints: ['There is no task "ad", did you mean "add"?'] });
    for (const [command, what] of [["list", "failed"], ["list", "dead"], ["retry", "--all"]] as const) {
      expect(await run(huey, command, what, "--task", "ad")).toMatchObject({ code: 1, text: "", complaints });
      expect((await run(huey, command, what, "--task", "add")).code).toBe(0);
    }
    await huey.close();
  });
});

describe("status and stats", () => {
  test("tell how a queue is", async () => {
    const huey = await full();
    expect((await run(huey, "status", "--json")).rows).toMatchObject([
      { queue: "huey", paused: false, waiting: 2, scheduled: 1, blocked: 1, running: 0, failed: 1, dead: 0, consumers: [] },
    ]);
    const { text } = await run(huey, "status");
    expect(text).toMatch(
      /^Queue "huey"\n! No consumer serves this queue: 2 tasks wait\n {2}Start one: huey-consumer APP\n/,
    );
    expect(text).toContain("\n! 1 task failed in the last 5 minutes: bad 1\n");
    expect(text).toContain("\nwaiting     2\nscheduled   1\nblocked     1\n");
    expect(text).toContain("per minute  1.2 enqueued, 0.2 completed, 0.2 failed, 0.2 retried\n");
    await huey.close();
  });

  test("tell what has happened", async () => {
    const huey = await full();
    const [{ rows, totals }] = (await run(huey, "stats", "--json", "--since", "2h")).rows as [
      { rows: object[]; totals: object },
    ];
    expect(totals).toMatchObject({ enqueued: 6, completed: 1, failed: 1, retried: 1 });
    expect(rows).toMatchObject([{ taskName: "add" }, { taskName: "bad" }, { taskName: "single" }]);
    expect((await run(huey, "stats")).text.split("\n").map((line) => line.split(/ +/).slice(0, 4))).toEqual([
      ["Queue", '"huey"', "since", "2030-05-14T11:00:30Z"],
      ["TASK", "ENQUEUED", "COMPLETED", "FAILED"],
      ["add", "3", "1", "-"],
      ["bad", "1", "-", "1"],
      ["single", "2", "-", "-"],
      [""],
    ]);
    expect((await run(huey, "stats", "--task", "none")).code).toBe(1);
    await huey.close();
  });
});

describe("show", () => {
  test("tells everything of one, and takes nothing", async () => {
    const huey = await full();
    for (let look = 0; look < 2; look++) {
      expect((await run(huey, "show", "done", "--json")).rows).toMatchObject([{ id: "done", state: "complete", value: 3 }]);
    }
    expect((await run(huey, "show", "broken", "--json")).rows).toMatchObject([
      {
        id: "broken",
        name: "bad",
        state: "failed",
        attempts: 2,
        error: { name: "RangeError" },
        deadLetter: { kind: "failed" },
      },
    ]);
    const { text } = await run(huey, "show", "broken");
    expect(text).toContain("error         RangeError: bad \\x1b[31mx\n  RangeError: bad \\x1b[31mx\n      at ");
    expect((await run(huey, "show", "later")).text).toContain("arguments     5, 6\n");
    expect(await run(huey, "show", "nothing")).toMatchObject({ code: 1, text: "" });
    await huey.close();
  });

  test("tells each attempt with its error and its lines, each once, and a timeline", async () => {
    const huey = memory();
    const pay = huey.task({ name: "pay", context: true, retries: 1 }, (context) => {
      context.logger.info(`asks the bank \u001b[31m ${context.attempt}`);
      throw new RangeError(`no luck ${context.attempt}`);
    });
    for (const retryDelay of [0, 60]) {
      const { id } = await pay.with({ retryDelay })();
      const ends = await work(huey);
      const [row] = (await run(huey, "show", id, "--json")).rows;
      const attempts = Array.from({ length: ends }, (_, at) => at + 1);
      expect(row).toMatchObject({
        attempts: ends,
        history: attempts.map((attempt) => ({
          attempt,
          outcome: "error",
          error: { name: "RangeError", message: `no luck ${attempt}` },
          log: [{ level: "info", text: `asks the bank \u001b[31m ${attempt}` }],
        })),
      });
      const { text } = await run(huey, "show", id);
      for (const attempt of attempts) {
        expect(text.split(`RangeError: no luck ${attempt}\n      at `)).toHaveLength(2);
        expect(text).toContain(`info asks the bank \\x1b[31m ${attempt}\n`);
      }
      expect(text).toMatch(/\nTimeline\n\S+Z {2}Enqueued\n\S+Z {2}Started, on worker-1\n\S+Z {2}Attempt 1 failed, ran for /);
      expect(text).toContain(retryDelay === 0 ? "tried again at once\n" : "tried again after 1 min\n");
      expect(text).toContain(retryDelay === 0 ? "  Failed for good\n" : "  Next attempt\n");
    }
    await huey.close();
  });
});

describe("commands that change something", () => {
  test("call enqueues", async () => {
    const huey = await full();
    const { rows: [called], code } = await run(huey, "call", "add", "--json", "7", "8");
    expect(code).toBe(0);
    expect((await huey.pending()).at(-1)).toMatchObject({ id: called!["id"], args: [7, 8] });
    await run(huey, "call", "add", "1", "--delay", "2d", "--", "-2");
    expect((await huey.scheduled()).at(-1)).toMatchObject({ args: [1, -2], eta: new Date(NOON.getTime() + 2 * 86_400_000) });
    expect((await run(huey, "call", "nothing")).code).toBe(1);
    const waiting = run(huey, "call", "add", "20", "22", "--wait");
    const drained = (async () => {
      while ((await huey.drain()).length === 0);
    })();
    expect((await waiting).text.split("\n")[1]).toBe("42");
    await drained;
    await huey.close();
  });

  test("run-periodic enqueues a periodic task", async () => {
    const huey = await full();
    expect((await run(huey, "run-periodic", "tick")).code).toBe(0);
    expect((await huey.pending()).at(-1)?.name).toBe("tick");
    expect(await run(huey, "run-periodic", "add")).toMatchObject({
      code: 1,
      complaints: ['Task "add" is not periodic: use call'],
    });
    await huey.close();
  });

  test("retry, delete and run-now work on each id", async () => {
    const huey = await full();
    expect(await run(huey, "retry", "broken", "nothing")).toMatchObject({ code: 1, text: "broken runs again\n" });
    expect(await huey.deadLetterCount()).toBe(0);
    await huey.drain();
    expect((await run(huey, "retry", "--all", "--task", "add", "--json")).rows).toEqual([{ retried: 0 }]);
    await huey.advance(1);
    expect((await run(huey, "retry", "--all", "--json")).rows).toEqual([{ retried: 1 }]);
    await huey.drain();
    expect((await run(huey, "delete", "broken")).code).toBe(0);
    expect((await run(huey, "delete", "broken")).code).toBe(1);
    expect((await run(huey, "run-now", "later")).code).toBe(0);
    expect(await huey.scheduledCount()).toBe(0);
    expect((await run(huey, "run-now", "later")).code).toBe(1);
    await huey.close();
  });

  test("revoke and restore work on one, or on a task", async () => {
    const huey = await full();
    expect(await run(huey, "revoke", "waits")).toMatchObject({ code: 0, complaints: [], text: "waits is revoked\n" });
    expect((await run(huey, "revoke", "nothing")).complaints).toHaveLength(1);
    expect((await run(huey, "revoke", "nothing")).code).toBe(0);
    expect((await run(huey, "restore", "waits")).code).toBe(0);
    expect((await run(huey, "restore", "waits")).code).toBe(1);
    expect((await run(huey, "revoke", "--task", "nothing")).code).toBe(1);
    expect((await run(huey, "revoke", "--task", "add")).code).toBe(0);
    expect((await huey.drain()).filter(({ task }) => task.id === "waits")).toMatchObject([{ outcome: "revoked" }]);
    expect((await run(huey, "restore", "--task", "add")).code).toBe(0);
    expect((await run(huey, "restore", "--task", "add")).code).toBe(1);
    await huey.close();
  });

  test("pause, resume and flush work on the queue", async () => {
    const huey = await full();
    expect((await run(huey, "resume")).code).toBe(1);
    expect((await run(huey, "pause", "--for", "10m")).text).toBe('Queue "huey" is paused for 10 min\n');
    expect((await run(huey, "status")).text).toContain('Queue "huey", paused\n');
    expect((await run(huey, "resume")).code).toBe(0);
    expect(await huey.isPaused()).toBe(false);
    expect((await run(huey, "flush", "--yes")).code).toBe(0);
    expect(await huey.pendingCount() + await huey.scheduledCount() + await huey.blockedCount()).toBe(0);
    await huey.close();
  });
});

describe("arguments", () => {
  test("what is wrong is refused before anything is loaded", () => {
    expect(refusal("list", "app.ts", "wating")).toBe('There is no list "wating", did you mean waiting?');
    expect(refusal("list", "app.ts")).toContain("list needs more");
    expect(refusal("status", "app.ts", "more")).toContain('takes no "more"');
    expect(refusal("list", "app.ts", "consumers", "--task", "add")).toBe("--task means nothing to list consumers");
    expect(refusal("list", "app.ts", "waiting", "--limit=-1")).toContain("--limit");
    expect(refusal("list", "app.ts", "waiting", "--limt", "1")).toContain("did you mean --limit?");
    expect(refusal("call", "app.ts", "add", "{a")).toContain("is JSON");
    expect(refusal("call", "app.ts", "add", '{"id": 12345678901234567890}')).toContain("12345678901234567890 has more digits");
    expect(refusal("call", "app.ts", "add", "1e999")).toContain("The number 1e999 has more digits");
    expect(refusal("call", "app.ts", "add", "--delay", "soon")).toContain("--delay must be a length of time");
    expect(refusal("call", "app.ts", "add", "--watch")).toContain("no option --watch");
    expect(refusal("retry", "app.ts")).toContain("or --all");
    expect(refusal("retry", "app.ts", "a", "--all")).toContain("not both");
    expect(refusal("retry", "app.ts", "a", "--task", "add")).toContain("--all");
    expect(refusal("revoke", "app.ts")).toContain("Give an id");
    expect(refusal("revoke", "app.ts", "a", "--task", "add")).toContain("not both");
    expect(refusal("pause", "app.ts", "--for", "1", "--for", "2")).toContain("more than once");
    expect(refusal("flush", "app.ts")).toContain("--yes");
    expect(refusal("status")).toContain("The module of the application is missing");
  });

  test("the application may be left out where it can be found", () => {
    const called = (name: string, ...args: string[]) => {
      const { what, args: rest } = parseCommandCall(findCommand(name)!, args, true);
      return [what, rest];
    };
    const found = { config: undefined, autoload: true };
    expect(called("status")).toEqual([found, []]);
    expect(called("list", "waiting")).toEqual([found, ["waiting"]]);
    expect(called("show", "7f3a")).toEqual([found, ["7f3a"]]);
    expect(called("show", "--config", "other.ts", "-A", "7f3a")).toEqual([{ config: "other.ts", autoload: false }, ["7f3a"]]);
    expect(called("show", "app.ts#mail", "7f3a")).toEqual([{ targets: ["app.ts#mail"], all: false }, ["7f3a"]]);
  });

  test("lengths of time are read and shown", () => {
    const texts = ["10", "10s", "1.5m", "1h", "2d", "250ms", "0"];
    expect(texts.map(readDurationMs)).toEqual([10_000, 10_000, 90_000, 3_600_000, 172_800_000, 250, 0]);
    expect(["", "s", "-1", "1w", "1e3", "ten", "1 h 2"].map(readDurationMs)).toEqual(Array(7).fill(NaN));
    const shown = [undefined, 0, 0.25, 1.234, 12.34, 61, 3600, 90_000].map(showSeconds);
    expect(shown).toEqual(["-", "0 s", "250 ms", "1.2 s", "12 s", "1 min 1 s", "1 h", "1 d 1 h"]);
  });

  test("the help names every command, and the options of each", () => {
    for (const command of COMMANDS) {
      expect(commandsHelp()).toContain(`  ${command.name} APP`);
      expect(commandHelp(command)).toContain("--json");
    }
    expect(commandHelp(findCommand("call")!)).toContain("--delay 10s");
    expect(commandHelp(findCommand("call")!)).not.toContain("--since");
  });
});

describe("the program", () => {
  const folder = new Folder();
  folder.module(
    "shop.js",
    `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     export const add = huey.task("add", (a, b) => a + b);`,
  );
  afterAll(() => folder.end());

  async function program(...args: string[]): Promise<{ code: number | null; text: string }> {
    const run = folder.run(args);
    const { code } = await run.exited;
    return { code, text: run.text };
  }

  test("runs commands while a consumer runs", async () => {
    const consumer = folder.run(["run", "-k", "greenlet", "shop.js"]);
    await consumer.says("Consumer started");
    const { code, text } = await program("call", "shop.js", "add", "20", "22", "--wait", "--json");
    expect(code).toBe(0);
    const { id, value } = JSON.parse(text);
    expect(value).toBe(42);
    expect((await program("show", "shop.js", id)).text).toContain("state     complete");
    expect(JSON.parse((await program("list", "shop.js", "consumers", "--json")).text)).toMatchObject({
      workerType: "greenlet",
    });
    consumer.kill("SIGTERM");
    expect((await consumer.exited).code).toBe(0);
  }, SLOW);

  test("ends when who reads it has enough, and says nothing of that", async () => {
    const shell = ["sh", "-c", `{ "$@"; echo "ended with $?" >&2; } | head -n 1`, "sh", ...HERE];
    const watch = folder.run(["status", "shop.js", "--watch"], shell);
    expect((await watch.exited).code).toBe(0);
    expect(watch.text.split("\n")).toEqual(['Queue "shop"', "ended with 0", ""]);
  }, SLOW);

  test("ends with 2 for a wrong command, and with 1 for what is not there", async () => {
    expect((await program("flush", "shop.js")).code).toBe(2);
    expect((await program("show", "shop.js", "nothing")).code).toBe(1);
    expect((await program("status", "nowhere.js")).code).toBe(1);
    expect((await program("list", "--help")).text).toContain("Usage: huey-consumer list APP waiting|");
  }, SLOW);
});

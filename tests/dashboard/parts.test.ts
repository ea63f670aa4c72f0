import { describe, expect, test } from "bun:test";
import { throughputChart } from "../../dashboard/parts/chart.ts";
import { plural } from "../../lib/operation/words.ts";
import { ago, bytes, count, duration } from "../../dashboard/parts/format.ts";
import { inWords } from "../../dashboard/parts/schedule_words.ts";
import { graphOf } from "../../dashboard/queue/graph.ts";
import { SPANS, stepsOf } from "../../dashboard/queue/throughput.ts";
import type { Message } from "../../lib/message/message.ts";

describe("schedules in words", () => {
  test.each([
    ["* * * * * (UTC)", "every minute (UTC)"],
    ["*/5 * * * * (Europe/Berlin)", "every 5 minutes (Europe/Berlin)"],
    ["0 * * * *", "every hour"],
    ["15 */2 * * * (UTC)", "every 2 hours at minute 15 (UTC)"],
    ["0 8 * * 1-5 (UTC)", "weekdays at 8:00 (UTC)"],
    ["30 6,18 * * *", "every day at 6:30 and 18:30"],
    ["0 0 1 * * (UTC)", "on day 1 of the month at 0:00 (UTC)"],
    ["0 12 24 12 *", "on 24 December at 12:00"],
    ["5 4 * * 1,3", "Mondays and Wednesdays at 4:05"],
    ["every 30 s", "every 30 s"],
    ["every 5400 s", "every 1 h 30 min"],
    ["a function", "a function"],
    ["1-5,9 3 * * * (UTC)", "1-5,9 3 * * * (UTC)"],
    ["0 3 */2 * * (UTC)", "0 3 */2 * * (UTC)"],
    ["<b>", "<b>"],
  ])("%s", (schedule, words) => expect(inWords(schedule)).toBe(words));
});

describe("numbers and times", () => {
  test.each([
    [undefined, "–"],
    [NaN, "–"],
    [0, "0 s"],
    [0.00042, "0.4 ms"],
    [0.25, "250 ms"],
    [1, "1 s"],
    [9.96, "10 s"],
    [59.4, "59 s"],
    [61, "1 min 1 s"],
    [3600, "1 h"],
    [90_000, "1 d 1 h"],
  ])("%s seconds", (seconds, text) => expect(duration(seconds)).toBe(text));

  test("count, plural and bytes", () => {
    expect([count(1_234_567), count(undefined), plural(1, "task"), plural(2, "match", "matches")]).toEqual([
      "1,234,567",
      "–",
      "1 task",
      "2 matches",
    ]);
    expect([bytes(0), bytes(12_000), bytes(187_000_000), bytes(1.4e9)]).toEqual(["–", "12 kB", "187 MB", "1.4 GB"]);
  });

  test("a point of time is told from now", async () => {
    const at = (seconds: number) => new Date(seconds * 1000);
    expect(String(await ago(at(0), 90_000))).toContain("1 min ago");
    expect(String(await ago(at(7200), 0))).toContain("in 2 h");
    expect(String(await ago(at(5), 5000))).toContain(">now<");
    expect(String(await ago(new Date(NaN), 0))).toContain("–");
  });
});

test("a chart has a place for each step, also for those in which nothing happened", async () => {
  const nowMs = Date.UTC(2030, 0, 1, 12, 30);
  const row = { taskName: "a", enqueued: 0, retried: 0, revoked: 0, expired: 0, canceled: 0, dead: 0, recovered: 0 };
  const times = {
    runMean: undefined,
    runP50: undefined,
    runP95: undefined,
    runMax: undefined,
    waitMean: undefined,
    waitP95: undefined,
  };
  const rows = [{ ...row, ...times, at: new Date(nowMs - 60_000), completed: 5, failed: 1 }, {
    ...row,
    ...times,
    at: new Date(0),
    completed: 9,
    failed: 9,
  }];
  const steps = stepsOf(rows, SPANS.hour, nowMs);
  expect(steps.length).toBe(60);
  expect(steps.map(({ completed }) => completed).reduce((a, b) => a + b)).toBe(5);
  expect(steps.at(-2)).toEqual({ at: new Date(nowMs - 60_000), completed: 5, failed: 1 });
  expect(stepsOf(rows, SPANS.day, nowMs).length).toBe(24);
  expect(stepsOf(rows, SPANS.month, nowMs).length).toBe(30);
  const drawn = String(await throughputChart({ title: "Last hour", bars: steps, stepMs: 60_000 }));
  expect(drawn).toContain('aria-label="Last hour: 5 completed, 1 failed"');
  // The steps stand where they belong, and only those are told in words in which something happened.
  expect([...drawn.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title)).toEqual([
    "2030-01-01 12:29: 5 completed, 1 failed",
  ]);
  expect([...drawn.matchAll(/<path class="(\w+)" d="M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)/g)].map((match) => match.slice(1)))
    .toEqual([
      ["good", "504.13", "79", "6.43", "67"],
      ["bad", "504.13", "65.6", "6.43", "13.4"],
    ]);
  expect(drawn).not.toMatch(/NaN|undefined|Infinity/);
});

describe("the graph of what follows", () => {
  const message = (name: string, more: Partial<Message> = {}): Message => ({ v: 1, id: `id-${name}`, name, args: [], ...more });

  test("is nothing for a task that stands alone", () => expect(graphOf(message("a"))).toBeUndefined());

  test("has steps, members, callbacks and handlers, each with what is before it", () => {
    const chord = {
      chord: "c",
      members: [message("m1"), message("m2", { next: message("m3") })],
      callback: message("back", { next: message("last") }),
    };
    const graph = graphOf(message("a", { next: message("b", { next: chord }), onError: message("handler") }))!;
    expect(graph.nodes.map(({ name, kind, column, row, from }) => [name, kind, column, row, from])).toEqual([
      ["a", "self", 0, 0, []],
      ["b", "step", 1, 0, [0]],
      ["m1", "member", 2, 0, [1]],
      ["m2", "member", 2, 1, [1]],
      ["m3", "member", 3, 1, [3]],
      ["back", "callback", 4, 0, [2, 4]],
      ["last", "step", 5, 0, [5]],
      ["handler", "error", 1, 2, [0]],
    ]);
  });

  test("of a million members draws a few, and says how many it left out", () => {
    const members = Array.from({ length: 100_000 }, (_, n) => message(`m${n}`));
    const graph = graphOf(message("a", { next: { chord: "c", members, callback: message("back") } }))!;
    expect(graph.nodes.length).toBeLessThanOrEqual(60);
    expect(graph.left).toBe(100_000 - 8);
  });

  test("of a long pipeline ends somewhere", () => {
    let chain = message("last");
    for (let n = 0; n < 5000; n++) chain = message(`s${n}`, { next: chain });
    const graph = graphOf(chain)!;
    expect([graph.nodes.length, graph.left]).toEqual([60, 5001 - 60]);
  });
});

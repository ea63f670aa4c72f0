/** Cases of counts and of recent ends. @module */
import type { CountBounds, CountRow, CountStep, Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, text } from "./helpers.ts";
import { STRANGE } from "./hostile.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const BOUNDS: CountBounds = { minuteAgeMs: 48 * HOUR_MS, hourAgeMs: 90 * 24 * HOUR_MS, recent: 5 };

/** Counts of a minute, unless told otherwise. */
function row(atMs: number, taskName: string, extra: Partial<CountRow> = {}): CountRow {
  return { step: "minute", atMs, taskName, sums: {}, maxima: {}, ...extra };
}

/** The beginning of a minute, or an hour, so many before the present one. */
function begin(nowMs: number, step: CountStep, before: number): number {
  const stepMs = step === "minute" ? MINUTE_MS : HOUR_MS;
  return Math.floor(nowMs / stepMs) * stepMs - before * stepMs;
}

/** All rows of a step of time. */
async function all(storage: Storage, step: CountStep = "minute"): Promise<CountRow[]> {
  return await storage.counts({ step, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 10_000 });
}

/** Recent ends, as text. */
async function recentTexts(storage: Storage, limit: number = 100): Promise<(string | undefined)[]> {
  return (await storage.recent(limit)).map(text);
}

/** Adding, reading, trimming. */
export const countCases: Cases = {
  "sums are added up, and of maxima the largest stays": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const atMs = begin(context.clock.now(), "minute", 0);
    expect(await all(one)).toEqual([]);
    await one.count([row(atMs, "add", { sums: { completed: 2, failed: 1 }, maxima: { run: 0.5 } })], [], BOUNDS);
    await other.count([row(atMs, "add", { sums: { completed: 3, retried: 1 }, maxima: { run: 0.25, wait: 7 } })], [], BOUNDS);
    expect(await all(one)).toEqual([
      row(atMs, "add", { sums: { completed: 5, failed: 1, retried: 1 }, maxima: { run: 0.5, wait: 7 } }),
    ]);
  },

  "rows are read by step, time and task, oldest first": async (context, expect) => {
    const storage = await context.open();
    const at = (before: number, step: CountStep = "minute"): number => begin(context.clock.now(), step, before);
    const times = [at(3), at(2), at(1)] as const;
    const rows = [row(times[2], "a"), row(times[0], "a"), row(times[1], "a"), row(times[1], "b")];
    const hour = row(at(1, "hour"), "a", { step: "hour", sums: { completed: 9 } });
    await storage.count([...rows.map((each) => ({ ...each, sums: { completed: 1 } })), hour], [], BOUNDS);
    const read = async (query: Partial<Parameters<Storage["counts"]>[0]>): Promise<string> => {
      const found = await storage.counts({ step: "minute", fromMs: times[0], toMs: times[2] + 1, limit: 100, ...query });
      return found.map(({ atMs, taskName }) => `${times.indexOf(atMs)}${taskName}`).join();
    };
    expect((await read({})).replace("1b,1a", "1a,1b")).toBe("0a,1a,1b,2a");
    expect(await read({ taskName: "a" })).toBe("0a,1a,2a");
    expect(await read({ taskName: "b" })).toBe("1b");
    expect(await read({ fromMs: times[1], taskName: "a" })).toBe("1a,2a");
    expect(await read({ toMs: times[2], taskName: "a" })).toBe("0a,1a");
    expect(await read({ limit: 2, taskName: "a" })).toBe("1a,2a");
    expect(await read({ limit: 1 })).toBe("2a");
    expect(await read({ limit: 0 })).toBe("");
    expect(await all(storage, "hour")).toEqual([hour]);
  },

  "counts of the same moment are all added": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const atMs = begin(context.clock.now(), "minute", 0);
    const counted = [row(atMs, "a", { sums: { completed: 1, time: 0.5 } }), row(atMs, "b", { sums: { completed: 2 } })];
    await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? one : other).count(counted, [bytes("x")], BOUNDS)));
    const sums = (await all(one)).map(({ taskName, sums }) => [taskName, sums] as const).sort();
    expect(sums).toEqual([["a", { completed: 20, time: 10 }], ["b", { completed: 40 }]]);
    expect(await recentTexts(one)).toEqual(["x", "x", "x", "x", "x"]);
  },

  "rows go by their age": async (context, expect) => {
    const storage = await context.open();
    const nowMs = context.clock.now();
    const minutes = [50 * 60, 47 * 60, 0].map((before) => begin(nowMs, "minute", before));
    const hours = [91 * 24, 89 * 24, 0].map((before) => begin(nowMs, "hour", before));
    const kept = { minuteAgeMs: 100 * HOUR_MS, hourAgeMs: 1000 * 24 * HOUR_MS, recent: 5 };
    const old = [
      ...minutes.slice(0, 2).map((atMs) => row(atMs, "a")),
      ...hours.slice(0, 2).map((atMs) => row(atMs, "a", { step: "hour" })),
    ];
    await storage.count(old.map((each) => ({ ...each, sums: { completed: 1 } })), [], kept);
    expect([(await all(storage)).length, (await all(storage, "hour")).length]).toEqual([2, 2]);
    const present = [row(minutes[2]!, "a"), row(hours[2]!, "a", { step: "hour" })];
    await storage.count(present.map((each) => ({ ...each, sums: { completed: 1 } })), [], BOUNDS);
    expect((await all(storage)).map(({ atMs }) => atMs)).toEqual(minutes.slice(1));
    expect((await all(storage, "hour")).map(({ atMs }) => atMs)).toEqual(hours.slice(1));
  },

  "names may be any": async (context, expect) => {
    const storage = await context.open();
    const atMs = begin(context.clock.now(), "minute", 0);
    await storage.count(STRANGE.map((name, index) => row(atMs, name, { sums: { completed: index } })), [], BOUNDS);
    for (const [index, taskName] of STRANGE.entries()) {
      const found = await storage.counts({ step: "minute", fromMs: atMs, toMs: atMs + 1, taskName, limit: 10 });
      expect(found).toEqual([row(atMs, taskName, { sums: { completed: index } })]);
    }
    expect(await all(storage)).toHaveLength(STRANGE.length);
  },

  "large and fractional numbers are added": async (context, expect) => {
    const storage = await context.open();
    const atMs = begin(context.clock.now(), "hour", 0);
    const counted = row(atMs, "a", {
      step: "hour",
      sums: { large: 2 ** 50, small: 0.125 },
      maxima: { negative: -3, large: 1e15 },
    });
    for (let time = 0; time < 3; time++) await storage.count([counted], [], BOUNDS);
    const [found] = await all(storage, "hour");
    expect(found).toMatchObject({ sums: { large: 3 * 2 ** 50, small: 0.375 }, maxima: { negative: -3, large: 1e15 } });
  },

  "the newest ends stay, newest first": async (context, expect) => {
    const [one, other] = await context.openTwo();
    expect(await one.recent(10)).toEqual([]);
    await one.count([], [bytes("1"), bytes("2"), bytes("3")], BOUNDS);
    await other.count([], [], BOUNDS);
    await other.count([], [bytes("4"), bytes(""), bytes("5"), bytes("6")], BOUNDS);
    expect(await recentTexts(one)).toEqual(["6", "5", "", "4", "3"]);
    expect(await recentTexts(one, 2)).toEqual(["6", "5"]);
    expect(await recentTexts(one, 0)).toEqual([]);
    await one.count([], Array.from({ length: 20 }, (_, index) => bytes(`n${index}`)), BOUNDS);
    expect(await recentTexts(other)).toEqual(["n19", "n18", "n17", "n16", "n15"]);
    await one.count([], [bytes("last")], { ...BOUNDS, recent: 2 });
    expect(await recentTexts(other)).toEqual(["last", "n19"]);
  },

  "a flush of the statistics takes the counts, and no other flush of a part does": async (context, expect) => {
    const storage = await context.open();
    const atMs = begin(context.clock.now(), "minute", 0);
    await storage.count([row(atMs, "a", { sums: { completed: 1 } })], [bytes("1")], BOUNDS);
    await storage.flush(["queue", "schedule", "results", "locks", "data", "revocations", "counters", "deadLetters"]);
    expect([(await all(storage)).length, (await storage.recent(5)).length]).toEqual([1, 1]);
    await storage.flush(["stats"]);
    expect([(await all(storage)).length, (await storage.recent(5)).length]).toEqual([0, 0]);
    await storage.count([row(atMs, "a", { sums: { completed: 1 } })], [bytes("1")], BOUNDS);
    await storage.flush();
    expect([(await all(storage)).length, (await storage.recent(5)).length]).toEqual([0, 0]);
  },
};

/** 22,000 changed messages and values: each is read, or is a DecodeError; what is read is within the limits. @module */
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "bun:test";
import { decodeMessage } from "../../lib/core/codec.ts";
import { coreOf } from "../../lib/core/core.ts";
import { DecodeError, TaskException } from "../../lib/errors.ts";
import { progressKey } from "../../lib/core/keys.ts";
import { isName, MAX_CHORD_MEMBERS, MAX_DURATION_MS, MAX_PRIORITY, MAX_RETRIES } from "../../lib/primitives/limits.ts";
import { MESSAGE_FIELDS } from "../../lib/message/check.ts";
import type { NextStep } from "../../lib/message/message.ts";
import { Serializer } from "../../lib/serializer/serializer.ts";
import { SignedSerializer } from "../../lib/serializer/signed.ts";
import { Dice } from "../dice.ts";
import { memory } from "../helpers.ts";
import { changed, garbage } from "./hostile.ts";

const encoder = new TextEncoder();
const task = { v: 1, id: "b", name: "task", args: [] };
const message = {
  ...{ v: 1, id: "a", name: "task", args: [{ $: "Date", v: 5 }, { $: "Map", v: [[1, { $: "bigint", v: "2" }]] }] },
  ...{ eta: 1, retries: 2, retryDelay: 3, retryBackoff: 1.5, retryJitter: 0.5, retryMaxDelay: 4, priority: 5, timeout: 6 },
  ...{
    expires: 60,
    expiresAt: 7,
    delivery: "at-least-once",
    attempt: 1,
    valuesOf: "c",
    unknown: 1,
    periodic: false,
    results: true,
  },
  ...{ concurrency: { limit: 2, key: "k" }, unique: { key: "u", until: 1000 }, meta: { tenant: "t" }, enqueuedAt: 8, run: "r" },
  ...{ first: { retries: 3, retryDelay: 4 }, quick: 1, places: 2 },
  history: [{
    attempt: 1,
    outcome: "error",
    endedAt: 9,
    error: { name: "E", message: "m" },
    log: [{ at: 1, level: "info", text: "x" }],
  }],
  ...{ next: { chord: "d", members: [task, task], callback: task }, onError: { ...task, next: task } },
  chord: { id: "e", index: 0 },
};
const ODD = [
  ...[null, true, 0, -1, 1.5, 1e308, -1e308, 9007199254740992, "", "x", "\ud800", "x".repeat(1001), [], {}, [[]], "__proto__"],
  ...[{ $: "NaN" }, { $: "number", v: "NaN" }, { $: "undefined" }, { $: "Error", v: { name: "x", message: "y" } }, {
    $: "Set",
    v: [1],
  }],
  ...[
    { length: 1e9 },
    { then: 1 },
    { toJSON: 1 },
    { days: 1e9 },
    { epochMilliseconds: 1e300 },
    message.next,
    message.chord,
    task,
  ],
];

/** A copy in which some parts are exchanged, dropped or doubled. */
function mutated(dice: Dice, value: unknown, depth = 0): unknown {
  if (dice.below(depth === 0 ? 1000 : 100) === 0) return dice.pick(ODD);
  if (Array.isArray(value)) {
    return value.flatMap((item) => dice.below(100) === 0 ? [item, item] : [mutated(dice, item, depth + 1)]);
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(() => dice.below(60) > 0);
  return Object.fromEntries(entries.map(([key, part]) => [key, mutated(dice, part, depth + 1)]));
}

function bytes(dice: Dice, valid: unknown): Uint8Array {
  const data = encoder.encode(JSON.stringify(mutated(dice, valid)));
  const kind = dice.below(10);
  if (kind === 0) return garbage(dice, data);
  if (kind === 1) return changed(dice, data);
  if (kind === 2) return changed(dice, new Uint8Array(gzipSync(data)));
  return kind === 3 ? new Uint8Array(gzipSync(data)) : data;
}

/** Whether a step, and all that follows from it, is within its limits. */
function isWithinLimits(step: NextStep): boolean {
  if ("members" in step) return isName(step.chord) && [step.callback, ...step.members].every(isWithinLimits);
  const { id, name, retries = 0, priority = 0, timeout = 0, retryDelay = 0, chord, next, onError } = step;
  const followers = [next, onError].filter((each) => each !== undefined);
  return isName(id) && isName(name) && retries <= MAX_RETRIES && Math.abs(priority) <= MAX_PRIORITY &&
    timeout <= MAX_DURATION_MS &&
    retryDelay <= MAX_DURATION_MS && (chord?.index ?? 0) < MAX_CHORD_MEMBERS && followers.every(isWithinLimits);
}

test("every field of a message is changed", () => {
  expect(Object.keys(message).toSorted()).toEqual(MESSAGE_FIELDS.toSorted());
});

describe("changed messages", () => {
  for (
    const [name, serializer] of [["plain", new Serializer()], [
      "signed",
      new SignedSerializer({ secret: "sixteen bytes ..." }),
    ]] as const
  ) {
    test(name, async () => {
      const core = coreOf(memory({ serializer }))!;
      const dice = new Dice(name.length);
      let readable = 0;
      for (let count = 0; count < 8_000; count++) {
        const data = bytes(dice, message);
        try {
          const read = await decodeMessage(core, { id: "a", data });
          if (!isWithinLimits(read)) throw new Error(`Beyond the limits: ${JSON.stringify(read)}`);
          readable++;
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }
      // Enough of both, so that the fuzz says something; and of what nobody has signed nothing.
      if (name === "signed") expect(readable).toBe(0);
      else expect(readable > 300 && readable < 7700).toBe(true);
    }, 120_000);
  }
});

test("changed results, values and progress", async () => {
  const huey = memory();
  const dice = new Dice(7);
  const failure = {
    "huey:failure": { error: "e", traceback: "t", taskId: "i", retries: 0, outcome: "failed" },
    cause: ODD[20],
  };
  const progress = { total: 2, values: [1, { $: "Date", v: 1 }] };
  let refused = 0;
  for (let count = 0; count < 6_000; count++) {
    const reads: [Promise<void>, () => Promise<unknown>][] = [
      [huey.storage.results.put("id", bytes(dice, dice.pick([failure, message]))), () => huey.result("id")],
      [huey.storage.data.put("id", bytes(dice, message)), () => huey.get("id")],
      [huey.storage.meta.put(progressKey("id"), bytes(dice, progress)), () => huey.progress("id")],
    ];
    const [stored, read] = dice.pick(reads);
    await Promise.all(reads.map(([written]) => written));
    await stored;
    try {
      await read();
    } catch (error) {
      if (!(error instanceof DecodeError) && !(error instanceof TaskException)) throw error;
      refused++;
    }
  }
  expect(refused > 300 && refused < 5700).toBe(true);
  expect(Object.keys(Object.prototype)).toEqual([]);
}, 120_000);

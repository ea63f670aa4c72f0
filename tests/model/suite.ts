/**
 * Drives random commands against a queue and the model of it, and compares everything that can be seen after each.
 * @module
 */
import { expect, test } from "bun:test";
import fc from "fast-check";
import process from "node:process";
import type { Storage } from "../../lib/storage.ts";
import { startClock } from "../stopped_clock.ts";
import { type LimitName, LIMITS, LOCKS, START_MS } from "./ledger.ts";
import { Model } from "./model.ts";
import { Call, Enqueue, MapCalls, ScheduleCall, Strange } from "./producing.ts";
import { Get, IsReady, Limit, Lock, Reschedule, Revoke, Value } from "./reading.ts";
import { calls, members } from "./specs.ts";
import { TASK_NAMES } from "./tasks.ts";
import { Begin, Exhume, Finish, Flush, List, Pause, Promote, Recover, Release, Step, Work } from "./working.ts";
import { World } from "./world.ts";
import type { Command } from "./command.ts";
import { LONG, size } from "../sizes.ts";

/** One storage under test. */
export interface Harness {
  /** Instances over one store; two where the storage is shared. */
  open(): Promise<readonly Storage[]>;
  close(): Promise<void>;
  /** Priorities that it takes, beside 0. */
  readonly priorities: readonly number[];
  /** How many runs fit into some seconds. */
  readonly runs: number;
  /** Whether times to live follow the stepped clock. */
  readonly steppedTtl: boolean;
  /** Whether results stay after a read. */
  readonly keepsResults?: boolean;
}

const LIMIT_MS = 600_000;
const DAY_MS = 86_400_000;
const MAX_COMMANDS = 40;

/** The seed of `npm test`: the same calls each time, so that a red run means a change for the worse. */
const SEED = 20_261_122;

/**
 * Registers the test of one storage. The long run draws calls of its own each time; `HUEY_MODEL_SEED` repeats such a run.
 */
export function modelTest(label: string, harness: Harness): void {
  test(`${label} does what the model does`, async () => {
    const storages = await harness.open();
    const { steppedTtl, keepsResults = false } = harness;
    const setup = fc.record({ storeNone: fc.boolean(), storeIntermediateErrors: fc.boolean(), compression: fc.boolean() });
    let commands = 0;
    // The clock never goes back: what was kept for a time in one run must not confuse the next.
    let days = 0;
    const property = fc.asyncProperty(setup, allCommands(harness), async (options, generated) => {
      const model = new Model({ ...options, steppedTtl, keepsResults }, START_MS + days++ * DAY_MS);
      commands += await runOnce(storages, model, generated);
    });
    try {
      await fc.assert(property, parameters(harness.runs));
      expect(commands).toBeGreaterThan(0);
    } finally {
      startClock();
      for (const storage of storages) await storage.close();
      await harness.close();
    }
  }, LIMIT_MS);
}

function parameters<T>(runs: number): fc.Parameters<T> {
  const { HUEY_MODEL_SEED: seed } = process.env;
  const numRuns = size(runs, 2000);
  if (seed !== undefined) return { numRuns, seed: Number(seed) };
  return LONG ? { numRuns } : { numRuns, seed: SEED };
}

async function runOnce(
  storages: readonly Storage[],
  model: Model,
  commands: Iterable<fc.AsyncCommand<Model, World>>,
): Promise<number> {
  const world = new World(storages, model);
  world.nowMs = model.nowMs;
  try {
    await world.sites[0]!.huey.flush();
    await fc.asyncModelRun(() => ({ model, real: world }), commands);
  } finally {
    await world.end();
  }
  return [...commands].length;
}

/** One command from what is generated for it. */
function made<P>(Made: new (given: P) => Command<P>, given: fc.Arbitrary<P>): fc.Arbitrary<Command<unknown>> {
  return given.map((value) => new Made(value) as Command<unknown>);
}

function allCommands(harness: Harness): fc.Arbitrary<Iterable<fc.AsyncCommand<Model, World>>> {
  const at = fc.nat(30);
  const producing = producers(harness);
  const working = workers(at);
  // Work is what makes the rest interesting, so it stands here more than once.
  const list = [...producing, ...working, ...working, ...readers(at, harness), ...keys(at)];
  return fc.commands(list as fc.Arbitrary<fc.AsyncCommand<Model, World>>[], { maxCommands: MAX_COMMANDS, size: "max" });
}

function producers({ priorities }: Harness): fc.Arbitrary<Command<unknown>>[] {
  const call = calls(priorities);
  const member = members(call);
  const item = fc.oneof(fc.integer(), fc.constant([1, "two"]), fc.constant(null));
  const how = fc.constantFrom("one by one" as const, "many" as const, "group" as const);
  return [
    made(Call, call),
    made(Call, call),
    made(ScheduleCall, fc.record({ spec: call, delay: fc.constantFrom(-1, 0, 2, 20, 200), byEta: fc.boolean() })),
    made(MapCalls, fc.record({ spec: call, items: fc.array(item, { maxLength: 3 }) })),
    made(
      Enqueue,
      fc.record({ members: fc.array(member, { maxLength: 2 }), how, onError: fc.option(call, { nil: undefined }) }),
    ),
    made(Enqueue, fc.record({ members: fc.tuple(member), how, onError: fc.constant(undefined) }) as never),
    made(Strange, fc.record({ id: fc.constant("s"), readable: fc.boolean(), priority: fc.constantFrom(0, ...priorities) })),
  ];
}

function workers(at: fc.Arbitrary<number>): fc.Arbitrary<Command<unknown>>[] {
  const number = fc.nat(1);
  return [
    made(Work, fc.record({ tasks: fc.integer({ min: 1, max: 5 }) })),
    made(Begin, fc.record({ consumer: number, worker: number })),
    made(Finish, fc.record({ at })),
    made(Recover, fc.record({ consumer: number, worker: fc.option(number, { nil: undefined }) })),
    made(Release, fc.record({ at, all: fc.boolean() })),
    made(Step, fc.record({ seconds: fc.constantFrom(1, 5, 10, 30, 100) })),
    made(Promote, fc.record({ limit: fc.constantFrom(1, 2, 100) })),
  ];
}

function readers(at: fc.Arbitrary<number>, { priorities }: Harness): fc.Arbitrary<Command<unknown>>[] {
  const flag = fc.boolean();
  const target = fc.constantFrom("handle" as const, "task" as const, "id" as const, "wrapper" as const, "all" as const);
  const once = fc.constantFrom(undefined, true, false);
  const until = fc.constantFrom(undefined, undefined, -5, 20);
  const revoke = { at, task: fc.constantFrom(...TASK_NAMES), target, once, until, restore: fc.boolean() };
  const reschedule = {
    at,
    delay: fc.constantFrom(undefined, 5, -5),
    priority: fc.constantFrom(undefined, ...priorities),
    expires: fc.constantFrom(undefined, undefined, 20),
    preservePipeline: fc.constantFrom(undefined, true, false),
  };
  return [
    made(Get, fc.record({ at, blocking: flag, preserve: flag, revokeOnTimeout: flag, byId: flag })),
    made(IsReady, fc.record({ at, reset: flag })),
    made(Revoke, fc.record(revoke)),
    made(Reschedule, fc.record(reschedule)),
  ];
}

function keys(at: fc.Arbitrary<number>): fc.Arbitrary<Command<unknown>>[] {
  const key = fc.constantFrom("k0", "k1");
  const value = fc.constantFrom(0, null, "text", [1]);
  const names = Object.keys(LIMITS) as LimitName[];
  return [
    made(Value, fc.record({ key, how: fc.constantFrom("put", "get", "peek", "putIfEmpty", "delete"), value }) as never),
    made(
      Lock,
      fc.record({
        name: fc.constantFrom(...Object.keys(LOCKS)),
        how: fc.constantFrom("acquire", "acquire", "release", "clear", "flush"),
        at,
        ttl: fc.constantFrom(undefined, undefined, 20),
      }) as never,
    ),
    made(Limit, fc.record({ name: fc.constantFrom(...names), reset: fc.constantFrom(false, false, false, true) })),
    made(List, fc.record({ limit: fc.nat(3) })),
    made(Pause, fc.record({ seconds: fc.constantFrom(undefined, 60) })),
    made(Exhume, fc.record({ at, requeue: fc.boolean() })),
    made(Flush, fc.constant(null)),
  ];
}

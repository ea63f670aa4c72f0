/**
 * The storage contract as tests: every guarantee of lib/storage.ts, one case each. A driver is finished when it passes.
 * @module
 */
import { systemClock } from "../../lib/primitives/clock.ts";
import { aboutCases } from "./about.ts";
import { againCases } from "./again.ts";
import { begunCases } from "./begun.ts";
import { bellCases } from "./bells.ts";
import { chordCases } from "./chords.ts";
import { chordRecordCases } from "./chord_records.ts";
import { claimCases } from "./claims.ts";
import { closingCases } from "./closing.ts";
import { type Cases, Context, followsClock, type OpenStorage, type StorageTraits } from "./context.ts";
import { counterCases } from "./counters.ts";
import { countCases } from "./counts.ts";
import type { Expect } from "./expect.ts";
import { keyValueCases } from "./key_values.ts";
import { deadLetterCases } from "./dead_letters.ts";
import { gateCases } from "./gates.ts";
import { gateEndCases } from "./gate_ends.ts";
import { deadLetterQueryCases } from "./dead_letter_queries.ts";
import { hostileCases } from "./hostile.ts";
import { lookingCases } from "./looking.ts";
import { listingCases } from "./listings.ts";
import { lockCases } from "./locks.ts";
import { partCases } from "./parts.ts";
import { pauseCases } from "./pause.ts";
import { priorityCases } from "./priorities.ts";
import { queueCases } from "./queue.ts";
import { raceCases } from "./races.ts";
import { recoveryCases } from "./recovery.ts";
import { resultCases } from "./results.ts";
import { scheduleCases } from "./schedule.ts";
import { settlementCases } from "./settlement.ts";
import { stateCases } from "./state.ts";
import { stepCases } from "./steps.ts";
import { uniqueCases } from "./unique.ts";

export type { OpenStorage, StorageTraits } from "./context.ts";

/** Where the cases are registered: functions in the form of `bun:test`. */
export interface TestRunner {
  /** Groups what its second argument registers. */
  // deno-lint-ignore ban-types -- each runner has its own overloads
  readonly describe: Function;
  /** Registers a test: a name, a function that returns a promise, and, for runners that look at it, a time limit in milliseconds. */
  // deno-lint-ignore ban-types -- each runner has its own overloads
  readonly test: Function;
  /** That of `bun:test`, of Jest's package `expect`, or of `@std/expect`. */
  // deno-lint-ignore ban-types -- each runner has its own overloads
  readonly expect: Function;
}

const AREAS: Readonly<Record<string, Cases>> = {
  queue: queueCases,
  claims: claimCases,
  settlement: settlementCases,
  "leases and recovery": recoveryCases,
  schedule: scheduleCases,
  counters: counterCases,
  chords: chordCases,
  "chords that are stored once": chordRecordCases,
  "tasks that have begun": begunCases,
  "settlements that are sent again": againCases,
  "looking once": lookingCases,
  bells: bellCases,
  "spaces and parts": partCases,
  "waiting for results": resultCases,
  "state and notices": stateCases,
  "dead letters": deadLetterCases,
  "locks held by claims": lockCases,
  gates: gateCases,
  "gates that are left": gateEndCases,
  "unique keys": uniqueCases,
  steps: stepCases,
  pause: pauseCases,
  "what is asked of dead letters": deadLetterQueryCases,
  listings: listingCases,
  counts: countCases,
  "what is said of itself": aboutCases,
  priorities: priorityCases,
  races: raceCases,
  "hostile names and values": hostileCases,
  closing: closingCases,
};

const SPACES = ["data", "revocations", "meta"] as const;
const DEFAULT_TIMEOUT_MS = 10_000;
/** The first try of a time that really passes. */
const SHORT_MS = 400;
/** The suite's own limit comes before that of the runner: it closes what the case has opened. */
const GRACE_MS = 5000;

/**
 * Registers the contract suite that every storage of this library passes, for a storage of yours.
 *
 * `open` is called several times in a case, and each case has names of its own, so all may share one server or folder. What a case
 * has opened is emptied with `flush` and closed. A storage whose `shared` is true must give another instance over the same medium for
 * the same name, as another process would have it; one whose `shared` is false is opened once for each name.
 *
 * Options that make waiting slow, such as poll intervals, should be left as users have them: the cases show that wake-ups work.
 *
 * @param name Name of the storage, for the titles.
 * @param open Opens it. Times to live, leases and due times must go by the `clock`, or by that of a server.
 * @param runner `describe`, `test` and `expect`, in the form of `bun:test`.
 * @param traits What the suite cannot find out.
 *
 * @example
 * ```ts ignore: it registers tests, which need a runner
 * import { MemoryStorage } from "@hueyjs/huey";
 * import { testStorage } from "@hueyjs/huey/testing";
 * import { describe, expect, test } from "bun:test";
 *
 * testStorage("MemoryStorage", (options) => new MemoryStorage(options), { describe, test, expect });
 * ```
 */
export function testStorage(name: string, open: OpenStorage, runner: TestRunner, traits: StorageTraits = {}): void {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, afterEach } = traits;
  const expect = runner.expect as unknown as Expect;
  let follows: Promise<boolean> | undefined;
  const register = (area: string, cases: Cases): void =>
    runner.describe(area, () => {
      for (const [title, run] of Object.entries(cases)) {
        const body = async (): Promise<void> => {
          for (let shortMs = SHORT_MS;; shortMs *= 4) {
            const context = new Context(open, traits, await (follows ??= followsClock(open)), shortMs);
            try {
              return await limited(run(context, expect), timeoutMs);
            } catch (error) {
              // A busy machine has looked too late: once more, with more time.
              if (!context.wasLate || 4 * shortMs > timeoutMs) throw error;
            } finally {
              await context.end();
              await afterEach?.();
            }
          }
        };
        runner.test(title, body, timeoutMs + GRACE_MS);
      }
    });
  runner.describe(name, () => {
    for (const [area, cases] of Object.entries(AREAS)) if (!traits.without?.includes(area)) register(area, cases);
    for (const space of SPACES) register(space, inSpace(space));
  });
}

/** The cases of keys and values, for one of the spaces. */
function inSpace(space: (typeof SPACES)[number]): Cases {
  const bound = Object.entries(keyValueCases).map(([title, run]) => {
    const bind = async (context: Context, expect: Expect): Promise<void> => {
      const [one, other] = await context.openTwo();
      await run({ context, space: one[space], sameSpace: other[space] }, expect);
    };
    return [title, bind] as const;
  });
  return Object.fromEntries(bound);
}

async function limited(run: Promise<void>, limitMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = systemClock.startTimer(limitMs, () => reject(new Error(`The case has not ended after ${limitMs / 1000} s`)));
  try {
    await Promise.race([run, promise]);
  } finally {
    timer.stop();
  }
}

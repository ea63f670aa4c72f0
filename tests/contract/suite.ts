/**
 * The storage contract as tests: every guarantee of lib/storage.ts, one case each. A driver is finished when its file passes:
 *
 * ```ts
 * import { storageContract } from "./suite.ts";
 *
 * storageContract("SqliteStorage", {
 *   newStore: () => {
 *     const folder = mkdtempSync(join(tmpdir(), "huey-"));
 *     return {
 *       open: (name = "contract") => new SqliteStorage({ name, filename: join(folder, "huey.db") }),
 *       remove: () => rmSync(folder, { recursive: true }),
 *     };
 *   },
 * });
 * ```
 *
 * - `newStore` is called before each case and makes an empty medium.
 * - `open` gives another instance over that medium each time, as another process would; a storage that lives in one isolate
 *   gives the same instance for the same name. The suite closes what it opened, then calls `remove`.
 * - `priorities`: "any" (default), "integer" or "none" (priorities are accepted and ignored).
 * - `realTimeTtl`: true for servers with a clock of their own. Otherwise the suite steps `Date.now()` with `setSystemTime`.
 * - `resultsStay`: true if a read of a result leaves it where it is.
 * - `timeoutMs`: time limit of a case. A wait that is not woken runs into it.
 *
 * Options that make waiting slow, such as poll intervals, should be left as users have them: the cases show that wake-ups work.
 *
 * @module
 */
import { afterEach, beforeEach, describe, test } from "bun:test";
import { againCases } from "./again.ts";
import { begunCases } from "./begun.ts";
import { chordCases } from "./chords.ts";
import { chordRecordCases } from "./chord_records.ts";
import { claimCases } from "./claims.ts";
import { closingCases } from "./closing.ts";
import { type Cases, Context, type Harness } from "./context.ts";
import { counterCases } from "./counters.ts";
import { keyValueCases, type KeyValueSubject } from "./data.ts";
import { deadLetterCases } from "./dead_letters.ts";
import { hostileCases } from "./hostile.ts";
import { listeningCases } from "./listening.ts";
import { lockCases } from "./locks.ts";
import { partCases } from "./parts.ts";
import { fractionalPriorityCases, integerPriorityCases } from "./priorities.ts";
import { queueCases } from "./queue.ts";
import { raceCases } from "./races.ts";
import { recoveryCases } from "./recovery.ts";
import { resultCases } from "./results.ts";
import { scheduleCases } from "./schedule.ts";
import { settlementCases } from "./settlement.ts";
import { stateCases } from "./state.ts";

export type { Harness, Store } from "./context.ts";

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
  "looking and listening": listeningCases,
  "spaces and parts": partCases,
  "waiting for results": resultCases,
  "state and notices": stateCases,
  "dead letters": deadLetterCases,
  "locks held by claims": lockCases,
  races: raceCases,
  "hostile names and values": hostileCases,
  closing: closingCases,
};

/**
 * Registers the cases of the storage contract for a driver.
 *
 * @param label Name of the driver, for the titles.
 * @param harness How to make a store, and what the driver can do.
 */
export function storageContract(label: string, harness: Harness): void {
  describe(label, () => {
    let context: Context;
    beforeEach(async () => void (context = new Context(harness, await harness.newStore())));
    afterEach(() => context.end());

    const register = (area: string, cases: Cases): void =>
      describe(area, () => {
        for (const [name, run] of Object.entries(cases)) test(name, () => run(context), harness.timeoutMs ?? 10_000);
      });
    for (const [area, cases] of Object.entries(AREAS)) register(area, cases);
    for (const space of ["data", "revocations", "meta"] as const) {
      register(space, inSpace(space, keyValueCases));
    }
    const priorities = harness.priorities ?? "any";
    if (priorities !== "none") register("priorities", integerPriorityCases);
    if (priorities === "any") register("fractional priorities", fractionalPriorityCases);
  });
}

/** The cases of a name space, for one of the three. */
function inSpace(space: "data" | "revocations" | "meta", cases: Cases<KeyValueSubject>): Cases {
  const bound = Object.entries(cases).map(([name, run]) => {
    const bind = (context: Context): Promise<void> =>
      run({ context, space: context.open()[space], sameSpace: context.open()[space] });
    return [name, bind] as const;
  });
  return Object.fromEntries(bound);
}

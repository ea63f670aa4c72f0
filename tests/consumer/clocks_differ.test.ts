/** Consumers whose clocks differ by more than a lease: who renews his lease keeps his claims, who does not loses them. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LeaseWatch } from "../../consumer/loop/lease_watch.ts";
import type { Loop } from "../../consumer/loop/loop.ts";
import { recoveryLoop } from "../../consumer/loop/recover_consumers.ts";
import { newIdentity } from "../../consumer/platform/identity.ts";
import { coreOf } from "../../lib/core/core.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import { FileHuey, type Huey, SqliteHuey, type Storage, StorageError } from "../../mod.ts";
import { TestClock } from "../../testing/clock.ts";
import { ids, item, lease, owner } from "../../testing/contract/helpers.ts";
import { logbook, NOON, waitUntil } from "../helpers.ts";

const LEASE_MS = 15_000;
const SKEW_MS = 600_000;
/** No pause between two looks at the leases is longer. */
const STEP_MS = 6001;
/** How long those who are told of what was taken over are waited for, which is no pause of the recovery. */
const OTHER_WAIT_MS = 2000;
const POLL = { initialMs: 1, backoff: 1, maxMs: 1 };

const HUEYS: Readonly<Record<string, (folder: string, options: { clock: Clock; logger?: never }) => Huey>> = {
  SQLite: (folder, options) => new SqliteHuey("clocks", { filename: join(folder, "huey.db"), ...options }),
  files: (folder, options) => new FileHuey("clocks", { path: folder, ...options }),
};

describe.each(Object.entries(HUEYS))("clocks that differ by ten minutes, on %s", (_label, open) => {
  let folder: string;
  let clock: TestClock;
  /** How often the loop of the recovery has gone to sleep. */
  let sleeps: number;
  let recovery: Loop;
  let hueys: Huey[];
  let lines: { readonly level: string; readonly message: string }[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "huey-clocks-"));
    clock = new TestClock(NOON);
    sleeps = 0;
    hueys = [];
  });
  afterEach(async () => {
    await recovery.stop();
    for (const huey of hueys) await huey.close();
    rmSync(folder, { recursive: true, maxRetries: 20, retryDelay: 20 });
  });

  /** A Huey whose clock is ahead by some time. */
  function openAhead(byMs: number): Huey {
    const { logger, lines: written } = logbook();
    lines = written;
    const huey = open(folder, {
      clock: {
        now: () => clock.now() + byMs,
        elapsed: () => clock.elapsed(),
        startTimer(ms, strike) {
          if (ms !== OTHER_WAIT_MS) sleeps++;
          return clock.startTimer(ms, strike);
        },
      },
      logger: logger as never,
    });
    hueys.push(huey);
    return huey;
  }

  /** A consumer that holds a claim, as seen by the storage of its own clock. */
  async function startOther(byMs: number): Promise<Storage> {
    const { storage } = coreOf(openAhead(byMs))!;
    await storage.renewLease(lease("other", LEASE_MS));
    await storage.enqueue([item("a")]);
    await storage.claim(1, owner("other"));
    return storage;
  }

  function startRecovery(byMs: number): Storage {
    const core = coreOf(openAhead(byMs))!;
    const { logger } = core;
    recovery = recoveryLoop(core, { identity: newIdentity(), leaseMs: LEASE_MS, poll: POLL, patienceMs: 60_000, logger });
    sleeps = 0;
    recovery.start();
    return core.storage;
  }

  /** Lets the recovery take some turns. @param between What happens before each. */
  async function turn(times: number, between: () => Promise<unknown>): Promise<void> {
    await waitUntil(() => sleeps > 0);
    for (let count = 0; count < times; count++) {
      await between();
      const before = sleeps;
      clock.moveTo(clock.now() + STEP_MS);
      await waitUntil(() => sleeps > before);
    }
  }

  test.each([SKEW_MS, -SKEW_MS])(
    "by %d ms: a consumer that lives keeps its claims, and is taken over when it has died",
    async (byMs) => {
      const other = await startOther(0);
      const storage = startRecovery(byMs);
      await turn(20, () => other.renewLease(lease("other", LEASE_MS)));
      expect(ids(await other.claimed(owner("other")))).toEqual(["a"]);
      const warned = lines.filter(({ message }) => /consumer other is about 60\d s behind/.test(message));
      expect(warned.length).toBe(byMs > 0 ? 1 : 0);
      const diedMs = clock.now();
      await turn(8, () => Promise.resolve());
      expect(ids(await storage.pending())).toEqual(["a"]);
      expect(await storage.leases()).toEqual([expect.objectContaining({ pid: newIdentity().pid })]);
      expect(clock.now() - diedMs).toBeLessThan(4 * LEASE_MS);
    },
  );

  test("what nobody has a lease for is taken over beside one whose clock is late", async () => {
    const other = await startOther(0);
    const storage = startRecovery(SKEW_MS);
    await other.enqueue([item("b")]);
    await other.claim(1, owner("gone"));
    await turn(3, () => other.renewLease(lease("other", LEASE_MS)));
    expect(ids(await storage.pending())).toEqual(["b"]);
    expect(ids(await other.claimed(owner("other")))).toEqual(["a"]);
  });

  test("a recovery that fails works again when something could be written", async () => {
    const storage = startRecovery(0);
    const { recover, renewLease } = storage;
    await turn(1, () => Promise.resolve());
    const fail = (): Promise<never> => Promise.reject(new StorageError("the disk is full"));
    Object.assign(storage, { recover: fail, renewLease: fail });
    await turn(20, () => Promise.resolve());
    expect(lines.filter(({ level }) => level === "error").length).toBe(1);
    Object.assign(storage, { recover, renewLease });
    await turn(1, () => Promise.resolve());
    expect(lines.at(-1)!.message).toMatch(/^Recovering tasks works again/);
  });
});

describe("LeaseWatch", () => {
  const stored = (consumer: string, expiresMs: number) => ({ ...lease(consumer, LEASE_MS), expiresMs });

  test("a lease that was seen in its first half is over when the clock says so; another one when it was not renewed for its length", () => {
    const clock = new TestClock(NOON);
    const watch = new LeaseWatch(clock);
    watch.look([stored("fits", NOON + LEASE_MS), stored("late", NOON - SKEW_MS)]);
    expect(watch.isInDoubt).toBe(true);
    expect(watch.silent).toEqual([]);
    clock.moveTo(NOON + LEASE_MS - 1);
    watch.look([stored("fits", NOON + LEASE_MS), stored("late", NOON - SKEW_MS + 1)]);
    clock.moveTo(NOON + LEASE_MS);
    expect(watch.silent.map(({ consumer }) => consumer)).toEqual(["fits"]);
    expect(watch.isInDoubt).toBe(true);
    clock.moveTo(NOON + 2 * LEASE_MS);
    expect(watch.silent.map(({ consumer }) => consumer)).toEqual(["fits", "late"]);
    expect(watch.isInDoubt).toBe(false);
  });

  test("nobody was silent while nobody could renew", () => {
    const clock = new TestClock(NOON);
    const watch = new LeaseWatch(clock);
    watch.look([stored("a", NOON)]);
    clock.moveTo(NOON + LEASE_MS);
    watch.restart();
    expect(watch.look([stored("a", NOON)])).toEqual([]);
    expect(watch.silent).toEqual([]);
    expect(watch.isInDoubt).toBe(true);
  });
});

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { LeaseWatch, LeaseWorkerReply } from "../../consumer/loop/lease_worker.ts";
import { isGone, newIdentity } from "../../consumer/platform/identity.ts";
import { LeaseKeeper } from "../../consumer/loop/lease.ts";
import type { Loop } from "../../consumer/loop/loop.ts";
import { recoveryLoop } from "../../consumer/loop/recover_consumers.ts";
import { openWorker, siblingUrl } from "../../consumer/platform/web_worker.ts";
import { coreOf } from "../../lib/core/core.ts";
import { StorageError } from "../../lib/errors.ts";
import type { Clock } from "../../lib/primitives/clock.ts";
import type { Lease } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { SqliteHuey } from "../../storage/sqlite/huey.ts";
import { logbook, memory, silent, waitUntil } from "../helpers.ts";

const POLL = { initialMs: 1, backoff: 1, maxMs: 1 };
const folder = mkdtempSync(join(tmpdir(), "huey-recovery-"));
const ends: (() => Promise<unknown>)[] = [];
let files = 0;

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function sqlite(logger: Logger = silent): SqliteHuey {
  const huey = new SqliteHuey("recovery", { filename: join(folder, `${++files}.db`), logger });
  ends.push(() => huey.close());
  return huey;
}

/** The process id of a process that has ended. */
function deadPid(): Promise<number> {
  const child = spawn(process.execPath, ["--version"], { stdio: "ignore" });
  return new Promise((resolve) => child.on("exit", () => resolve(child.pid!)));
}

/** A process that runs until it is told to end. */
function startProcess(): { pid: number; end(): Promise<void> } {
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const end = (): Promise<void> => {
    child.kill("SIGKILL");
    return exited;
  };
  ends.push(end);
  return { pid: child.pid!, end };
}

/** Resolves after the next look of a storage at all leases. */
function nextLook(huey: SqliteHuey): Promise<void> {
  const { storage } = huey;
  const { leases } = storage;
  return new Promise((resolve) => {
    storage.leases = async () => {
      storage.leases = leases;
      const found = await leases.call(storage);
      setImmediate(resolve);
      return found;
    };
  });
}

describe("newIdentity()", () => {
  test("is another one each time, on the same host", () => {
    const [one, two] = [newIdentity(), newIdentity()];
    expect(one.consumer).not.toBe(two.consumer);
    expect(one.host).toBe(two.host);
    expect(one.pid).toBe(process.pid);
  });
});

describe("isGone()", () => {
  test("knows processes of this host that have ended", async () => {
    const { host, consumer } = newIdentity();
    const lease = { host, consumer, ttlMs: 1000, pid: await deadPid() };
    expect(isGone(lease, host)).toBe(true);
    expect(isGone({ ...lease, host: "elsewhere" }, host)).toBe(false);
  });

  test("spares processes that run", () => {
    const { host, consumer } = newIdentity();
    expect(isGone({ host, consumer, ttlMs: 1000, pid: process.pid }, host)).toBe(false);
    expect(isGone({ host, consumer: "x-1-0-abc", ttlMs: 1000, pid: process.ppid }, host)).toBe(false);
  });

  test("sees that a process id was given to another process", () => {
    const { host } = newIdentity();
    const lease = { host, consumer: `host-${process.ppid}-1-abc`, ttlMs: 1000, pid: process.ppid };
    expect(isGone(lease, host)).toBe(process.platform === "linux");
  });
});

describe("Recovery and its own lease", () => {
  /** A clock that each pause moves on, and `sleepFor` by more than was meant. */
  function setup() {
    let nowMs = 1e12;
    const clock: Clock = {
      now: () => nowMs,
      elapsed: () => nowMs,
      startTimer: (ms, strike) => {
        const timer = setTimeout(() => {
          nowMs += ms;
          strike();
        }, 1);
        return { stop: () => clearTimeout(timer) };
      },
    };
    const huey = memory({ clock });
    const recoveries: { readonly own: Lease | undefined; readonly atMs: number }[] = [];
    huey.storage.recover = (_target, own) => {
      recoveries.push({ own, atMs: nowMs });
      return Promise.resolve([]);
    };
    const identity = newIdentity();
    const recovery = recoveryLoop(coreOf(huey)!, { identity, leaseMs: 30_000, poll: POLL, patienceMs: 60_000, logger: silent });
    ends.push(() => recovery.stop());
    return { identity, recovery, recoveries, now: () => nowMs, sleepFor: (ms: number) => void (nowMs += ms) };
  }

  test("is renewed with each recovery", async () => {
    const { identity, recovery, recoveries } = setup();
    recovery.start();
    await waitUntil(() => recoveries.length > 2);
    expect(recoveries.map(({ own }) => own)).toEqual(Array(recoveries.length).fill({ ...identity, ttlMs: 30_000 }));
  });

  test("after a sleep the others get ten seconds to renew theirs", async () => {
    const { recovery, recoveries, now, sleepFor } = setup();
    recovery.start();
    await waitUntil(() => recoveries.length > 2);
    sleepFor(3_600_000);
    const wokeMs = now();
    const before = recoveries.length;
    await waitUntil(() => recoveries.length > before + 1);
    expect(recoveries[before]!.atMs).toBeGreaterThanOrEqual(wokeMs + 10_000);
    expect(recoveries[before + 1]!.atMs - recoveries[before]!.atMs).toBeLessThan(10_000);
  });
});

describe("Recovery", () => {
  function start(huey: SqliteHuey, leaseMs = 60_000): Loop {
    const core = coreOf(huey)!;
    const recovery = recoveryLoop(core, {
      identity: newIdentity(),
      leaseMs,
      poll: POLL,
      patienceMs: 60_000,
      logger: core.logger,
    });
    ends.push(() => recovery.stop());
    recovery.start();
    return recovery;
  }

  function recovered(huey: SqliteHuey): Promise<string> {
    return new Promise((resolve) => huey.signal("recovered", (_, task) => resolve(task.name)));
  }

  test("takes over at once what a dead process of this host had claimed", async () => {
    const huey = sqlite();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const owner = { consumer: "host-1-0-dead", worker: "Worker-1" };
    await huey.storage.renewLease({
      consumer: owner.consumer,
      host: newIdentity().host,
      pid: await deadPid(),
      ttlMs: 3_600_000,
    });
    await huey.storage.claim(1, owner);
    const told = recovered(huey);
    start(huey);
    expect(await told).toBe("add");
    expect(await huey.pendingCount()).toBe(1);
  });

  test("takes over what a consumer elsewhere had claimed when its lease has run out", async () => {
    const huey = sqlite();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const owner = { consumer: "host-1-0-silent", worker: "Worker-1" };
    await huey.storage.renewLease({ consumer: owner.consumer, host: "elsewhere", pid: 1, ttlMs: 20 });
    await huey.storage.claim(1, owner);
    const told = recovered(huey);
    start(huey, 40);
    expect(await told).toBe("add");
  });

  test("notices that a process of this host ends long before its lease does", async () => {
    const huey = sqlite();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const neighbour = startProcess();
    const owner = { consumer: `host-${neighbour.pid}-0-alive`, worker: "Worker-1" };
    await huey.storage.renewLease({ consumer: owner.consumer, host: newIdentity().host, pid: neighbour.pid, ttlMs: 3_600_000 });
    await huey.storage.claim(1, owner);
    const told = recovered(huey);
    const looked = nextLook(huey);
    start(huey);
    await looked;
    expect(await huey.pendingCount()).toBe(0);
    await neighbour.end();
    expect(await told).toBe("add");
    expect(await huey.pendingCount()).toBe(1);
  });

  test("calls nobody gone who has said that it ends", async () => {
    const { logger, lines } = logbook();
    const huey = sqlite(logger);
    const neighbour = startProcess();
    const consumer = `host-${neighbour.pid}-0-orderly`;
    await huey.storage.renewLease({ consumer, host: newIdentity().host, pid: neighbour.pid, ttlMs: 3_600_000 });
    const met = nextLook(huey);
    start(huey);
    await met;
    const looked = nextLook(huey);
    await huey.storage.endLease(consumer);
    await neighbour.end();
    await looked;
    expect(lines).toEqual([]);
  });

  test("spares consumers that live", async () => {
    const huey = sqlite();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const owner = { consumer: "host-1-0-alive", worker: "Worker-1" };
    await huey.storage.renewLease({ consumer: owner.consumer, host: "elsewhere", pid: 1, ttlMs: 60_000 });
    await huey.storage.claim(1, owner);
    const { storage } = huey;
    const { recover } = storage;
    const looked = new Promise<void>((resolve) => {
      storage.recover = async (target) => {
        const claims = await recover.call(storage, target);
        resolve();
        return claims;
      };
    });
    start(huey);
    await looked;
    expect(await huey.pendingCount()).toBe(0);
  });

  test("gives others the time to renew their leases after an outage of the storage", async () => {
    const huey = sqlite();
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    const owner = { consumer: "host-1-0-alive", worker: "Worker-1" };
    const lease = { consumer: owner.consumer, host: "elsewhere", pid: 1, ttlMs: 1 };
    await huey.storage.renewLease(lease);
    await huey.storage.claim(1, owner);
    const { storage } = huey;
    const { leases, recover } = storage;
    const asked = Promise.withResolvers<void>();
    let failures = 3;
    storage.leases = async () => {
      if (failures === 0) return await leases.call(storage);
      // The other one reaches the storage later than we.
      if (--failures === 0) setTimeout(() => void storage.renewLease({ ...lease, ttlMs: 3_600_000 }), 50);
      throw new StorageError("disk full");
    };
    storage.recover = async (target, own) => {
      const claims = await recover.call(storage, target, own);
      asked.resolve();
      return claims;
    };
    start(huey, 1000);
    await asked.promise;
    expect(failures).toBe(0);
    expect(await huey.pendingCount()).toBe(0);
  });
});

type Gate = PromiseWithResolvers<void>;

describe("LeaseKeeper", () => {
  const lease = { consumer: "host-1-0-it", host: "here", pid: 1, ttlMs: 60 };

  test("renews the lease from another isolate", async () => {
    const huey = sqlite();
    const keeper = new LeaseKeeper(huey.storage, { lease, tasksRunHere: true, poll: POLL, logger: silent });
    ends.push(() => keeper.stop());
    await keeper.start();
    const before = (await huey.storage.leases())[0]!.expiresMs;
    let after = before;
    while (after < before + 100) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      after = (await huey.storage.leases())[0]!.expiresMs;
    }
    await keeper.stop();
    expect(await huey.storage.leases()).toEqual([]);
  });

  for (const always of [true, false]) {
    test(`another isolate renews it ${always ? "always, if it is short" : "when nobody here does"}`, async () => {
      const huey = sqlite();
      const descriptor = huey.storage.descriptor!;
      const renewals = new Int32Array(new SharedArrayBuffer(4));
      const heard = Promise.withResolvers<unknown>();
      const leaseWorker = openWorker(siblingUrl("lease_worker", import.meta.resolve("../../consumer/loop/lease.ts")), {
        message: (message) => heard.resolve(message as LeaseWorkerReply),
        end: heard.resolve,
      });
      ends.push(() => Promise.resolve(leaseWorker.terminate()));
      leaseWorker.post(
        { descriptor, lease: { ...lease, ttlMs: always ? 3_600_000 : 60 }, renewals, always } satisfies LeaseWatch,
      );
      expect(await heard.promise).toBe("renewed");
      expect((await huey.storage.leases()).map(({ consumer }) => consumer)).toEqual([lease.consumer]);
    });
  }

  test("renews it here where no tasks run, and reports failures once", async () => {
    const { logger, lines } = logbook();
    const huey = sqlite();
    const keeper = new LeaseKeeper(huey.storage, { lease, tasksRunHere: false, poll: POLL, logger });
    ends.push(() => keeper.stop());
    await keeper.start();
    const { storage } = huey;
    const { renewLease } = storage;
    let failures = 0;
    const works = new Promise<void>((resolve) => {
      storage.renewLease = (renewed) => {
        if (failures++ < 2) return Promise.reject(new StorageError("no connection"));
        resolve();
        return renewLease.call(storage, renewed);
      };
    });
    await works;
    await keeper.stop();
    expect(lines.filter(({ level }) => level === "error").length).toBe(1);
  });

  for (const slow of ["first", "one before the last"]) {
    test(`ends it only after all renewals, also when the ${slow} takes its time`, async () => {
      const { storage } = sqlite();
      const { renewLease, endLease } = storage;
      const [gate, twoMore, late] = Array.from({ length: 3 }, () => Promise.withResolvers<void>()) as [Gate, Gate, Gate];
      const steps: string[] = [];
      let renewals = 0;
      storage.renewLease = async (renewed) => {
        const renewal = ++renewals;
        const isSlow = renewal === (slow === "first" ? 1 : 2);
        if (isSlow) await gate.promise;
        await renewLease.call(storage, renewed);
        steps.push("renewed");
        if (renewal > 2) twoMore.resolve();
        if (isSlow) late.resolve();
      };
      storage.endLease = (consumer) => {
        steps.push("resigned");
        return endLease.call(storage, consumer);
      };
      const keeper = new LeaseKeeper(storage, { lease, tasksRunHere: false, poll: POLL, logger: silent });
      const started = keeper.start();
      if (slow !== "first") await twoMore.promise;
      const stopped = keeper.stop();
      // Time enough for a resignation that does not wait.
      await storage.leases();
      await new Promise((resolve) => setTimeout(resolve, 0));
      gate.resolve();
      await Promise.all([started, stopped, late.promise]);
      expect(steps.indexOf("resigned")).toBe(steps.length - 1);
      expect(await storage.leases()).toEqual([]);
    });
  }

  test("a storage that nobody else sees needs one lease only", async () => {
    const huey = memory();
    const keeper = new LeaseKeeper(huey.storage, { lease, tasksRunHere: true, poll: POLL, logger: silent });
    await keeper.start();
    expect((await huey.storage.leases())[0]!.expiresMs).toBeGreaterThan(Date.now() + 3_600_000);
    await keeper.stop();
    expect(await huey.storage.leases()).toEqual([]);
  });
});

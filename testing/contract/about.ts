/** Cases of what items, settlements and leases say of themselves, and of newer calls of a storage that is closed. @module */
import { StorageError } from "../../lib/errors.ts";
import type { Storage } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { gated } from "./gates.ts";
import {
  bytes,
  claim,
  claimOne,
  complete,
  drain,
  enqueueAndClaim,
  FAR_MS,
  item,
  lease,
  LONG_MS,
  owner,
  rejection,
} from "./helpers.ts";

/** What is said of itself, by id. */
async function aboutOf(storage: Storage, ...ids: readonly string[]): Promise<(string | undefined)[]> {
  return await Promise.all(ids.map(async (id) => (await storage.state(id))?.about));
}

/** `about`. */
export const aboutCases: Cases = {
  "a state hands back what the item says": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const about = 'opaque: {"ü":"\\0 队列 🐝"}\n';
    await one.enqueue([item("running", { about }), gated("waiting", 1, { about }), gated("blocked", 1, { about })]);
    await one.enqueue([item("scheduled", { about, dueMs: FAR_MS }), item("retrying", { about, retry: true }), item("silent")]);
    await claimOne(one);
    for (const state of ["running", "waiting", "blocked", "scheduled", "retrying"]) {
      expect(await other.state(state)).toMatchObject({ state, about });
    }
    expect(await aboutOf(other, "silent")).toEqual([undefined]);
  },

  "it stays with the item, wherever it goes": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.enqueue([item("a", { about: "first", dueMs: 1000 })]);
    expect((await one.scheduled())[0]!.about).toBe("first");
    await one.promoteDue(1);
    expect((await one.pending())[0]!.about).toBe("first");
    const claimed = await claimOne(one);
    expect(claimed.about).toBe("first");
    await one.release([claimed]);
    expect(await aboutOf(other, "a")).toEqual(["first"]);
    await claimOne(one);
    await other.recover({ consumer: owner().consumer });
    expect(await aboutOf(other, "a")).toEqual(["first"]);
    const next = item("a", { about: "second", retry: true });
    await one.settle({ claim: await claimOne(one), id: "a", noticeTtlMs: LONG_MS, next });
    expect(await other.state("a")).toMatchObject({ state: "retrying", about: "second" });
  },

  "an ended task has what its settlement says": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (const result of [undefined, bytes("1")]) {
      const claimed = await enqueueAndClaim(one, "a", { about: "of the item" });
      await one.settle(complete(claimed, { about: "of the end", result }));
      expect(await other.state("a")).toEqual({ state: "complete", about: "of the end" });
      if (!context.resultsStay) await one.results.pop("a");
      expect(await other.state("a")).toEqual({ state: "complete", about: "of the end" });
    }
    await one.settle(complete(await enqueueAndClaim(one, "b", { about: "of the item" })));
    expect(await aboutOf(other, "b")).toEqual([undefined]);
  },

  "what is not tracked says nothing": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { about: "of the item", track: false })]);
    expect(await storage.state("a")).toBeUndefined();
    await storage.settle(complete(await claimOne(storage), { about: "of the end" }));
    expect(await aboutOf(storage, "a")).toEqual([undefined]);
  },

  "steps that were canceled say nothing of the task before them": async (context, expect) => {
    const storage = await context.open();
    const canceled = [{ id: "b" }, { id: "c", result: bytes("1") }];
    await storage.settle(complete(await enqueueAndClaim(storage, "a"), { ending: "failed", about: "of a", canceled }));
    expect(await aboutOf(storage, "a", "b", "c")).toEqual(["of a", undefined, undefined]);
  },

  "a lease hands back what the consumer says, until it says something else": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const told = async (): Promise<(string | undefined)[]> => (await other.leases()).map(({ about }) => about);
    await one.renewLease(lease());
    expect(await told()).toEqual([undefined]);
    await one.renewLease({ ...lease(), about: '{"version":"0.2"} 🐝' });
    await one.renewLease(lease());
    expect(await told()).toEqual(['{"version":"0.2"} 🐝']);
    await one.recover(undefined, { ...lease(), about: "second" });
    expect(await told()).toEqual(["second"]);
    await one.endLease(lease().consumer);
    await one.renewLease(lease());
    expect(await told()).toEqual([undefined]);
  },

  "newer calls of a closed storage are refused": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await claim(storage);
    await drain(storage);
    await storage.close();
    const bounds = { minuteAgeMs: 1, hourAgeMs: 1, recent: 1 };
    const calls: (() => Promise<unknown>)[] = [
      () => storage.keep(claimed, "step", bytes("1")),
      () => storage.kept("a"),
      () => storage.leaveGate(claimed),
      () => storage.promote("a"),
      () => storage.pause({}),
      () => storage.resume(),
      () => storage.paused(),
      () => storage.running(),
      () => storage.blocked(),
      () => storage.blockedCount(),
      () => storage.oldestMs(),
      () => storage.deadLetter("a"),
      () => storage.count([], [], bounds),
      () => storage.counts({ step: "hour", fromMs: 0, toMs: 1, limit: 1 }),
      () => storage.recent(1),
    ];
    for (const call of calls) expect(await rejection(call())).toBeInstanceOf(StorageError);
  },
};

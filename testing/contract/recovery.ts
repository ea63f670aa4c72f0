/** Cases of leases and of recovering claims. @module */
import type { Claim } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import {
  bytes,
  claim,
  claimOne,
  complete,
  drain,
  enqueueAndClaim,
  ids,
  item,
  items,
  lease,
  LONG_MS,
  owner,
  plain,
} from "./helpers.ts";

/** Leases and recovery. */
export const recoveryCases: Cases = {
  "a renewal stores the lease": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const beforeMs = context.clock.now();
    await one.renewLease({ consumer: "c1", ttlMs: 15_000, host: "machine", pid: 4711 });
    const stored = await other.leases();
    expect(stored).toHaveLength(1);
    expect(stored[0]).toMatchObject({ consumer: "c1", ttlMs: 15_000, host: "machine", pid: 4711 });
    expect(stored[0]!.expiresMs).toBeGreaterThanOrEqual(beforeMs + 15_000 - 1000);
    expect(stored[0]!.expiresMs).toBeLessThanOrEqual(context.clock.now() + 15_000 + 1000);
  },

  "leases of several consumers are apart": async (context, expect) => {
    const storage = await context.open();
    await storage.renewLease(lease("c1"));
    await storage.renewLease(lease("c2"));
    await storage.renewLease(lease("c1"));
    expect((await storage.leases()).map(({ consumer }) => consumer).sort()).toEqual(["c1", "c2"]);
    await storage.endLease("c1");
    expect((await storage.leases()).map(({ consumer }) => consumer)).toEqual(["c2"]);
  },

  "leases survive a flush": async (context, expect) => {
    const storage = await context.open();
    await storage.renewLease(lease("c1"));
    await storage.flush();
    expect(await storage.leases()).toHaveLength(1);
  },

  "a living lease covers its claims": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease());
    const claimed = await enqueueAndClaim(one, "a");
    expect(await other.recover()).toEqual([]);
    expect((await one.settle(complete(claimed))).held).toBe(true);
  },

  "when a lease has run out its claims are recovered": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease("consumer", context.shortTtlMs));
    await one.enqueue(items("a", 3));
    const claims = await claim(one, 2);
    let found: Claim[] = [];
    await context.outlive(context.shortTtlMs, async () => (found = await other.recover()).length > 0);
    expect(ids(found).sort()).toEqual(["a0", "a1"]);
    expect(ids(await other.pending())).toEqual(["a0", "a1", "a2"]);
    expect((await one.settle(complete(claims[0]!))).held).toBe(false);
    expect(await other.recover()).toEqual([]);
  },

  "a renewed lease goes on": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease("lost", context.shortTtlMs));
    await one.renewLease(lease("kept", context.shortTtlMs));
    await one.enqueue(items("a", 2));
    await claimOne(one, owner("kept"));
    await claimOne(one, owner("lost"));
    await one.renewLease(lease("kept", 10 * LONG_MS));
    let found: Claim[] = [];
    await context.outlive(context.shortTtlMs, async () => (found = await other.recover()).length > 0);
    expect(ids(found)).toEqual(["a1"]);
    expect(ids(await one.claimed({ consumer: "kept" }))).toEqual(["a0"]);
  },

  "a lease covers claims from before its renewal": async (context, expect) => {
    const storage = await context.open();
    await storage.renewLease(lease("consumer", context.shortTtlMs));
    await enqueueAndClaim(storage, "a");
    await storage.renewLease(lease("consumer", 10 * LONG_MS));
    await storage.renewLease(lease("witness", context.shortTtlMs));
    await storage.enqueue([item("b")]);
    await claimOne(storage, owner("witness"));
    let found: Claim[] = [];
    await context.outlive(context.shortTtlMs, async () => (found = await storage.recover()).length > 0);
    expect(ids(found)).toEqual(["b"]);
  },

  "claims that a consumer leaves when it ends its lease are recovered": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease());
    await enqueueAndClaim(one, "a");
    await one.endLease("consumer");
    expect(ids(await other.recover())).toEqual(["a"]);
    expect(await drain(other)).toEqual(["a"]);
  },

  "ending a lease that is not there is no error": async (context, expect) => {
    const storage = await context.open();
    await storage.endLease("nobody");
    expect(await storage.leases()).toEqual([]);
  },

  "a target is recovered whatever its lease says": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease("c1"));
    await one.enqueue(items("a", 3));
    await claimOne(one, owner("c1", "w1"));
    await claimOne(one, owner("c1", "w2"));
    await claimOne(one, owner("c2", "w1"));
    expect(ids(await other.recover({ consumer: "c1", worker: "w2" }))).toEqual(["a1"]);
    expect(ids(await one.claimed({ consumer: "c1" }))).toEqual(["a0"]);
    expect(ids(await other.recover({ consumer: "c1" }))).toEqual(["a0"]);
    expect(await other.recover({ consumer: "c1" })).toEqual([]);
    expect(ids(await one.claimed({ consumer: "c2" }))).toEqual(["a2"]);
  },

  "recovered items go back to their places": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue(items("a", 5));
    const claims = await claim(storage, 4);
    await storage.settle(complete(claims[1]!));
    await storage.recover({ consumer: owner().consumer });
    expect(ids(await storage.pending())).toEqual(["a0", "a2", "a3", "a4"]);
    expect(await drain(storage)).toEqual(["a0", "a2", "a3", "a4"]);
  },

  "each hand-out counts": async (context, expect) => {
    const storage = await context.open();
    await storage.enqueue([item("a", { data: bytes("message") })]);
    for (const deliveries of [1, 2, 3, 4]) {
      const claimed = await claimOne(storage);
      expect(claimed.deliveries).toBe(deliveries);
      expect(plain(claimed.data)).toEqual(bytes("message"));
      const [recovered] = await storage.recover({ consumer: owner().consumer });
      expect(recovered).toMatchObject({ id: "a", token: claimed.token, deliveries });
    }
  },

  "two instances recover each claim once": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (let round = 0; round < 5; round++) {
      await one.renewLease(lease("lost"));
      await one.enqueue(items(`r${round}-`, 10));
      await claim(one, 10, { owner: owner("lost") });
      await one.endLease("lost");
      const found = await Promise.all([one.recover(), other.recover(), one.recover(), other.recover()]);
      expect(ids(found.flat()).sort()).toEqual(ids(items(`r${round}-`, 10)).sort());
      expect(await drain(other)).toEqual(ids(items(`r${round}-`, 10)));
    }
  },

  "settling and recovering a claim exclude each other": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (let round = 0; round < 10; round++) {
      const claimed = await enqueueAndClaim(one, `a${round}`);
      const settling = one.settle(complete(claimed, { result: bytes("1") }));
      const [settled, recovered] = await Promise.all([settling, other.recover({ consumer: owner().consumer })]);
      expect(recovered.length).toBe(settled.held ? 0 : 1);
      expect(await one.results.has(`a${round}`)).toBe(settled.held);
      expect(await one.pendingCount()).toBe(recovered.length);
      await drain(one);
      await one.results.flush();
    }
  },

  "a recovery renews the own lease first, and leaves the own claims alone": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await enqueueAndClaim(one, "mine");
    await one.enqueue([item("lost")]);
    await claimOne(one, owner("gone"));
    const found = await one.recover(undefined, lease());
    expect(found.map(({ id }) => id)).toEqual(["lost"]);
    expect((await other.leases()).map(({ consumer }) => consumer)).toEqual(["consumer"]);
    expect((await other.claimed(owner())).map(({ id }) => id)).toEqual(["mine"]);
    expect((await one.recover({ consumer: "consumer", worker: "worker" }, lease())).map(({ id }) => id)).toEqual(["mine"]);
  },

  "a consumer that has slept over its lease renews it and keeps its claims": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease("consumer", context.shortTtlMs));
    await other.renewLease(lease("witness", context.shortTtlMs));
    const claimed = await enqueueAndClaim(one, "a");
    await one.enqueue([item("b")]);
    await claimOne(other, owner("witness"));
    let found: Claim[] = [];
    await context.outlive(context.shortTtlMs, async () => {
      found = await one.recover(undefined, lease("consumer", 10 * LONG_MS));
      return found.length > 0;
    });
    expect(ids(found)).toEqual(["b"]);
    expect(await other.recover()).toEqual([]);
    expect((await one.settle(complete(claimed))).held).toBe(true);
  },
};

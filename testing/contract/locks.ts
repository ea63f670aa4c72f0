/** Cases of locks that end with their claim. @module */
import type { Claim } from "../../lib/storage.ts";
import type { Cases } from "./context.ts";
import { bytes, claimOne, complete, enqueueAndClaim, item, lease, LONG_MS, owner, peekText } from "./helpers.ts";

/** `putIfEmpty` with `holder`. */
export const lockCases: Cases = {
  "a held lock is an entry like any other": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    expect(await one.locks.putIfEmpty("lock", bytes("mine"), { holder: claimed.token })).toBe(true);
    expect(await other.locks.putIfEmpty("lock", bytes("theirs"))).toBe(false);
    expect(await peekText(other.locks, "lock")).toBe("mine");
    expect(await other.locks.deleteIfEqual("lock", bytes("mine"))).toBe(true);
    expect((await one.settle(complete(claimed, { dropLocks: true }))).held).toBe(true);
  },

  "locks go with a settlement that drops them": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    for (const key of ["lock 1", "lock 2"]) await storage.locks.putIfEmpty(key, bytes("1"), { holder: claimed.token });
    await storage.locks.putIfEmpty("other", bytes("1"));
    await storage.settle(complete(claimed, { dropLocks: true }));
    expect([...(await storage.locks.entries()).keys()]).toEqual(["other"]);
  },

  "locks stay with a settlement that does not drop them": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
    await storage.settle(complete(claimed));
    expect(await storage.locks.has("lock")).toBe(true);
  },

  "a refused settlement drops no lock": async (context, expect) => {
    const storage = await context.open();
    const lost = await enqueueAndClaim(storage, "a");
    await storage.recover({ consumer: owner().consumer });
    const taken = await claimOne(storage);
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: taken.token });
    expect((await storage.settle(complete(lost, { dropLocks: true }))).held).toBe(false);
    expect(await storage.locks.has("lock")).toBe(true);
  },

  "locks of a recovered claim are free": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    await one.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token, ttlMs: LONG_MS });
    await other.recover({ consumer: owner().consumer });
    expect(await other.locks.putIfEmpty("lock", bytes("2"))).toBe(true);
  },

  "locks of a released claim are free": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const claimed = await enqueueAndClaim(one, "a");
    await one.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
    await one.release([claimed]);
    expect(await other.locks.has("lock")).toBe(false);
  },

  "locks are free when the lease of their holder has run out": async (context, expect) => {
    const [one, other] = await context.openTwo();
    await one.renewLease(lease("consumer", context.shortTtlMs));
    const claimed = await enqueueAndClaim(one, "a");
    await one.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
    let found: Claim[] = [];
    await context.outlive(context.shortTtlMs, async () => (found = await other.recover()).length > 0);
    expect(found).toHaveLength(1);
    expect(await other.locks.has("lock")).toBe(false);
  },

  "only the locks of the claim go": async (context, expect) => {
    const storage = await context.open();
    const first = await enqueueAndClaim(storage, "a");
    const second = await enqueueAndClaim(storage, "b");
    await storage.locks.putIfEmpty("lock a", bytes("1"), { holder: first.token });
    await storage.locks.putIfEmpty("lock b", bytes("1"), { holder: second.token });
    await storage.settle(complete(first, { dropLocks: true }));
    expect([...(await storage.locks.entries()).keys()]).toEqual(["lock b"]);
  },

  "a lock that somebody else took meanwhile stays": async (context, expect) => {
    const storage = await context.open();
    const first = await enqueueAndClaim(storage, "a");
    const second = await enqueueAndClaim(storage, "b");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: first.token });
    await storage.locks.deleteIfEqual("lock", bytes("1"));
    await storage.locks.putIfEmpty("lock", bytes("2"), { holder: second.token });
    await storage.settle(complete(first, { dropLocks: true }));
    expect(await peekText(storage.locks, "lock")).toBe("2");
    await storage.settle(complete(second, { dropLocks: true }));
    expect(await storage.locks.has("lock")).toBe(false);
  },

  "a lock that was refused belongs to its holder only": async (context, expect) => {
    const storage = await context.open();
    const first = await enqueueAndClaim(storage, "a");
    const second = await enqueueAndClaim(storage, "b");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: first.token });
    expect(await storage.locks.putIfEmpty("lock", bytes("2"), { holder: second.token })).toBe(false);
    await storage.settle(complete(second, { dropLocks: true }));
    expect(await peekText(storage.locks, "lock")).toBe("1");
  },

  "a lock ends with its own time too": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token, ttlMs: context.shortTtlMs });
    await context.outlive(context.shortTtlMs, async () => !await storage.locks.has("lock"));
    expect(await storage.locks.putIfEmpty("lock", bytes("2"))).toBe(true);
    await storage.settle(complete(claimed, { dropLocks: true }));
    expect(await peekText(storage.locks, "lock")).toBe("2");
  },

  "who holds a lock stays when its value is replaced": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token, ttlMs: LONG_MS });
    expect(await storage.locks.replaceIfEqual("lock", bytes("1"), bytes("1"), 10 * LONG_MS)).toBe(true);
    await storage.settle(complete(claimed, { dropLocks: true }));
    expect(await storage.locks.has("lock")).toBe(false);
  },

  "locks that are passed to a worker stay until it is recovered": async (context, expect) => {
    const [one, other] = await context.openTwo();
    const worker = owner("c1", "w1");
    for (const [index, recovered] of [worker, { consumer: "c1" }].entries()) {
      await one.renewLease(lease("c1"));
      await one.enqueue([item("a")]);
      const claimed = await claimOne(one, worker);
      await one.locks.putIfEmpty("lock", bytes(`${index}`), { holder: claimed.token });
      expect((await one.settle(complete(claimed, { passLocks: worker }))).held).toBe(true);
      expect(await other.locks.has("lock")).toBe(true);
      await other.recover({ consumer: "c1", worker: "w2" });
      await other.recover({ consumer: "c2" });
      await other.recover();
      expect(await other.locks.has("lock")).toBe(true);
      await other.recover(recovered);
      expect(await other.locks.has("lock")).toBe(false);
    }
  },

  "locks that were passed end with the lease, and when the consumer ends it": async (context, expect) => {
    const [one, other] = await context.openTwo();
    for (const end of ["lease", "endLease"]) {
      await one.renewLease(lease("c1", end === "lease" ? context.shortTtlMs : 10 * LONG_MS));
      await one.enqueue([item("a")]);
      const claimed = await claimOne(one, owner("c1"));
      await one.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
      await one.settle(complete(claimed, { passLocks: owner("c1") }));
      if (end === "endLease") await one.endLease("c1");
      else {
        await context.outlive(context.shortTtlMs, async () => {
          await other.recover();
          return !await other.locks.has("lock");
        });
      }
      expect(await other.locks.has("lock")).toBe(false);
    }
  },

  "a lock that was passed and then freed is not taken from who has it now": async (context, expect) => {
    const storage = await context.open();
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.locks.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
    await storage.settle(complete(claimed, { passLocks: owner() }));
    await storage.locks.deleteIfEqual("lock", bytes("1"));
    await storage.locks.put("lock", bytes("2"));
    await storage.recover(owner());
    expect(await peekText(storage.locks, "lock")).toBe("2");
  },
};

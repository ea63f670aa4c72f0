/** Claims of one request: settled together, one by one, after some were lost; nothing of them stays behind. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Claim, Settlement } from "../../lib/storage.ts";
import { RedisStorage } from "../../storage/redis/front.ts";
import { type RedisServer, startRedis } from "../redis_server.ts";

const OWNER = { consumer: "con:sumer", worker: "w:1" };

let server: RedisServer;
let storage: RedisStorage;

beforeAll(async () => void (server = await startRedis()));
afterAll(() => server.stop());
beforeEach(async () => {
  await server.command("FLUSHALL");
  storage = new RedisStorage({ port: server.port, host: server.host });
});
afterEach(() => storage.close());

async function claimAll(ids: readonly string[]): Promise<readonly Claim[]> {
  await storage.enqueue(ids.map((id) => ({ id, data: new Uint8Array([1]), priority: 0, track: true })));
  return (await storage.claim(ids.length, OWNER)).claims;
}

function ended(claim: Claim): Settlement {
  return { claim, id: claim.id, ending: "complete", noticeTtlMs: 60_000, dropRevocations: [`r:${claim.id}`] };
}

function settleAll(claims: readonly Claim[]): Promise<boolean[]> {
  return Promise.all(claims.map(async (claim) => (await storage.settle(ended(claim))).held));
}

async function statesOf(ids: readonly string[]): Promise<(string | undefined)[]> {
  return await Promise.all(ids.map(async (id) => (await storage.state(id))?.state));
}

async function keysOfClaims(): Promise<string> {
  return await server.command("KEYS huey2:{huey}:claims*") + await server.command("KEYS huey2:{huey}:requests");
}

describe("claims of one request", () => {
  test("settled at once leave nothing behind, and cannot be settled again", async () => {
    const claims = await claimAll(["a", "b", "c"]);
    expect(await settleAll(claims)).toEqual([true, true, true]);
    expect(await statesOf(["a", "b", "c"])).toEqual(["complete", "complete", "complete"]);
    expect(await keysOfClaims()).not.toContain("huey2:");
    expect(await settleAll(claims)).toEqual([false, false, false]);
    expect(await settleAll(claims.slice(1))).toEqual([false, false]);
  });

  test("settled at once when one of them is lost: the others are written, and nothing of that one", async () => {
    const claims = await claimAll(["a", "b", "c"]);
    await storage.release([claims[1]!]);
    expect(await settleAll(claims)).toEqual([true, false, true]);
    expect(await statesOf(["a", "b", "c"])).toEqual(["complete", "waiting", "complete"]);
    expect(await keysOfClaims()).not.toContain("huey2:");
  });

  test("as many claims of a later request do not stand for them", async () => {
    const old = await claimAll(["a", "b"]);
    await storage.recover(OWNER);
    const { claims } = await storage.claim(2, OWNER);
    expect(claims.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(await settleAll(old)).toEqual([false, false]);
    expect(await statesOf(["a", "b"])).toEqual(["running", "running"]);
    expect(await settleAll(claims)).toEqual([true, true]);
  });

  test("the same claim twice in one turn counts once", async () => {
    const [a, b] = await claimAll(["a", "b"]);
    expect(await settleAll([a!, a!, b!, { ...b! }])).toEqual([true, false, true, false]);
    expect(await keysOfClaims()).not.toContain("huey2:");
  });

  test("one by one, also by copies that only have the token", async () => {
    const claims = await claimAll(["a", "b", "c"]);
    expect((await storage.settle(ended({ ...claims[2]! }))).held).toBe(true);
    expect((await storage.settle(ended(claims[2]!))).held).toBe(false);
    expect((await storage.claimed(OWNER)).map(({ token }) => token)).toEqual([claims[0]!.token, claims[1]!.token]);
    expect(await settleAll(await storage.claimed(OWNER))).toEqual([true, true]);
    expect(await keysOfClaims()).not.toContain("huey2:");
  });

  test("put back by a release or a recovery leave nothing behind", async () => {
    const claims = await claimAll(["a", "b", "c"]);
    await storage.release([claims[0]!]);
    expect((await storage.recover(OWNER)).map(({ id }) => id)).toEqual(["b", "c"]);
    expect((await storage.pending()).map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(await keysOfClaims()).not.toContain("huey2:");
  });

  test("are gone after a flush", async () => {
    const claims = await claimAll(["a", "b"]);
    await storage.flush();
    expect(await keysOfClaims()).not.toContain("huey2:");
    expect(await settleAll(claims)).toEqual([false, false]);
  });
});

describe("revocations", () => {
  test("of tasks that end together are deleted with them, and no others", async () => {
    const claims = await claimAll(["a", "b"]);
    for (const key of ["r:a", "r:b", "r:c"]) await storage.revocations.put(key, new Uint8Array([1]));
    await settleAll(claims);
    expect([...(await storage.revocations.entries()).keys()]).toEqual(["r:c"]);
  });

  test("with a life leave nothing of it behind, whether their tasks end together or alone", async () => {
    for (const ids of [["a", "b"], ["c"]]) {
      const claims = await claimAll(ids);
      for (const id of ids) await storage.revocations.put(`r:${id}`, new Uint8Array([1]), 60_000);
      await settleAll(claims);
      expect(await server.command("KEYS huey2:{huey}:revocations*")).not.toContain("huey2:");
    }
  });
});

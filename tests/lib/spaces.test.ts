/** Results, values, locks, progress, revocations and limits are apart, whatever id or name somebody chooses. @module */
import { describe, expect, test } from "bun:test";
import { lastSlotKey, progressKey, rateLimitKey, slotKey } from "../../lib/core/keys.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import { memory, work } from "../helpers.ts";

/** Names as somebody would choose them who knows how others are made. */
const CHOSEN = [
  ...["x", "shop.lock.x", "shop.lock-1.x", "shop.rl.x", "shop.rl.x.log", "r:x", "rt:tells", "put:x", "lock:x", "__proto__"],
  ...[progressKey("x"), rateLimitKey("log", "x"), rateLimitKey("bucket", "x"), slotKey("tells", 0), lastSlotKey("tells")],
];

interface Kind {
  readonly name: string;
  set(huey: Huey, key: string): Promise<unknown>;
  /** Whether it is there; looking may take it. */
  has(huey: Huey, key: string): Promise<boolean>;
}

const KINDS: readonly Kind[] = [
  {
    name: "a result",
    set: async (huey, id) => {
      await huey.task("gives", () => 1).with({ id })();
      await work(huey);
    },
    has: async (huey, id) => await huey.result(id) !== undefined,
  },
  { name: "a value", set: (huey, key) => huey.put(key, 1), has: async (huey, key) => await huey.get(key) !== undefined },
  {
    name: "a lock",
    set: (huey, name) => huey.lockTask(name).acquire(),
    has: async (huey, name) => await huey.isLocked(name) && (await huey.flushLocks(name)).has(name),
  },
  {
    name: "progress",
    set: async (huey, id) => {
      const task = huey.task({ name: "tells", context: true }, async (context) => await context.setProgress(1));
      await task.with({ id })();
      await work(huey);
    },
    has: async (huey, id) => await huey.progress(id) !== undefined,
  },
  {
    name: "a revocation",
    set: (huey, id) => huey.storage.revocations.put(`r:${id}`, new TextEncoder().encode("{}")),
    has: async (huey, id) => await huey.isRevoked(id) && await huey.restoreById(id),
  },
  ...(["fixed", "sliding", "token-bucket"] as const).map((algorithm): Kind => ({
    name: `a rate limit, ${algorithm}`,
    set: (huey, name) => huey.rateLimit(name, { limit: 5, per: { days: 9 }, algorithm }).acquire(),
    has: async (huey, name) => await huey.rateLimit(name, { limit: 5, per: { days: 9 }, algorithm }).currentUsage() > 0,
  })),
];

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s", (_name, kind) => {
  for (const key of CHOSEN) {
    test(`under ${JSON.stringify(key)} is seen and taken by nothing else`, async () => {
      const huey = memory({ name: "shop" });
      await kind.set(huey, key);
      for (const other of KINDS) {
        if (other === kind) continue;
        for (const asked of CHOSEN) {
          expect([other.name, asked, await other.has(huey, asked)]).toEqual([other.name, asked, false]);
        }
      }
      for (const asked of CHOSEN) expect([asked, await kind.has(huey, asked)]).toEqual([asked, asked === key]);
    });
  }
});

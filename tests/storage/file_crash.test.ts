/** The process is killed before each single step of the file system in turn; nothing may be lost, doubled or half done. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { StorageError } from "../../lib/errors.ts";
import { FileStorage } from "../../storage/file/storage.ts";
import { Disk } from "../../storage/file/disk.ts";
import { isolateName } from "../../storage/file/isolate.ts";
import { bytes, claim, claimOne, complete, ids, item, items, lease, owner, text } from "../contract/helpers.ts";

/** Everything that changes something on the disk. */
const STEPS = ["write", "create", "append", "move", "link", "remove", "removeEmpty", "removeTree"] as const;
type Changing = Record<typeof STEPS[number], (...args: unknown[]) => unknown>;
const originals = Object.fromEntries(STEPS.map((name) => [name, Disk.prototype[name]])) as Changing;

class Killed extends Error {}

let path: string;
let opened: FileStorage[];

function open(): FileStorage {
  const storage = new FileStorage({ path });
  opened.push(storage);
  return storage;
}

/** From the given step on, or after the commit of a transaction, nothing is written any more; only locks go, as those of an ended process are ignored. */
function killBefore(step: number | "commit"): void {
  let count = 0;
  for (const name of STEPS) {
    (Disk.prototype as unknown as Changing)[name] = function (this: Disk, ...args: unknown[]): unknown {
      const isLock = name === "remove" && String(args[0]).startsWith("locks/");
      if (++count >= (step === "commit" ? Infinity : step) && !isLock) throw new Killed();
      const returned = originals[name].apply(this, args);
      if (step === "commit" && String(args[1]).startsWith("intents/")) count = Infinity;
      return returned;
    };
  }
}

function revive(): void {
  Object.assign(Disk.prototype, originals);
}

/** @returns whether the action ended before the kill */
async function survives(step: number | "commit", action: () => Promise<unknown>): Promise<boolean> {
  killBefore(step);
  try {
    await action();
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  } finally {
    revive();
  }
}

/** Runs a scenario with a kill before its first step, its second, and so on, until it gets through. @returns how many kills */
async function atEachStep(scenario: (step: number) => Promise<boolean>): Promise<number> {
  for (let step = 1;; step++) {
    path = mkdtempSync(join(tmpdir(), "huey-file-"));
    try {
      if (await scenario(step)) return step - 1;
    } finally {
      for (const storage of opened.splice(0)) await storage.close();
      rmSync(path, { recursive: true });
    }
  }
}

beforeEach(() => {
  opened = [];
});

afterEach(revive);

describe("killed at each step", () => {
  test("a settlement happens once", async () => {
    const kills = await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      await one.heartbeat(lease());
      await one.revocations.put("r:task", bytes("x"));
      await one.enqueue([item("task")]);
      const claimed = await claimOne(one);
      await one.data.putIfEmpty("lock", bytes("1"), { holder: claimed.token });
      const extra = {
        result: bytes("result"),
        enqueue: [item("next"), item("later", { dueMs: Date.now() + 60_000 })],
        chord: { id: "chord", index: 0, size: 1, value: bytes("value"), callback: item("callback") },
        forget: ["r:task"],
        dropLocks: true,
      };
      const isThrough = await survives(step, () => one.settle(complete(claimed, extra)));
      const [again] = await other.recover({ consumer: "consumer" });
      if (again) {
        expect(await other.pendingCount()).toBe(1);
        expect(await other.scheduledCount()).toBe(0);
        expect(await other.data.has("task")).toBe(false);
        expect(await other.revocations.has("r:task")).toBe(true);
        expect((await other.settle(complete(await claimOne(other), extra))).held).toBe(true);
      }
      expect(ids(await other.pending()).sort()).toEqual(["callback", "next"]);
      expect(ids(await other.scheduled())).toEqual(["later"]);
      expect((await other.collect("chord")).values.map(text)).toEqual(["value"]);
      expect([...(await other.data.entries()).keys()]).toEqual(["task"]);
      expect(await other.revocations.size()).toBe(0);
      expect((await other.state("task"))?.state).toBe("complete");
      expect((await other.state("next"))?.state).toBe("waiting");
      expect((await one.settle(complete(claimed))).held).toBe(false);
      return isThrough;
    });
    expect(kills).toBeGreaterThan(15);
  });

  test("a follow-up that ran before the replay does not come back", async () => {
    await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      await one.enqueue([item("task")]);
      const claimed = await claimOne(one);
      const isThrough = await survives(step, () => one.settle(complete(claimed, { enqueue: items("next", 3) })));
      const early = await claim(other, 2, { owner: owner("other") });
      for (const next of early) if (next.id !== "task") await other.settle(complete(next));
      await other.recover({ consumer: "consumer" });
      const left = ids(await other.pending());
      const done = ids(early).filter((id) => id !== "task");
      if (left.includes("task")) expect([...left, ...done]).toEqual(["task"]);
      else expect([...done, ...left].sort()).toEqual(["next0", "next1", "next2"]);
      return isThrough;
    });
  });

  test("a recovery that is killed is carried on by the next one", async () => {
    const kills = await atEachStep(async (step) => {
      const [one, other, third] = [open(), open(), open()];
      await one.enqueue(items("task", 3));
      const [first, second] = await claim(one, 3);
      await one.data.putIfEmpty("lock", bytes("1"), { holder: second!.token });
      const chord = { id: "c", index: 0, size: 1, value: bytes("v"), callback: item("callback") };
      const settlement = complete(first!, { enqueue: items("next", 2), chord, dropLocks: true, result: bytes("result") });
      expect(await survives("commit", () => one.settle(settlement))).toBe(false);
      const isThrough = await survives(step, () => other.recover({ consumer: "consumer" }));
      await third.recover({ consumer: "consumer" });
      expect(ids(await third.pending()).sort()).toEqual(["callback", "next0", "next1", "task1", "task2"]);
      expect([...(await third.data.entries()).keys()]).toEqual(["task0"]);
      expect(readdirSync(join(path, "huey", "intents"))).toEqual([]);
      return isThrough;
    });
    expect(kills).toBeGreaterThan(10);
  });

  test("a batch is enqueued as a whole or not at all", async () => {
    await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      const isThrough = await survives(step, () => one.enqueue([...items("a", 3), item("due", { dueMs: 1 })]));
      await other.recover();
      const found = [...ids(await other.pending()), ...ids(await other.scheduled())];
      if (isThrough || found.length > 0) expect(found).toEqual(["a0", "a1", "a2", "due"]);
      return isThrough;
    });
  });

  test("enqueueOnce takes the key and enqueues, or neither", async () => {
    await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      const isThrough = await survives(step, () => one.enqueueOnce("slot", 60_000, item("a")));
      await other.recover();
      expect(await other.pendingCount()).toBe(await other.meta.has("slot") ? 1 : 0);
      await other.enqueueOnce("slot", 60_000, item("a"));
      expect(ids(await other.pending())).toEqual(["a"]);
      return isThrough;
    });
  });

  test("a dead letter is requeued once", async () => {
    await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      await one.enqueue([item("a")]);
      const burial = { id: "letter", reason: "test", atMs: 1, data: bytes("data"), taskId: "a" };
      await one.settle({ claim: await claimOne(one), id: "a", noticeTtlMs: 0, bury: burial });
      const isThrough = await survives(step, () => one.requeueDeadLetter("letter"));
      await other.recover();
      expect(await other.pendingCount() + await other.deadLetterCount()).toBe(1);
      return isThrough;
    });
  });

  test("a promotion and a release neither lose nor double", async () => {
    await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      await one.enqueue([item("claimed"), item("due", { dueMs: 1 })]);
      const claimed = await claimOne(one);
      const isThrough = await survives(step, async () => {
        await one.promoteDue(Date.now(), 10);
        await one.release([claimed]);
      });
      await other.recover({ consumer: "consumer" });
      await other.promoteDue(Date.now(), 10);
      expect(ids(await other.pending()).sort()).toEqual(["claimed", "due"]);
      return isThrough;
    });
  });

  test("the last members of a chord enqueue the callback once", async () => {
    await atEachStep(async (step) => {
      const [one, other] = [open(), open()];
      const report = (index: number) => ({ id: "c", index, size: 2, value: bytes(`${index}`), callback: item("callback") });
      await one.enqueue(items("member", 2));
      const [first, second] = await claim(one, 2);
      const isThrough = await survives(step, () => one.settle(complete(first!, { chord: report(0) })));
      await other.settle(complete(second!, { chord: report(1) }));
      for (const again of await other.recover({ consumer: "consumer" })) expect(again.id).toBe("member0");
      for (const again of await claim(other, 1)) {
        if (again.id === "member0") await other.settle(complete(again, { chord: report(0) }));
        else await other.release([again]);
      }
      expect(ids(await other.pending())).toEqual(["callback"]);
      expect((await other.collect("c")).values.map(text)).toEqual(["0", "1"]);
      return isThrough;
    });
  });
});

describe("a full disk", () => {
  /** Fails the given calls of one method, counted from 1. */
  function fullAt(name: "write" | "move" | "create", calls: readonly number[]): void {
    let count = 0;
    (Disk.prototype as unknown as Changing)[name] = function (this: Disk, ...args: unknown[]): unknown {
      if (calls.includes(++count)) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      return originals[name].apply(this, args);
    };
  }

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "huey-file-"));
  });

  afterEach(async () => {
    for (const storage of opened) await storage.close();
    rmSync(path, { recursive: true });
  });

  for (const name of ["write", "create"] as const) {
    test(`nothing is written when ${name} fails before the commit`, async () => {
      const storage = open();
      fullAt(name, [name === "write" ? 3 : 1]);
      await expect(storage.enqueue(items("a", 5, { track: false }))).rejects.toThrow(StorageError);
      revive();
      await storage.recover();
      expect(await storage.pendingCount()).toBe(0);
      expect(readdirSync(join(path, "huey", "staged", isolateName()))).toEqual([]);
    });
  }

  test("a settlement that cannot be staged leaves the claim", async () => {
    const storage = open();
    await storage.enqueue([item("a")]);
    const claimed = await claimOne(storage);
    fullAt("write", [2]);
    const settlement = complete(claimed, { enqueue: [item("next")], result: bytes("result") });
    await expect(storage.settle(settlement)).rejects.toThrow("no space left");
    revive();
    expect((await storage.settle(settlement)).held).toBe(true);
    expect(ids(await storage.pending())).toEqual(["next"]);
  });

  test("what was committed is finished with the next settlement", async () => {
    const storage = open();
    await storage.enqueue(items("a", 2));
    const [first, second] = await claim(storage, 2);
    fullAt("move", [2]);
    expect((await storage.settle(complete(first!, { enqueue: items("next", 2) }))).held).toBe(true);
    revive();
    expect(await storage.pendingCount()).toBe(0);
    await storage.settle(complete(second!));
    expect(ids(await storage.pending())).toEqual(["next0", "next1"]);
  });
});

describe("leftovers of an ended process", () => {
  /** An isolate like this one, in a process that is gone. */
  function endedIsolate(): string {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    return isolateName().replace(`-${process.pid}-`, `-${pid}-`);
  }

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "huey-file-"));
  });

  afterEach(async () => {
    for (const storage of opened) await storage.close();
    rmSync(path, { recursive: true });
  });

  test("its lock is broken", async () => {
    const storage = open();
    expect(await storage.increment("n", 1)).toBe(1);
    const counter = readdirSync(join(path, "huey", "counters"), { recursive: true }).map(String).find((name) =>
      name.length > 64
    )!;
    mkdirSync(join(path, "huey", "locks"), { recursive: true });
    const lock = join(path, "huey", "locks", `counters~${counter.slice(-64)}`);
    writeFileSync(lock, endedIsolate());
    writeFileSync(`${lock}~break`, endedIsolate());
    expect(await storage.increment("n", 1)).toBe(2);
  });

  test("what it had staged is removed", async () => {
    const folder = join(path, "huey", "staged", endedIsolate());
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "1~000000~queue~x"), "half");
    const storage = open();
    await storage.recover();
    expect(readdirSync(join(path, "huey", "staged"))).not.toContain(folder.slice(folder.lastIndexOf("/") + 1));
    expect(await storage.pendingCount()).toBe(0);
  });
});

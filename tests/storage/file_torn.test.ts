/** A write that was cut off at any byte of any file, and things that are no files. Nothing stops, and nothing is done by half. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import type { FileStorage } from "../../storage/file/storage.ts";
import { bytes, claim, claimOne, complete, ids, item, items, lease, owner, text } from "../../testing/contract/helpers.ts";
import { endedProcess, Place, replaceSteps, revive } from "./_file_fixture.ts";

/** Long: each byte is tried, on a machine that may be busy. */
const LIMIT_MS = 120_000;

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

/** Something in every folder. */
async function fill(storage: FileStorage): Promise<void> {
  const callback = item("callback");
  const chord = { id: "chord", index: 1, value: bytes("v") };
  await storage.renewLease(lease("here"));
  await storage.enqueue([item("done"), item("dead"), item("held"), item("waits"), item("later", { dueMs: 2 ** 42 })]);
  await storage.enqueue([item("member", { chord: { id: "chord", index: 0 } })], [{ id: "chord", size: 2, callback }]);
  const [done, dead, held] = await claim(storage, 3, { owner: owner("here") });
  await storage.begin(held!);
  await storage.locks.putIfEmpty("lock", bytes("1"), { holder: held!.token });
  await storage.settle(complete(done!, { result: bytes("r"), chord }));
  const bury = { id: "letter", kind: "unreadable" as const, reason: "odd", atMs: 1, data: bytes("d"), taskId: "dead" };
  await storage.settle(complete(dead!, { ending: "dead", bury }));
  for (const space of [storage.data, storage.revocations, storage.meta]) await space.put("key", bytes("value"));
  await storage.increment("count", 1);
  const gate = { key: "gate", limit: 1 };
  const unique = { key: "unique", until: "end" } as const;
  await storage.enqueue([item("inside", { gate, unique, priority: 1 }), item("blocked", { gate })]);
  await storage.keep(held!, "step", bytes("kept"));
  await storage.pause({ untilMs: 2 });
  const row = { step: "minute" as const, atMs: 60_000, taskName: "task", sums: { runs: 1 }, maxima: { ms: 2 } };
  await storage.count([row], [bytes("recent")], { minuteAgeMs: 2 ** 42, hourAgeMs: 2 ** 42, recent: 3 });
  await storage.settle(complete(await claimOne(storage, owner("here")), { passLocks: owner("here") }));
  await storage.release([await claimOne(storage, owner("here"))]);
}

/** Looks at everything, and changes nothing. */
async function lookAtAll(storage: FileStorage): Promise<void> {
  await Promise.all([
    storage.pending(),
    storage.scheduled(),
    storage.deadLetters(),
    storage.leases(),
    storage.collect("chord"),
    storage.blocked(),
    storage.running(),
    storage.paused(),
    storage.kept("held"),
    storage.counts({ step: "minute", fromMs: 0, toMs: 2 ** 42, limit: 10 }),
    storage.recent(10),
    storage.deadLetter("dead"),
    storage.oldestMs(),
  ]);
  await Promise.all(["done", "dead", "held", "waits", "later"].map((id) => storage.state(id)));
  await Promise.all(
    [storage.data, storage.results, storage.locks, storage.revocations, storage.meta].map((space) => space.entries()),
  );
  await Promise.all([storage.pendingCount(), storage.claimed({ consumer: "here" }), storage.dueMs(), storage.data.peek("key")]);
}

/** What is found in each kind of file: one of them. */
function oneOfEachKind(): string[] {
  const kinds = new Map<string, string>();
  for (const file of place.files()) {
    const [kind = ""] = relative(place.root, file).split("/");
    kinds.set(`${kind}${/~\w+$/.exec(file)?.[0] ?? ""}`, file);
  }
  kinds.delete("lock");
  return [...kinds.values()];
}

describe("a file that is cut off at any byte", () => {
  test("is read as something else or as nothing", async () => {
    const storage = place.open();
    await fill(storage);
    const files = oneOfEachKind();
    expect(files.length).toBeGreaterThan(22);
    for (const file of files) {
      const whole = readFileSync(file);
      const step = Math.max(1, Math.floor(whole.length / 60));
      for (let length = 0; length < whole.length; length += length < 40 ? 1 : step) {
        writeFileSync(file, whole.subarray(0, length));
        await lookAtAll(storage);
      }
      writeFileSync(file, whole);
    }
    expect(ids(await storage.pending())).toEqual(["waits", "member"]);
  }, LIMIT_MS);

  test("that is a message is set aside, whatever is cut, and the others run", async () => {
    const storage = place.open();
    const [first = ""] = await storage.enqueue([item("a0")]).then(() => place.files("waiting"));
    const { length } = readFileSync(first);
    await claim(storage, 1);
    for (let cut = 0; cut < length; cut += 3) {
      await storage.enqueue(items("a", 3));
      const file = place.files("waiting")[1]!;
      writeFileSync(file, readFileSync(file).subarray(0, cut));
      expect(ids(await claim(storage, 5))).toEqual(["a0", "a2"]);
    }
    expect(await storage.deadLetterCount()).toBe(Math.ceil(length / 3));
    expect(await storage.pendingCount()).toBe(0);
  }, LIMIT_MS);

  test("that is the journal is dropped, and one that is whole is applied", async () => {
    const storage = place.open();
    await storage.enqueue(items("a", 2));
    const claimed = await claimOne(storage);
    const settlement = complete(claimed, { enqueue: [item("next")], result: bytes("result") });
    let journal: Uint8Array | undefined;
    replaceSteps((original, name) => (...args) => {
      if (journal !== undefined) throw new Error("dead");
      if (name === "writeFile") journal = args[1] as Uint8Array;
      return original(...args);
    });
    await storage.settle(settlement).catch(() => {});
    revive();
    place.buryHolder();
    const lock = join(place.root, "lock");
    const [held = ""] = readdirSync(lock);
    const [file = ""] = place.files("journals");
    const other = place.open();
    for (let cut = 0; cut < journal!.length; cut++) {
      renameSync(join(lock, readdirSync(lock)[0]!), join(lock, held));
      writeFileSync(file, journal!.subarray(0, cut));
      expect(ids(await other.pending())).toEqual(["a1"]);
      expect(ids(await other.claimed(owner()))).toEqual(["a0"]);
    }
    renameSync(join(lock, readdirSync(lock)[0]!), join(lock, held));
    writeFileSync(file, journal!);
    expect(ids(await other.pending())).toEqual(["a1", "next"]);
    expect(text(await other.results.peek("a0"))).toBe("result");
    expect(await other.claimed(owner())).toEqual([]);
    expect(held).toContain(`.${endedProcess()}.`);
  }, LIMIT_MS);

  test("that leads out of the folder in a journal is not written", async () => {
    const storage = place.open();
    await storage.enqueue([item("a")]);
    const { encodeRecord } = await import("../../storage/file/record.ts");
    const lock = join(place.root, "lock");
    const isolate = "abcdefabcdef";
    mkdirSync(join(place.root, "journals"), { recursive: true });
    for (const path of ["../up", "/tmp/up", "a/../../up", "data/..", "lock/held.1"]) {
      const journal = encodeRecord({ number: 1, steps: [["put", path, 3]] }, bytes("EVL"));
      writeFileSync(join(place.root, "journals", isolate), journal);
      renameSync(join(lock, readdirSync(lock)[0]!), join(lock, `free.${2 ** 51}.x-x-x-x-x.1.${isolate}`));
      expect(await storage.pendingCount()).toBe(1);
    }
    expect(readdirSync(place.path)).toEqual(["huey"]);
    expect(readdirSync(lock).length).toBe(1);
  });
});

describe("something else in the place of a file", () => {
  const things: Record<string, (target: string) => void> = {
    "a symbolic link to a file": (target) => symlinkSync(join(place.path, "victim"), target),
    "a symbolic link to an endless device": (target) => symlinkSync("/dev/zero", target),
    "a pipe": (target) => void execFileSync("mkfifo", [target]),
    "a folder": (target) => mkdirSync(target),
    "another name of a file": (target) => linkSync(join(place.path, "victim"), target),
  };

  for (const [what, put] of Object.entries(things)) {
    test(`${what} is not read, followed or written to`, async () => {
      writeFileSync(join(place.path, "victim"), "important");
      const storage = place.open();
      await fill(storage);
      for (const file of oneOfEachKind()) {
        rmSync(file, { force: true });
        mkdirSync(dirname(file), { recursive: true });
        put(file);
      }
      const other = place.open();
      await lookAtAll(other);
      await fill(other);
      await other.recover({ consumer: "here" });
      await other.enqueue(items("more", 5));
      const found = ids(await claim(other, 100));
      for (const id of ids(items("more", 5))) expect(found).toContain(id);
      if (!what.startsWith("another")) {
        for (const { data } of await other.deadLetters()) expect(text(data)).not.toContain("important");
      }
      await other.flush();
      expect(readFileSync(join(place.path, "victim"), "utf8")).toBe("important");
    }, LIMIT_MS);
  }

  test("a folder that is a symbolic link is not followed", async () => {
    const outside = join(place.path, "outside");
    mkdirSync(outside);
    const storage = place.open();
    await fill(storage);
    await storage.close();
    for (const name of readdirSync(place.root)) {
      if (name === "lock" || name.endsWith(".bell")) continue;
      rmSync(join(place.root, name), { recursive: true });
      symlinkSync(outside, join(place.root, name));
    }
    const other = place.open();
    await fill(other);
    await lookAtAll(other);
    expect(readdirSync(outside)).toEqual([]);
    expect(await other.pendingCount()).toBeGreaterThan(0);
  });

  test("a folder that becomes a symbolic link while it is used is not followed", async () => {
    const storage = place.open();
    await fill(storage);
    const folders = readdirSync(place.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name)).filter((folder) => !folder.startsWith(join(place.root, "lock")));
    const outside = join(place.path, "outside");
    for (const folder of folders.toSorted((left, right) => right.length - left.length)) {
      if (!existsSync(folder)) continue;
      mkdirSync(outside);
      // What is there is there still, so that it could be found.
      renameSync(folder, join(place.path, "moved"));
      cpSync(join(place.path, "moved"), outside, { recursive: true });
      symlinkSync(outside, folder);
      const before = place.contentOf(outside);
      await fill(storage);
      await lookAtAll(storage);
      await storage.recover({ consumer: "here" });
      expect([relative(place.root, folder), place.contentOf(outside)]).toEqual([relative(place.root, folder), before]);
      rmSync(outside, { recursive: true });
      rmSync(join(place.path, "moved"), { recursive: true });
      rmSync(folder, { recursive: true, force: true });
    }
    await storage.enqueue(items("more", 3));
    expect(ids(await claim(storage, 100))).toContain("more2");
  }, LIMIT_MS);

  test("a folder that is a symbolic link to itself stops nothing", async () => {
    const storage = place.open();
    await fill(storage);
    await storage.close();
    const names = readdirSync(place.root).filter((name) => name !== "lock" && !name.endsWith(".bell"));
    for (const name of names) {
      rmSync(join(place.root, name), { recursive: true });
      symlinkSync(name, join(place.root, name));
    }
    const other = place.open();
    await fill(other);
    await lookAtAll(other);
    await other.renewLease({ consumer: "here", ttlMs: 10_000, host: "host", pid: 1 });
    await other.enqueue(items("more", 3));
    const found = ids(await claim(other, 100));
    for (const id of ids(items("more", 3))) expect(found).toContain(id);
  });

  test("foreign files in every folder are left where they are", async () => {
    const storage = place.open();
    await fill(storage);
    const folders = readdirSync(place.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name)).filter((folder) => !folder.endsWith("/lock"));
    for (const folder of [place.root, ...folders]) writeFileSync(join(folder, ".DS_Store"), "x");
    const other = place.open();
    await other.enqueue(items("more", 3));
    await other.recover({ consumer: "here" });
    expect((await claim(other, 100)).length).toBe(7);
    expect(await other.promoteDue(10)).toEqual([]);
    expect(await other.state("later")).toMatchObject({ state: "scheduled" });
    expect(await other.endedOf(["done", "more0"])).toEqual(["done"]);
  });
});

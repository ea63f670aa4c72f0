/** Logs that somebody removes or replaces, and things that are no files. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StorageError } from "../../lib/errors.ts";
import { systemClock } from "../../lib/primitives/clock.ts";
import { bytes, claim, claimOne, complete, ids, item, items, rejection, text } from "../../testing/contract/helpers.ts";
import { TestClock } from "../../testing/clock.ts";
import { endLog, Place } from "./_file_fixture.ts";

const START_MS = Date.UTC(2030, 0, 1);

let place: Place;
let clock: TestClock;
beforeEach(() => {
  place = new Place();
  clock = new TestClock(START_MS);
});
afterEach(() => place.remove());

/** Another file with the same name. */
function replaceFile(path: string, content: Uint8Array): void {
  rmSync(path);
  writeFileSync(path, content);
}

describe("a log that is not there any more", () => {
  test("removed with its folder: what is called then begins a new queue, after a millisecond", async () => {
    const storage = place.open();
    await storage.enqueue(items("old", 3));
    const claimed = await claimOne(storage);
    rmSync(place.root, { recursive: true });
    for (const endMs = systemClock.elapsed() + 2; systemClock.elapsed() < endMs;);
    await storage.enqueue([item("new")]);
    expect(ids(await storage.pending())).toEqual(["new"]);
    expect(ids(await place.open().pending())).toEqual(["new"]);
    const [again] = await claim(storage, 1);
    expect((await storage.settle(complete(claimed))).held).toBe(false);
    expect((await storage.settle(complete(again!))).held).toBe(true);
  });

  test("removed, and made anew by somebody else: found within a second, and both go on in the new one", async () => {
    const [one, other] = [place.open({ clock }), place.open({ clock })];
    await one.enqueue(items("old", 3));
    expect(await other.pendingCount()).toBe(3);
    rmSync(place.root, { recursive: true });
    await other.enqueue([item("a")]);
    clock.moveTo(clock.now() + 1100);
    await one.enqueue([item("b")]);
    expect(ids(await one.pending())).toEqual(["a", "b"]);
    expect(ids(await other.pending())).toEqual(["a", "b"]);
  });

  test("moved away: found within a second, and by then nothing is lost that is not in the folder that was moved", async () => {
    const storage = place.open({ clock });
    await storage.enqueue([item("old")]);
    renameSync(place.root, `${place.root}-moved`);
    clock.moveTo(clock.now() + 1100);
    await storage.enqueue([item("new")]);
    expect(ids(await place.open().pending())).toEqual(["new"]);
    expect(ids(await place.open({ name: "huey-moved" }).pending())).toEqual(["old"]);
  });

  test("emptied, or replaced by one of before: found within a second", async () => {
    const storage = place.open({ clock });
    await storage.enqueue([item("kept")]);
    const before = readFileSync(place.log);
    await storage.enqueue(items("lost", 50));
    for (
      const replace of [
        () => truncateSync(place.log, before.length),
        () => replaceFile(place.log, before),
      ]
    ) {
      replace();
      clock.moveTo(clock.now() + 1100);
      expect(ids(await storage.pending())).toEqual(["kept"]);
      await storage.enqueue(items("lost", 50));
      expect(ids(await place.open({ clock }).pending()).length).toBe(51);
    }
  });
});

describe("something else than a file", () => {
  const things: Record<string, (path: string) => void> = {
    "a link": (path) => symlinkSync(join(place.path, "victim"), path),
    "a link to nothing": (path) => symlinkSync(join(place.path, "nothing"), path),
    "a pipe": (path) => execFileSync("mkfifo", [path]),
    "a folder": (path) => mkdirSync(path),
  };

  for (const [name, put] of Object.entries(things)) {
    test(`${name} in place of the log is refused, and nobody waits for it or writes through it`, async () => {
      const storage = place.open();
      await storage.enqueue([item("a")]);
      await storage.close();
      const { log } = place;
      writeFileSync(join(place.path, "victim"), "important");
      rmSync(log);
      put(log);
      const other = place.open();
      const error = await rejection(other.enqueue([item("b")]));
      if (error !== undefined) {
        expect(error).toBeInstanceOf(StorageError);
        expect((error as Error).message).toContain("log");
        rmSync(log, { recursive: true });
        await other.enqueue([item("b")]);
      }
      expect(ids(await other.pending())).toEqual(["b"]);
      expect(readFileSync(join(place.path, "victim"), "utf8")).toBe("important");
    });

    test(`${name} in the name of a later log stops nobody`, async () => {
      const storage = place.open();
      await storage.enqueue([item("a")]);
      put(join(place.root, "log-00000007"));
      const other = place.open();
      await other.enqueue([item("b")]);
      expect(ids(await storage.pending())).toEqual(["a", "b"]);
      expect(ids(await place.open().pending())).toEqual(["a", "b"]);
    });

    test(`${name} in place of a bell or of a large value stops nobody else`, async () => {
      writeFileSync(join(place.path, "victim"), "important");
      const storage = place.open();
      const large = bytes("x".repeat(10_000));
      await storage.data.put("large", large);
      const [file = ""] = place.files("large");
      for (const path of [join(place.root, "bell"), join(place.root, "done"), file]) {
        rmSync(path, { force: true });
        put(path);
      }
      const other = place.open();
      await other.listen("queue", () => {});
      await other.listen("results", () => {});
      await other.enqueue([item("a")]);
      await other.settle(complete(await claimOne(other), { result: bytes("r") }));
      expect(await other.data.peek("large")).toBeUndefined();
      await other.data.put("other", bytes("y".repeat(10_000)));
      expect(text(await storage.data.peek("other"))).toBe("y".repeat(10_000));
      expect(readFileSync(join(place.path, "victim"), "utf8")).toBe("important");
    });
  }

  test("a folder of a queue that is a link is not followed", async () => {
    mkdirSync(join(place.path, "elsewhere"));
    symlinkSync(join(place.path, "elsewhere"), place.root);
    const error = await Promise.resolve().then(() => place.open().enqueue([item("a")])).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(StorageError);
    expect(place.files().length).toBe(0);
  });

  for (const content of ["", "garbage", "x".repeat(100_000)]) {
    test(`a file with ${content.length} bytes in the name of a later log does not take the queue over`, async () => {
      const storage = place.open();
      await storage.enqueue([item("a")]);
      writeFileSync(join(place.root, "log-00000007"), content);
      const other = place.open();
      await other.enqueue([item("b")]);
      expect(ids(await other.pending())).toEqual(["a", "b"]);
      expect(ids(await storage.pending())).toEqual(["a", "b"]);
      await endLog(storage);
      expect(ids(await other.pending())).toEqual(["a", "b"]);
      expect(ids(await place.open().pending())).toEqual(["a", "b"]);
    });
  }
});

/** Options and folders of the file storage. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError, StorageError } from "../../lib/errors.ts";
import { type FileOptions, FileStorage } from "../../storage/file/front.ts";
import { bytes, claim, complete, enqueueAndClaim, ids, item, items, lease, text } from "../../testing/contract/helpers.ts";
import { endLog } from "./_file_fixture.ts";

let path: string;
let opened: FileStorage[];

function open(options: Partial<FileOptions> & { name?: string } = {}): FileStorage {
  const storage = new FileStorage({ path, ...options });
  opened.push(storage);
  return storage;
}

/** The files below a folder of the storage. */
function files(folder: string): string[] {
  const entries = readdirSync(join(path, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)).sort();
}

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "huey-file-"));
  opened = [];
});

afterEach(async () => {
  for (const storage of opened) await storage.close();
  rmSync(path, { recursive: true });
});

describe("options", () => {
  test("the folder is made if it is missing", async () => {
    const storage = open({ path: join(path, "a", "b") });
    await storage.enqueue([item("one")]);
    expect(await storage.pendingCount()).toBe(1);
  });

  test("something else than a folder is refused", () => {
    const file = join(path, "file");
    writeFileSync(file, "");
    expect(() => open({ path: file })).toThrow(ConfigurationError);
    expect(() => open({ path: file })).toThrow("must be a folder");
    expect(() => open({ path: "" })).toThrow(ConfigurationError);
  });

  test("levels are 0 to 4", async () => {
    for (const levels of [-1, 5, 1.5, Number.NaN]) expect(() => open({ levels })).toThrow(RangeError);
    for (const levels of [0, 4]) {
      const storage = open({ name: `levels-${levels}`, levels });
      const large = "x".repeat(10_000);
      await storage.data.put("key", bytes(large));
      expect(text(await storage.data.peek("key"))).toBe(large);
      const [file = ""] = files(join(`levels-${levels}`, "large"));
      expect(file.split("/").length - path.split("/").length).toBe(3 + levels);
    }
  });

  test("making a storage makes no folder; the first call does, or says that it cannot", async () => {
    const storage = open({ path: join(path, "a", "b") });
    expect(readdirSync(path)).toEqual([]);
    expect(await storage.pendingCount()).toBe(0);
    expect(readdirSync(join(path, "a", "b"))).toEqual(["huey"]);
    writeFileSync(join(path, "file"), "");
    await expect(open({ path: join(path, "file", "below") }).pendingCount()).rejects.toThrow(StorageError);
  });

  test("priorities are integers from 0 to 65535", async () => {
    const storage = open();
    for (const priority of [-1, 65_536, 0.5, Number.NaN]) {
      expect(() => storage.check(item("a", { priority }))).toThrow(RangeError);
      await expect(storage.enqueue([item("fine"), item("a", { priority })])).rejects.toThrow("0 to 65535");
    }
    await storage.enqueue([item("low"), item("high", { priority: 65_535 })]);
    expect(ids(await storage.pending())).toEqual(["high", "low"]);
  });

  test("the descriptor opens the same storage", async () => {
    const storage = open({ name: "described", levels: 1 });
    await storage.data.put("key", bytes("value"));
    const { module, className, options } = storage.descriptor!;
    const { [className]: Opened } = await import(module);
    const other = new Opened(options) as FileStorage;
    opened.push(other);
    expect(text(await other.data.peek("key"))).toBe("value");
  });

  test("with fsync everything works the same", async () => {
    const storage = open({ fsync: true });
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.settle(complete(claimed, { result: bytes("result"), enqueue: items("next", 2) }));
    expect(ids(await storage.pending())).toEqual(["next0", "next1"]);
  });

  test("names of all kinds stay below the folder", async () => {
    const names = ["../up", "a/b", "", ".", "Ä\u0000", "x".repeat(300), "UPPER", "upper"];
    for (const name of names) await open({ name }).data.put("key", bytes(name));
    for (const name of names) expect(text(await open({ name }).data.peek("key"))).toBe(name);
    expect(readdirSync(path).length).toBe(names.length);
  });
});

describe("modes", () => {
  /** The modes of everything below the folder of the queue. */
  function modes(): { readonly folders: Set<string>; readonly files: Set<string> } {
    const entries = readdirSync(join(path, "huey"), { recursive: true, withFileTypes: true });
    const of = (isFolder: boolean): Set<string> =>
      new Set(
        entries.filter((entry) => entry.isDirectory() === isFolder)
          .map((entry) => (statSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)),
      );
    return { folders: of(true), files: of(false) };
  }

  async function useAll(storage: FileStorage): Promise<void> {
    await storage.data.put("key", bytes("value"));
    const claimed = await enqueueAndClaim(storage, "a");
    await storage.settle(complete(claimed, { result: bytes("result"), enqueue: items("next", 2, { dueMs: 1 }) }));
    await storage.enqueue(items("more", 3, { data: bytes("x".repeat(10_000)) }));
    await storage.listen("queue", () => {});
    await storage.listen("results", () => {});
    await endLog(storage);
    await storage.renewLease(lease());
  }

  test("a new folder is of its owner alone", async () => {
    await useAll(open());
    expect((statSync(join(path, "huey")).mode & 0o777).toString(8)).toBe("700");
    expect(modes()).toEqual({ folders: new Set(["700"]), files: new Set(["600"]) });
  });

  test("a folder that a group shares stays shared, whatever the mask of the process", async () => {
    mkdirSync(join(path, "huey"));
    chmodSync(join(path, "huey"), 0o770);
    await useAll(open({ mode: 0o700 }));
    expect(modes()).toEqual({ folders: new Set(["770"]), files: new Set(["660"]) });
  });

  test("the mode of a new folder can be told", async () => {
    await useAll(open({ mode: 0o750 }));
    expect(modes()).toEqual({ folders: new Set(["750"]), files: new Set(["640"]) });
    for (const mode of [0o077, 0o1777, 1.5]) expect(() => open({ mode })).toThrow(RangeError);
    expect(() => open({ mode: "700" as never })).toThrow(TypeError);
  });
});

describe("a queue of version 0.1", () => {
  test("is refused with what to do", () => {
    mkdirSync(join(path, "huey", "staged"), { recursive: true });
    expect(() => open()).toThrow(ConfigurationError);
    expect(() => open()).toThrow("Let a consumer of version 0.1 run until nothing waits");
    expect(() => open({ name: "other" })).not.toThrow();
  });
});

describe("waiting for many", () => {
  test("a look at many tasks finds each end, also after the news have been made anew", async () => {
    const [one, other] = [open(), open()];
    const all = items("x".repeat(100), 700);
    await one.enqueue(all);
    expect(await one.endedOf(ids(all))).toEqual([]);
    const ended: string[] = [];
    for (let round = 0; round < 7; round++) {
      const claims = await claim(other, 100);
      for (const claimed of claims.slice(0, 3)) await other.settle(complete(claimed));
      expect((await one.endedOf(ids(all))).filter((id) => !ended.includes(id))).toEqual(ids(claims.slice(0, 3)));
      await Promise.all(claims.slice(3).map((claimed) => other.settle(complete(claimed, { result: bytes("1") }))));
      ended.push(...ids(claims));
      expect((await one.endedOf(ids(all))).sort()).toEqual(ended.toSorted());
    }
  }, 30_000);
});

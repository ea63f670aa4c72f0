/** A folder that several users of a group share. Needs the right to be other users; without it the tests are left out, by name. */
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, statSync } from "node:fs";
import process from "node:process";
import type { Storage } from "../../lib/storage.ts";
import { fileStorage } from "../../storage/file/storage.ts";
import { bytes, item } from "../../testing/contract/helpers.ts";
import { Place } from "./_file_fixture.ts";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
const GROUP = 5000;
/** Who works in the folder: user and own group. Deno cannot join a group, so there it is root, whose own group is another one too. */
const MEMBERS: readonly (readonly [user: number, group: number])[] = typeof process.setgroups === "function"
  ? [[5001, 6001], [5002, 6002]]
  : [[0, 0], [0, 0]];
const LARGE = new Uint8Array(9000).fill(7);

/** What a user of a group does; it is the whole process that is this user meanwhile. */
async function as<T>(user: number, group: number, act: () => Promise<T>): Promise<T> {
  process.setgroups?.([GROUP]);
  process.setegid!(group);
  process.seteuid!(user);
  try {
    return await act();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
    process.setgroups?.([0]);
  }
}

/** Opens the queue, does something and closes it. */
async function withQueue<T>(path: string, act: (storage: Storage) => Promise<T>): Promise<T> {
  const storage = fileStorage({ path, mode: 0o770 });
  try {
    return await act(storage);
  } finally {
    await storage.close();
  }
}

describe.skipIf(!isRoot)("a folder that a group shares (needs root)", () => {
  let place: Place;
  afterEach(() => place.remove());

  /** The group is that of the folder, and of what is made in it. */
  function sharedPlace(): string {
    place = new Place();
    chownSync(place.path, 0, GROUP);
    chmodSync(place.path, 0o2777);
    return place.path;
  }

  test("takes a large value from one who does not own the file of an equal one", async () => {
    const path = sharedPlace();
    for (const user of [5001, 5002, 5001]) {
      await as(user, GROUP, () => withQueue(path, (storage) => storage.data.put("key", LARGE)));
    }
    expect(await as(5002, GROUP, () => withQueue(path, (storage) => storage.data.peek("key")))).toEqual(LARGE);
  });

  test("stays that of the group, whatever the own group of who makes it", async () => {
    const path = sharedPlace();
    const [first, second] = [MEMBERS[0]!, MEMBERS[1]!];
    await as(...first, () =>
      withQueue(path, async (storage) => {
        await storage.data.put("large", LARGE);
        await storage.enqueue([item("first")]);
      }));
    await as(...second, () =>
      withQueue(path, async (storage) => {
        expect(await storage.data.peek("large")).toEqual(LARGE);
        await storage.data.put("other", bytes("value"));
        expect((await storage.pending()).map(({ id }) => id)).toEqual(["first"]);
      }));
    for (const file of place.files()) expect([file, statSync(file).gid]).toEqual([file, GROUP]);
  });
});

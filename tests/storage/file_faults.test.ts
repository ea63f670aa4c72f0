/** Every call of the file system fails once, for good, or late; the process is killed before it; the folder is removed before it. @module */
import { expect, test } from "bun:test";
import { appendFileSync, existsSync, readdirSync, readlinkSync } from "node:fs";
import { StorageError } from "../../lib/errors.ts";
import type { Claim, Storage } from "../../lib/storage.ts";
import { encodeRecord } from "../../storage/file/packing.ts";
import { bytes, claim, claimOne, complete, ids, item, lease, owner, text } from "../../testing/contract/helpers.ts";
import { TestClock } from "../../testing/clock.ts";
import { ALL_CLASSES, LONG } from "../sizes.ts";
import { endLog, LOG_BYTES, Place, tellAll } from "./_file_fixture.ts";
import { CODES, type Fault, type Suffered, withFault } from "./_system_calls.ts";

const LIMIT_MS = 300_000;
/** After this time everybody has looked whether the folder is still his. */
const LOOK_MS = 2000;
const LARGE = bytes("x".repeat(20_000));
const BALLAST = new Uint8Array(4000);
/** In the usual run those faults that reach all calls. */
const FAULTS: readonly Fault[] = [
  ...CODES.flatMap((code): Fault[] => LONG || code === "EIO" ? [{ kind: "once", code }, { kind: "for good", code }] : []),
  { kind: "late" },
  { kind: "killed" },
];

/** Two storages over a place in which something is: `held` is claimed, `a` and a large `b` wait, and `key` has a large value. */
interface Scene {
  readonly place: Place;
  readonly clock: TestClock;
  readonly one: Storage;
  readonly other: Storage;
  readonly held: Claim;
}

/** What is disturbed. */
interface Act {
  /** What comes before, undisturbed. */
  readonly prepare?: (scene: Scene) => Promise<unknown>;
  readonly act: (storage: Storage, scene: Scene) => Promise<unknown>;
  /** Whether it was done. */
  readonly isDone: (storage: Storage, scene: Scene) => Promise<boolean>;
  readonly fsync?: boolean;
  /** The storage that acts is opened for that. */
  readonly opens?: boolean;
  /** It takes long to prepare: in the usual run not every call is disturbed. */
  readonly takesLong?: boolean;
}

const enqueue = (storage: Storage): Promise<unknown> => storage.enqueue([item("new", { data: LARGE })]);
const isEnqueued = async (storage: Storage): Promise<boolean> => {
  const found = (await storage.pending()).filter(({ id }) => id === "new");
  for (const { data } of found) expect(text(data)).toBe(text(LARGE));
  expect(found.length).toBeLessThan(2);
  return found.length === 1;
};
const fill = async ({ one }: Scene): Promise<unknown> =>
  await Promise.all(Array.from({ length: Math.floor(LOG_BYTES / 4100) }, () => one.data.put("ballast", BALLAST)));

const ACTS: Readonly<Record<string, Act>> = {
  "an opening": { opens: true, act: enqueue, isDone: isEnqueued },
  "an opening of a log that has ended": {
    opens: true,
    prepare: ({ place }) => Promise.resolve(appendFileSync(place.log, encodeRecord(["seal"]).slice())),
    act: enqueue,
    isDone: isEnqueued,
  },
  "listening": {
    opens: true,
    async act(storage) {
      (await storage.listen("results", () => {}))();
      await enqueue(storage);
    },
    isDone: isEnqueued,
  },
  "an enqueueing": { act: enqueue, isDone: isEnqueued },
  "an enqueueing that waits for the disk": { act: enqueue, isDone: isEnqueued, fsync: true },
  "a claim": {
    act: (storage) => claim(storage),
    isDone: async (storage) => (await storage.claimed(owner())).length === 2,
  },
  "a settlement": {
    act: async (storage, { held }) => {
      const settlement = complete(held, { result: LARGE, enqueue: [item("new", { data: LARGE })], again: true });
      expect((await storage.settle(settlement)).held).toBe(true);
    },
    async isDone(storage) {
      const isDone = await isEnqueued(storage);
      expect(text(await storage.results.peek("held"))).toBe(isDone ? text(LARGE) : undefined);
      expect((await storage.claimed(owner())).length).toBe(isDone ? 0 : 1);
      return isDone;
    },
  },
  "a recovery": {
    act: (storage) => storage.recover({ consumer: "consumer" }, lease("new")),
    async isDone(storage) {
      const isDone = (await storage.claimed(owner())).length === 0;
      expect((await storage.leases()).length).toBe(isDone ? 1 : 0);
      return isDone;
    },
  },
  "a pop": { act: (storage) => storage.data.pop("key"), isDone: async (storage) => !await storage.data.has("key") },
  "a flush": { act: (storage) => storage.flush(), isDone: async (storage) => await storage.data.size() === 0 },
  "the end of a log": {
    takesLong: true,
    prepare: fill,
    async act(storage) {
      await Promise.all(Array.from({ length: 30 }, () => storage.data.put("ballast", BALLAST)));
      await enqueue(storage);
    },
    isDone: isEnqueued,
  },
  "the end of a log by another": { takesLong: true, prepare: ({ other }) => endLog(other), act: enqueue, isDone: isEnqueued },
};

async function makeScene({ prepare, fsync = false }: Act): Promise<Scene> {
  const place = new Place();
  const clock = new TestClock(Date.UTC(2030, 0, 1));
  const [one, other] = [place.open({ clock, fsync }), place.open({ clock, fsync })];
  await one.enqueue([item("held"), item("a"), item("b", { data: LARGE })]);
  await one.data.put("key", LARGE);
  const scene = { place, clock, one, other, held: await claimOne(one) };
  await other.pendingCount();
  await prepare?.(scene);
  return scene;
}

/** What was said and what is there fit together, and everybody sees the same. */
async function check(name: string, scene: Scene, survivors: readonly Storage[], { error }: Suffered): Promise<void> {
  const { act, isDone } = ACTS[name]!;
  const storages = [...survivors, scene.place.open({ clock: scene.clock })];
  const done: boolean[] = [];
  for (const storage of storages) done.push(await isDone(storage, scene));
  const told = await Promise.all(storages.map(tellAll));
  for (const one of told) expect(one).toEqual(told[0]);
  expect(new Set(done).size).toBe(1);
  if (error === undefined) expect(done).toContain(true);
  if (name !== "a flush") expect(ids(await storages[0]!.pending())).toContain("b");
  if (name !== "a flush" && name !== "a pop") expect(await scene.other.data.peek("key")).toEqual(LARGE);
  // Again, by whoever lives: it is done now, and was not done twice.
  if (!done[0] || name === "a settlement") await act(storages[0]!, scene);
  expect(await isDone(scene.other, scene)).toBe(true);
  expect(scene.place.files().filter((path) => path.includes("/bad-"))).toEqual([]);
}

/** Logs and other files of a place that are open in this process, but for bells; none are counted where that cannot be seen. */
function openFiles({ root }: Place): number {
  const targets = existsSync("/proc/self/fd") ? readdirSync("/proc/self/fd").map(targetOf) : [];
  return targets.filter((path) => path.startsWith(root) && !/\/(bell|done)$/.test(path)).length;
}

function targetOf(file: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    // The folder itself was open while it was read.
    return "";
  }
}

/** @returns whether the act got through before the call */
async function survives(name: string, fault: Fault, at: number): Promise<boolean> {
  const disturbed = ACTS[name]!;
  const scene = await makeScene(disturbed);
  try {
    const actor = disturbed.opens ? scene.place.open({ clock: scene.clock }) : scene.one;
    const suffered = await withFault(fault, at, () => disturbed.act(actor, scene));
    if (suffered.met === undefined) return true;
    if (fault.kind !== "killed") {
      expect(openFiles(scene.place)).toBeLessThanOrEqual(new Set([actor, scene.one, scene.other]).size);
    }
    if (suffered.error !== undefined) {
      expect(suffered.error).toBeInstanceOf(StorageError);
      expect((suffered.error as Error).message).toMatch(/^File storage "huey" failed: /);
    }
    scene.clock.moveTo(scene.clock.now() + LOOK_MS);
    await check(name, scene, fault.kind === "killed" ? [scene.other] : [actor, scene.other], suffered);
    return false;
  } catch (error) {
    throw new Error(`${JSON.stringify(fault)} at call ${at}: ${(error as Error).message}`, { cause: error });
  } finally {
    await scene.place.remove();
  }
}

for (const [name, { takesLong = false }] of Object.entries(ACTS)) {
  const stride = LONG ? 1 : (takesLong ? 5 : 2) * (ALL_CLASSES ? 1 : 4);

  test(`${name}: whatever call fails, it is done or not, nothing else is lost, and all goes on`, async () => {
    for (const [index, fault] of FAULTS.entries()) {
      for (let at = 1 + index % stride, isThrough = false; !isThrough; at += stride) {
        isThrough = await survives(name, fault, at);
      }
    }
  }, LIMIT_MS);

  test(`${name}: whenever the folder is removed, all go on in one new queue`, async () => {
    for (let at = 1, isThrough = false; !isThrough; at += stride) {
      const scene = await makeScene(ACTS[name]!);
      const { place, clock, one, other } = scene;
      const actor = ACTS[name]!.opens ? place.open({ clock }) : one;
      const fault: Fault = { kind: "removed", folder: place.root };
      const suffered = await withFault(fault, at, () => ACTS[name]!.act(actor, scene));
      isThrough = suffered.met === undefined;
      const storages = [actor, other, place.open({ clock })];
      for (const [index, storage] of storages.entries()) {
        clock.moveTo(clock.now() + LOOK_MS);
        await storage.enqueue([item(`after${index}`)]);
      }
      clock.moveTo(clock.now() + LOOK_MS);
      const found = await Promise.all(storages.map(async (storage) => ids(await storage.pending())));
      for (const pending of found) expect(pending).toEqual(found[0]!);
      expect(found[0]!.filter((id) => id.startsWith("after")).length).toBe(3);
      await place.remove();
    }
  }, LIMIT_MS);
}

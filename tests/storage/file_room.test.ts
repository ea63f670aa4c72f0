/** How much room a file storage takes in the long run. @module */
import type { Storage } from "../../lib/storage.ts";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bytes, claim, claimOne, complete, ids, item, items, LONG_MS, text } from "../../testing/contract/helpers.ts";
import { TestClock } from "../../testing/clock.ts";
import { endLog, LOG_BYTES, Place } from "./_file_fixture.ts";

const LIMIT_MS = 60_000;
const LARGE = "x".repeat(10_000);
const START_MS = Date.UTC(2030, 0, 1);

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

/** All large values are two hours old. */
function ageLarge(): void {
  for (const file of place.files("large")) utimesSync(file, Date.now() / 1000 - 7200, Date.now() / 1000 - 7200);
}

test("the folder has one log, bells, and nothing else", async () => {
  const storage = place.open();
  await storage.listen("queue", () => {});
  await storage.listen("results", () => {});
  for (let round = 0; round < 3; round++) {
    await storage.enqueue(items(`a${round}-`, 20));
    for (const held of await claim(storage, 20)) {
      await storage.settle(complete(held, { result: bytes("result"), resultTtlMs: 1 }));
    }
    await endLog(storage);
  }
  expect(readdirSync(place.root).sort()).toEqual(["bell", "done", "log-00000004"]);
}, LIMIT_MS);

test("a link below the large values that leads back to the queue is not followed", async () => {
  const storage = place.open();
  const value = bytes("a".repeat(10_000));
  await storage.data.put("key", value);
  const [file = ""] = place.files("large");
  for (let n = 0; n < 12; n++) symlinkSync(place.root, join(dirname(file), `link${n}`));
  await endLog(storage);
  expect(await place.open().data.peek("key")).toEqual(value);
  expect(place.logs()).toEqual(["log-00000002"]);
}, LIMIT_MS);

test("the log is as long as what is alive, not as what ever was", async () => {
  const clock = new TestClock(START_MS);
  const storage = place.open({ clock });
  const end = { result: bytes("r".repeat(3000)), resultTtlMs: 1000, noticeTtlMs: 1000 };
  for (let round = 0; round < 40; round++) {
    await storage.enqueue(items(`task-${round}-`, 100, { track: true }));
    for (const held of await claim(storage, 100)) await storage.settle({ ...complete(held), ...end });
    clock.moveTo(clock.now() + 2000);
    const sizes = place.files().map((file) => statSync(file).size);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(2 * LOG_BYTES);
  }
  expect(await storage.results.size()).toBe(0);
  expect(Number(place.logs()[0]!.slice(4))).toBeGreaterThan(2);
}, LIMIT_MS);

const large = (letter: string): Uint8Array => bytes(letter.repeat(10_000));

/** A large value in every place that can have one, from `a` to `n`. */
async function fillLarge(storage: Storage): Promise<void> {
  await storage.enqueue([item("held", { data: large("a"), priority: 1 }), item("waits", { data: large("b") })]);
  await storage.enqueue([item("later", { data: large("c"), dueMs: 2 ** 42 }), item("chord", { priority: 9 })], [
    { id: "chord", size: 2, callback: item("callback", { data: large("d") }) },
  ]);
  const gate = { key: "gate", limit: 1 };
  await storage.enqueue([item("inside", { gate, data: large("e") }), item("blocked", { gate, data: large("f") })]);
  const member = await claimOne(storage);
  await storage.settle(complete(member, { result: large("g"), chord: { id: "chord", index: 0, value: large("h") } }));
  const held = await claimOne(storage);
  await storage.keep(held, "step", large("i"));
  await storage.data.put("key", large("j"));
  await storage.meta.put("key", large("k"));
  await storage.enqueue([item("dead", { priority: 5 })]);
  const bury = {
    id: "letter",
    kind: "failed" as const,
    reason: "odd",
    atMs: 1,
    data: large("l"),
    error: large("m"),
    taskId: "dead",
  };
  await storage.settle(complete(await claimOne(storage), { ending: "failed", bury }));
  await storage.count([], [large("n")], { minuteAgeMs: LONG_MS, hourAgeMs: LONG_MS, recent: 3 });
}

/** The letters of all large values, but that of the callback. */
async function lettersOf(storage: Storage): Promise<string> {
  const letter = await storage.deadLetter("letter");
  const values = [
    ...(await storage.pending()).map(({ data }) => data),
    ...(await storage.scheduled()).map(({ data }) => data),
    ...(await storage.blocked()).map(({ data }) => data),
    ...(await storage.running()).map(({ claim }) => claim.data),
    ...(await storage.collect("chord")).values,
    ...(await storage.recent(9)),
    ...(await storage.kept("held")).values(),
    await storage.results.peek("chord"),
    await storage.data.peek("key"),
    await storage.meta.peek("key"),
    letter?.data,
    letter?.error,
  ];
  return values.filter((value) => value?.length === 10_000).map((value) => text(value)![0]).sort().join("");
}

/** Logs begin and end, hours apart. */
async function passHours(storage: Storage): Promise<void> {
  for (let round = 0; round < 3; round++) {
    ageLarge();
    await endLog(storage);
  }
}

test("large values go when nothing mentions them any more, and no earlier", async () => {
  const storage = place.open();
  await fillLarge(storage);
  await storage.data.put("unneeded", large("z"));
  await storage.data.delete("unneeded");
  expect(place.files("large").length).toBe(15);
  await passHours(storage);
  expect(place.files("large").length).toBe(14);
  expect(await lettersOf(place.open())).toBe("abcefghijklmn");
  await storage.flush();
  await passHours(storage);
  expect(place.files("large")).toEqual([]);
}, LIMIT_MS);

test("a value that was swept away while somebody was about to mention it again is there", async () => {
  const storage = place.open();
  for (let round = 0; round < 5; round++) {
    await storage.data.put("key", bytes(LARGE));
    await storage.data.delete("key");
    ageLarge();
    await endLog(storage);
    await storage.data.put("key", bytes(LARGE));
    expect(text(await place.open().data.peek("key"))).toBe(LARGE);
  }
}, LIMIT_MS);

test("equal values are one file, and many that differ have their own", async () => {
  const storage = place.open();
  for (let key = 0; key < 10; key++) await storage.data.put(`key${key}`, bytes(LARGE));
  expect(place.files("large").length).toBe(1);
  await Promise.all(Array.from({ length: 50 }, (_, key) => storage.data.put(`key${key}`, bytes(`${LARGE} ${key}`))));
  expect(place.files("large").length).toBe(51);
  const entries = await place.open().data.entries();
  expect([...entries].every(([key, value]) => text(value) === `${LARGE} ${key.slice(3)}`)).toBe(true);
}, LIMIT_MS);

test("what was left behind by somebody who was killed is removed after a while", async () => {
  const storage = place.open();
  await storage.enqueue([item("a")]);
  await place.survives(4, () => endLog(storage));
  await storage.close();
  for (const [name, ageMs] of [["temp-old", 7_200_000], ["temp-young", 0]] as const) {
    writeFileSync(join(place.root, name), "left behind");
    utimesSync(join(place.root, name), (Date.now() - ageMs) / 1000, (Date.now() - ageMs) / 1000);
  }
  const other = place.open();
  await endLog(other);
  await endLog(other);
  expect(readdirSync(place.root).includes("temp-old")).toBe(false);
  expect(readdirSync(place.root).includes("temp-young")).toBe(true);
  expect(ids(await other.pending())).toEqual(["a"]);
}, LIMIT_MS);

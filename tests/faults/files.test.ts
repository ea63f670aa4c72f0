/** Files in the folder of a queue that nobody of ours has written: they are set aside or skipped, and all others run. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { Consumer, FileStorage, Huey } from "../../mod.ts";
import { decodeWhole, encodeRecord } from "../../storage/file/record.ts";
import { until } from "../../testing/contract/context.ts";
import { bytes, claim, item, items, lease, LONG_MS } from "../../testing/contract/helpers.ts";
import { Dice } from "../dice.ts";
import { silent } from "../helpers.ts";
import { changed, garbage } from "./hostile.ts";

const FILES = Number(process.env["HUEY_HOSTILE"] ?? 50_000) / 5;
const SEED = Number(process.env["HUEY_HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LIMIT_MS = 300_000;
const TASKS = 200;

/** What stands in a description instead. */
const ODD: readonly unknown[] = [null, -1, 0, 2 ** 53, 1e308, "", "text", "../../up", [], [[]], {}, true, "x".repeat(5000)];
const NAME = "0123456789abcdef-.~%xz";

let path: string;
let huey: Huey;
beforeEach(() => {
  path = mkdtempSync(join(memoryFolder(), "huey-files-"));
  huey = new Huey({ name: "q", storage: new FileStorage({ name: "q", path }), logger: silent });
});
afterEach(async () => {
  await huey.close();
  rmSync(path, { recursive: true });
});

/** A folder in memory where there is one: making twenty thousand files on a disk says nothing more, and takes minutes. */
function memoryFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** Something in every folder. */
async function fill(): Promise<void> {
  const { storage } = coreOf(huey)!;
  const callback = item("callback");
  await storage.renewLease(lease("gone", 1));
  await storage.renewLease(lease("here"));
  await storage.enqueue([
    ...items("plain", 5),
    item("urgent", { priority: 9 }),
    item("later", { dueMs: Date.now() + LONG_MS }),
  ]);
  await storage.enqueue([item("member", { chord: { id: "chord", index: 0 } })], [{ id: "chord", size: 2, callback }]);
  const [first, second, third, ...others] = await claim(storage, 6, { owner: { consumer: "gone", worker: "w" } });
  await storage.begin!(first!);
  await storage.locks.putIfEmpty("lock", bytes("1"), { holder: first!.token });
  const chord = { id: "chord", index: 1, value: bytes("v") };
  await storage.settle({ claim: second!, id: second!.id, ending: "complete", noticeTtlMs: LONG_MS, result: bytes("r"), chord });
  const bury = { id: "letter", kind: "unreadable" as const, reason: "odd", atMs: 1, data: bytes("d"), taskId: "x" };
  await storage.settle({ claim: third!, id: third!.id, ending: "dead", noticeTtlMs: LONG_MS, bury });
  await storage.release(others);
  for (const space of [storage.data, storage.revocations, storage.meta]) await space.put("key", bytes("value"));
  await storage.increment("count", 1, LONG_MS);
}

function files(): string[] {
  const entries = readdirSync(join(path, "q"), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** A record whose checksums are right and whose description is odd. */
function oddRecord(dice: Dice, valid: Uint8Array): Uint8Array {
  const record = decodeWhole(valid);
  if (record === undefined) return garbage(dice, valid);
  const about = { ...record.about };
  const keys = Object.keys(about);
  if (keys.length > 0) about[dice.pick(keys)] = dice.pick(ODD);
  return encodeRecord(dice.below(20) === 0 ? dice.pick(ODD) as object ?? {} : about, record.data, dice.pick([0, 1, NaN, 1e15]));
}

function oddName(dice: Dice, name: string): string {
  const at = dice.below(name.length);
  const letter = NAME[dice.below(NAME.length)]!;
  const cut = dice.below(3);
  const changedName = name.slice(0, at) + (cut === 0 ? "" : letter) + name.slice(cut === 2 ? at : at + 1);
  return changedName === "" || /^\.*$/.test(changedName) ? "odd" : changedName;
}

/** Something else than a file. */
function putThing(dice: Dice, target: string): void {
  rmSync(target, { recursive: true, force: true });
  const kind = dice.below(20);
  if (kind === 0) execFileSync("mkfifo", [target]);
  else if (kind < 8) mkdirSync(target);
  else symlinkSync(dice.pick(["/etc/passwd", "/dev/zero", path, "nowhere", join(path, "victim")]), target);
}

/** One odd thing in the place of a file, or beside it. */
function spoil(dice: Dice, template: string, valid: Uint8Array): void {
  const name = template.slice(dirname(template).length + 1);
  const place = dice.below(3) === 0 ? template : join(dirname(template), oddName(dice, name));
  const kind = dice.below(16);
  mkdirSync(dirname(place), { recursive: true });
  if (kind === 0) return putThing(dice, place);
  if (kind > 1 || place !== template) rmSync(place, { recursive: true, force: true });
  if (kind === 1) return existsSync(template) && place !== template ? renameSync(template, place) : undefined;
  const made = kind < 6 ? garbage(dice, valid) : kind < 10 ? changed(dice, valid) : kind < 14 ? oddRecord(dice, valid) : valid;
  writeFileSync(place, made);
}

test(`${TASKS} real tasks among ${FILES} odd files run (HUEY_HOSTILE_SEED=${SEED})`, async () => {
  const dice = new Dice(SEED);
  writeFileSync(join(path, "victim"), "important");
  const ran = new Set<number>();
  const work = huey.task("work", (n: number) => void ran.add(n));
  await fill();
  const templates = files().filter((file) => !file.includes("/lock/")).map((file) => [file, readFileSync(file)] as const);
  const lockFolder = join(path, "q", "lock");
  const { storage } = coreOf(huey)!;
  for (let n = 0; n < TASKS; n++) {
    for (let count = 0; count < FILES / TASKS; count++) {
      const [template, valid] = dice.pick(templates);
      spoil(dice, template, valid);
    }
    if (n % 20 === 0) { for (const lock of readdirSync(lockFolder)) spoil(dice, join(lockFolder, lock), new Uint8Array()); }
    await work(n);
    if (n % 20 === 10) await storage.recover(undefined, lease("here"));
  }
  const consumer = new Consumer(huey, { workers: 10, periodic: false });
  await consumer.start();
  try {
    await until(() => Promise.resolve(ran.size === TASKS));
  } finally {
    await consumer.stop({ graceful: false, grace: 0 });
  }
  for (const space of [storage.data, storage.results, storage.locks, storage.revocations, storage.meta]) await space.entries();
  await Promise.all([storage.pending(1000), storage.scheduled(1000), storage.deadLetters({ limit: 1000 })]);
  for (const id of ["plain0", "later", "member", "callback", "x"]) await storage.state(id);
  await storage.collect("chord");
  await storage.leases();
  expect(await storage.promoteDue(10_000)).toBeDefined();
  expect(readFileSync(join(path, "victim"), "utf8")).toBe("important");
  expect(readdirSync(path).sort()).toEqual(["q", "victim"]);
  await storage.flush();
  expect(await huey.pendingCount() + await huey.scheduledCount() + await huey.deadLetterCount()).toBe(0);
}, LIMIT_MS);

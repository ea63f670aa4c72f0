/** Records and files in the folder of a queue that nobody of ours has written: they are skipped, and all others run. @module */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { coreOf } from "../../lib/core/core.ts";
import { Consumer, FileStorage, Huey } from "../../mod.ts";
import { decodeBody, encodeRecord } from "../../storage/file/packing.ts";
import { findRecord } from "../../storage/file/record.ts";
import { until } from "../../testing/contract/context.ts";
import { bytes, claim, item, items, lease, LONG_MS } from "../../testing/contract/helpers.ts";
import { Dice } from "../dice.ts";
import { logbook } from "../helpers.ts";
import { changed, garbage } from "./hostile.ts";

const RECORDS = Number(process.env["HUEY_HOSTILE"] ?? 50_000) * 2 / 5;
const SEED = Number(process.env["HUEY_HOSTILE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LIMIT_MS = 300_000;
const TASKS = 200;

/** What stands in a command instead. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  -1,
  0,
  1.5,
  2 ** 53,
  1e308,
  Infinity,
  "",
  "text",
  "../../up",
  "__proto__",
  "\0b99",
  [],
  [[]],
  {},
  true,
  new Uint8Array(3),
  new Uint8Array(0),
  "x".repeat(5000),
  { toString: null },
];

/** Whoever forges one of these with the right shape has just told the queue what to do. */
const ORDERS = new Set(["flush", "claim", "pause", "recover"]);

let path: string;
let huey: Huey;
let lines: { readonly level: string; readonly message: string }[];
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), "huey-files-"));
  const book = logbook();
  lines = book.lines;
  huey = new Huey({ name: "q", storage: new FileStorage({ name: "q", path }), logger: book.logger });
});
afterEach(async () => {
  await huey.close();
  rmSync(path, { recursive: true });
});

/** Commands of every kind. */
async function fill(): Promise<void> {
  const { storage } = coreOf(huey)!;
  const callback = item("callback");
  const [gate, unique] = [{ key: "gate", limit: 1 }, { key: "unique", until: "end" as const }];
  await storage.renewLease(lease("gone", 1));
  await storage.renewLease(lease("here"));
  await storage.enqueue([
    ...items("plain", 5),
    item("urgent", { priority: 9, about: "about", steps: "steps" }),
    item("later", { dueMs: Date.now() + LONG_MS }),
    item("gated", { gate, unique }),
    item("large", { data: new Uint8Array(10_000) }),
  ]);
  await storage.enqueue([item("member", { chord: { id: "chord", index: 0 } })], [{ id: "chord", size: 2, callback }]);
  await storage.enqueueOnce("once", LONG_MS, item("once"));
  const [first, second, third, ...others] = await claim(storage, 6, { owner: { consumer: "gone", worker: "w" } });
  await storage.begin(first!);
  await storage.keep(first!, "step", bytes("kept"));
  await storage.locks.putIfEmpty("lock", bytes("1"), { holder: first!.token });
  const report = { id: "chord", index: 1, value: bytes("v") };
  const end = { ending: "complete", noticeTtlMs: LONG_MS, resultTtlMs: LONG_MS } as const;
  await storage.settle({ claim: second!, id: second!.id, ...end, result: bytes("r"), chord: report, canceled: [{ id: "x" }] });
  const bury = { id: "letter", kind: "unreadable" as const, reason: "odd", atMs: 1, data: bytes("d"), taskId: "x" };
  await storage.settle({ claim: third!, id: third!.id, ending: "dead", noticeTtlMs: LONG_MS, bury, buryBounds: { count: 5 } });
  await storage.release(others);
  for (const space of [storage.data, storage.revocations, storage.meta]) await space.put("key", bytes("value"), LONG_MS);
  await storage.data.replaceIfEqual("key", bytes("value"), bytes("other"));
  await storage.revocations.flush();
  await storage.increment("count", 1, LONG_MS);
  await storage.requeueDeadLetter("letter", item("x"));
  await storage.deleteDeadLetter("letter");
  const row = { step: "hour" as const, atMs: 3_600_000, taskName: "t", sums: { a: 1 }, maxima: { b: 2 } };
  await storage.count([row], [bytes("end")], { minuteAgeMs: LONG_MS, hourAgeMs: LONG_MS, recent: 2 });
  await storage.promote("later");
  await storage.endLease("nobody");
}

/** The true log: what is put beside it is shorter, or no file. */
function logPath(): string {
  const entries = readdirSync(join(path, "q"), { withFileTypes: true });
  const logs = entries.filter((entry) => entry.isFile() && /^log-\d{8}$/.test(entry.name)).map(({ name }) =>
    join(path, "q", name)
  );
  return logs.sort().findLast((log) => statSync(log).size > 500)!;
}

/** The records of the log, as they are and as data. */
function records(): { readonly whole: Uint8Array; readonly data: unknown }[] {
  const log = readFileSync(logPath());
  const found: { whole: Uint8Array; data: unknown }[] = [];
  for (let start = 0; start < log.length;) {
    const record = findRecord(log, start);
    if (record.kind !== "record") throw new Error(`no record at ${start}`);
    found.push({ whole: Uint8Array.from(log.subarray(start, record.end)), data: decodeBody(record.body) });
    start = record.end;
  }
  return found;
}

/** A copy in which something is something else, at any depth. */
function twisted(dice: Dice, value: unknown): unknown {
  if (value instanceof Uint8Array || typeof value !== "object" || value === null || dice.below(8) === 0) return dice.pick(ODD);
  const keys = Object.keys(value);
  if (keys.length === 0) return dice.pick(ODD);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const key = dice.pick(keys);
  if (dice.below(8) === 0) delete copy[key];
  else copy[key] = twisted(dice, copy[key]);
  return copy;
}

/** A record whose checksum is right and whose command is odd. */
function oddRecord(dice: Dice, data: unknown): Uint8Array {
  const odd = twisted(dice, data);
  const commands = Array.isArray(odd) && Array.isArray(odd[3]) ? odd[3] : [];
  const names = commands.map((command) => Array.isArray(command) && typeof command[0] === "string" ? command[0] : "");
  if (names.some((name) => ORDERS.has(name.split(".").at(-1)!))) {
    return encodeRecord(["do", "nonce"]).slice();
  }
  return encodeRecord(odd ?? null).slice();
}

/** Something else than a file, or a file of somebody else. */
function putThing(dice: Dice): void {
  const names = [
    "log-00000000",
    "log-00000500",
    "log-5",
    "bad-00000001",
    "temp-x",
    ".DS_Store",
    "large/aa/bb/odd",
    "large/odd",
  ];
  const target = join(path, "q", dice.pick([...names, "bell", "done", `log-0000${1000 + dice.below(9000)}`]));
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { recursive: true, force: true });
  const kind = dice.below(20);
  if (kind === 0) execFileSync("mkfifo", [target]);
  else if (kind < 5) mkdirSync(target);
  else if (kind < 12) symlinkSync(dice.pick(["/etc/passwd", "/dev/zero", path, "nowhere", join(path, "victim")]), target);
  else writeFileSync(target, dice.bytes(dice.below(100)));
}

test(`${TASKS} real tasks among ${RECORDS} odd records run (HUEY_HOSTILE_SEED=${SEED})`, async () => {
  const dice = new Dice(SEED);
  writeFileSync(join(path, "victim"), "important");
  const ran = new Map<number, number>();
  const work = huey.task("work", (n: number) => void ran.set(n, (ran.get(n) ?? 0) + 1));
  await fill();
  const all = records();
  const templates = all.filter(({ data }) => (data as unknown[])[0] === "do");
  const { storage } = coreOf(huey)!;
  const consumer = new Consumer(huey, { workers: 10, periodic: false });
  for (let n = 0; n < TASKS; n++) {
    for (let count = 0; count < RECORDS / TASKS; count++) {
      const { whole, data } = dice.pick(dice.below(20) === 0 ? all : templates);
      const kind = dice.below(4);
      appendFileSync(logPath(), kind === 0 ? garbage(dice, whole) : kind === 1 ? changed(dice, whole) : oddRecord(dice, data));
    }
    putThing(dice);
    await work(n);
    if (n === TASKS / 2) await consumer.start();
    if (n % 20 === 10) await storage.recover(undefined, lease("here"));
  }
  try {
    await until(() => Promise.resolve(ran.size === TASKS));
  } finally {
    await consumer.stop({ graceful: false, grace: 0 });
  }
  expect([...ran.values()].every((times) => times === 1)).toBe(true);
  for (const space of [storage.data, storage.results, storage.locks, storage.revocations, storage.meta]) await space.entries();
  await Promise.all([storage.pending(1000), storage.scheduled(1000), storage.deadLetters({ limit: 1000 }), storage.running()]);
  for (const id of ["plain0", "later", "member", "callback", "x"]) await storage.state(id);
  await storage.collect("chord");
  await storage.leases();
  expect(await storage.promoteDue(10_000)).toBeDefined();
  const other = new FileStorage({ name: "q", path });
  expect(await other.pendingCount()).toBe(await storage.pendingCount());
  expect((await other.pending()).length).toBe(await storage.pendingCount());
  await other.close();
  expect(lines.some(({ message }) => message.includes("bytes are skipped"))).toBe(true);
  expect(readFileSync(join(path, "victim"), "utf8")).toBe("important");
  expect(statSync(join(path, "victim")).nlink).toBe(1);
  expect(readdirSync(path).sort()).toEqual(["q", "victim"]);
  await storage.flush();
  expect(await huey.pendingCount() + await huey.scheduledCount() + await huey.deadLetterCount()).toBe(0);
}, LIMIT_MS);

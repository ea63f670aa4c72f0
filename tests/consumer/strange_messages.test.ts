import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { readFromWorker, readToWorker } from "../../consumer/pool/protocol_check.ts";
import { SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { Folder, LIBRARY, terminated } from "./_folder.ts";
import { DENO } from "./_program.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
});
afterEach(() => folder.end());

const STRANGE = [
  ...[null, undefined, 5, "x", true, [], {}, { type: 5 }, { type: "nothing" }, { type: "__proto__" }, { type: "toString" }],
  ...[{ type: "settles" }, { type: "unclaimed", token: "t" }, { type: "answer", id: "__proto__" }, { type: "exit" }],
  ...[{ type: "start", token: "t", name: "n", id: "i", timeoutMs: -1 }, { type: "locks", token: "t", lock: { keys: [5] } }],
  ...[{ type: "stopped", end: "forged", started: 0 }, { type: "failed" }, { type: "end", token: {} }],
];

describe("a message between a consumer and its workers", () => {
  test("is none of another shape", () => {
    for (const message of STRANGE) expect([message, readFromWorker(message)]).toEqual([message, undefined]);
    for (const message of [...STRANGE, { type: "init" }, { type: "stop", graceMs: "1" }]) {
      expect(readToWorker(message)).toBeUndefined();
    }
    const hostile = new Proxy({}, {
      get: () => {
        throw new Error("read");
      },
    });
    expect(readFromWorker(hostile)).toBeUndefined();
  });

  test("is one of each shape that they send", () => {
    const known = [
      ...[{ type: "ready" }, { type: "worked" }, { type: "broken" }, { type: "failed", reason: "" }, {
        type: "lost",
        reason: "r",
      }],
      ...[{ type: "end", token: "t" }, { type: "exit", code: 1 }, {
        type: "answer",
        id: 1,
        started: 0,
        busy: 0,
      }, { type: "counted", tasks: [], operations: [] }],
      ...[{ type: "start", token: "t", name: "n", id: "i", timeoutMs: 1 }, { type: "stopped", end: "exhausted", started: 3 }],
    ];
    for (const message of known) expect(readFromWorker(message)).toBe(message as never);
  });
});

const APP = `
export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
huey.task("ok", () => "ok");
// What a thread of Node has instead.
const port = process.getBuiltinModule("node:worker_threads").parentPort;
const post = globalThis.postMessage ?? ((message) => port?.postMessage(message));
huey.task("post", () => {
  for (const message of ${JSON.stringify(STRANGE)}) {
    post(message);
    try { process.send?.(message); } catch { /* what cannot be sent is not sent */ }
  }
  globalThis.dispatchEvent?.(new MessageEvent("message", { data: null }));
});
`;

/** Has the strange messages sent, twice, then runs a task. */
async function call(): Promise<unknown> {
  const huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
  const [post, ok] = [huey.task("post", () => {}), huey.task("ok", () => "")];
  for (let time = 0; time < 2; time++) await (await post()).get({ blocking: true });
  const value = await (await ok()).get({ blocking: true });
  await huey.close();
  return value;
}

for (const type of ["greenlet", "thread", "process"]) {
  test(`strange messages of a task are ignored, with workers of type ${type}`, async () => {
    folder.module("app.js", `import process from "node:process";${APP}`);
    const program = folder.run(["-k", type, "app.js"]);
    expect(await program.during(call())).toBe("ok");
    expect(await terminated(program)).toBe(0);
    expect(program.text).not.toContain("is gone");
    const lines = program.text.split("\n").filter((line) => line.includes("is not of this library"));
    expect(lines.length).toBe(type === "greenlet" ? 0 : 1);
  }, SLOW);

  test(`strange messages of a task do not end a program with workers of type ${type}`, async () => {
    const path = folder.module(
      "main.js",
      `import process from "node:process";${APP}
if (import.meta.main) {
  const consumer = new library.Consumer(huey, { workerType: ${JSON.stringify(type)}, module: import.meta.url });
  await consumer.start();
  process.on("SIGTERM", async () => {
    await consumer.stop();
    process.exit(0);
  });
}`,
    );
    const flags = DENO ? ["run", "-A", "--no-check", "--config", join(LIBRARY, "deno.json")] : [];
    const child = spawn(process.execPath, [...flags, path], { cwd: folder.path, stdio: "inherit" });
    const exited = new Promise<unknown>((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
    expect(await Promise.race([call(), exited])).toBe("ok");
    process.kill(child.pid!, "SIGTERM");
    expect(await exited).toBe(0);
  }, SLOW);
}

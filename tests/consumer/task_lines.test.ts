import { afterEach, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { type CallOptions, SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { Folder, terminated } from "./_folder.ts";

const SLOW = 60_000;
const TRACE = "0af7651916cd43dd8448eb211c80319c";
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
  folder.module(
    "app.js",
    `import { getLogger } from "${new URL("../../node_modules/@logtape/logtape/dist/mod.js", import.meta.url).href}";
     export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     let tries = 0;
     export const work = huey.task({ name: "work", retries: 1 }, (card) => {
       getLogger(["app"]).info("charging");
       if (tries++ === 0) throw new Error("no");
     });
     export const fail = huey.task("fail", () => {
       getLogger(["app"]).warn("the {what} is closed", { what: "bank" });
       throw new Error("no luck");
     });`,
  );
});
afterEach(() => folder.end());

/** Calls a task of the application from here. */
async function call(name: string, options: CallOptions, ...args: string[]): Promise<void> {
  await using huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
  await huey.task(name, (..._args: string[]) => {}).with(options)(...args);
}

/** One that fails at first. */
async function callWork(): Promise<void> {
  await call("work", { retries: 1, meta: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` } }, "4111-1111");
}

for (const type of ["greenlet", "thread", "process"]) {
  test(`JSON lines about a task of a ${type} worker say which, its attempt, queue and trace`, async () => {
    await callWork();
    const program = folder.run(["--json", "-k", type, "app.js"]);
    await program.says("executed in");
    expect(await terminated(program)).toBe(0);
    const lines = program.text.split("\n").filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    const about = lines.filter(({ message }) => /^(Executing|Task) work|^charging/.test(message));
    const [{ taskId }] = about;
    expect(
      about.map((
        { message, attempt },
      ) => [message.replace(/ work: \S+/, "").replace(/ \(.*\)/, "").replace(/ [\d.]+ s$/, ""), attempt]),
    )
      .toEqual([
        ["Executing", 1],
        ["charging", 1],
        ["Task failed in", 1],
        ["Task is tried again", 1],
        ["Executing", 2],
        ["charging", 2],
        ["Task executed in", 2],
      ]);
    for (const line of about) {
      expect(line).toMatchObject({ taskId, taskName: "work", queue: "shop", traceId: TRACE });
    }
    // What is about no task has nothing of it.
    expect(lines.find(({ message }) => message.startsWith("Consumer started")).taskId).toBeUndefined();
    expect(program.text).not.toContain("4111-1111");
  }, SLOW);
}

test("lines for people stay as they were", async () => {
  await callWork();
  const program = folder.run(["-S", "-k", "greenlet", "app.js"]);
  await program.says("executed in");
  expect(await terminated(program)).toBe(0);
  expect(program.text).toMatch(/^\d\d:\d\d:\d\d Executing work: \S+ \(1 retry\)$/m);
  expect(program.text).not.toContain(TRACE);
}, SLOW);

for (const type of ["greenlet", "thread", "process"]) {
  test(`what a task of a ${type} worker has logged stays with it when it fails`, async () => {
    await call("fail", { id: "failing" });
    const program = folder.run(["-k", type, "app.js"]);
    await program.says("failed in");
    expect(await terminated(program)).toBe(0);
    const shown = folder.run(["show", "app.js", "failing", "--json"]);
    await shown.exited;
    const [line] = shown.text.split("\n").filter((each) => each.startsWith("{"));
    expect(JSON.parse(line!)).toMatchObject({
      id: "failing",
      history: [{ attempt: 1, outcome: "error", log: [{ level: "warn", text: "the bank is closed" }] }],
    });
  }, SLOW);
}

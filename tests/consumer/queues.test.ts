import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Folder, terminated } from "./_folder.ts";

const SLOW = 60_000;
let folder: Folder;
let app: string;

/** Two Hueys; at the start of a worker each calls its task, which says where it ran. */
const TWO = `
const make = (name) => {
  const huey = new library.SqliteHuey(name, { filename: "data/" + name + ".db" });
  const say = huey.task("say", () => console.log(name + " ran its task"));
  huey.onStartup("start", () => console.log(name + " has a worker"));
  huey.onStartup("call", async () => void await say());
  return huey;
};
export const emails = make("emails");
export const reports = make("reports");
export { emails as mails };
`;

beforeEach(() => {
  folder = new Folder();
  app = folder.module("two.js", TWO);
});
afterEach(() => folder.end());

async function refusal(...args: string[]): Promise<string> {
  const program = folder.run(args);
  expect((await program.exited).code).toBe(1);
  return program.text;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe("one process for several queues", () => {
  test("serves each with its own workers, and stops all at SIGTERM", async () => {
    const program = folder.run(["-w", "2", "two.js#emails", "two.js#reports:3"]);
    for (let started = 0; started < 2; started++) await program.says("Consumer started with ");
    while (!["emails", "reports"].every((name) => program.text.includes(`${name} ran its task`))) {
      await program.says("ran its task");
    }
    expect(await terminated(program)).toBe(0);
    expect(count(program.text, "emails has a worker")).toBe(2);
    expect(count(program.text, "reports has a worker")).toBe(3);
    expect(program.text).toContain("3 thread workers, PID ");
    expect(count(program.text, "All workers have stopped")).toBe(2);
    for (const line of ["emails/MainThread:Consumer started", "reports/MainThread:Consumer started", ":MainThread:Exiting"]) {
      expect(program.text).toContain(line);
    }
    expect(program.text).toMatch(/huey:emails\/Worker-[12]:Task say/);
    expect(program.text).toMatch(/huey:reports\/Worker-[123]:Task say/);
  }, SLOW);

  test("does not name a queue that is alone", async () => {
    const program = folder.run(["-k", "greenlet", "two.js#emails"]);
    await program.says("huey:MainThread:Task say");
    expect(await terminated(program)).toBe(0);
    expect(program.text).not.toContain("emails/");
  }, SLOW);

  test("serves all that a module exports, each once", async () => {
    const program = folder.run(["--all", "-k", "greenlet", "two.js"]);
    for (let started = 0; started < 2; started++) await program.says("Consumer started with ");
    expect(await terminated(program)).toBe(0);
    expect(count(program.text, "has a worker")).toBe(2);
    expect(count(program.text, "Consumer started with 1 greenlet worker")).toBe(2);
  }, SLOW);

  test("starts none if one cannot start", async () => {
    folder.module("memory.js", `export const huey = new library.MemoryHuey("memory");`);
    const text = await refusal("two.js#emails", "memory.js");
    expect(text).toContain('that of Huey "memory" lives in this one; use workerType "greenlet"');
    expect(text).not.toContain("has a worker");
  }, SLOW);

  test("stops the others if the workers of one cannot start", async () => {
    const once = `import * as fs from "node:fs";
      if (fs.existsSync("seen")) throw new Error("not twice");
      fs.writeFileSync("seen", "");`;
    folder.module("torn.js", `${once} export const huey = new library.SqliteHuey("torn", { filename: "data/torn.db" });`);
    const text = await refusal("two.js#emails", "torn.js");
    expect(text).toContain("A worker could not start: ");
    expect(text).toContain("not twice");
    expect(text).toContain("All workers have stopped");
  }, SLOW);

  test("says what to write when it is not clear which Huey is meant", async () => {
    expect(await refusal("two.js")).toContain(
      "exports several Hueys: add one of #emails, #mails, #reports to the module, or --all to serve them all",
    );
    expect(await refusal("two.js#emails", "two.js#mails")).toContain(
      "two.js#emails and two.js#mails are the same Huey: name it once",
    );
    expect(await refusal("--all", `${app}#emails`)).toContain("names one Huey, and --all means all of a module");
    expect(await refusal("two.js#emails:many")).toContain("must have a number of workers after the colon, at least 1");
  }, SLOW);
});

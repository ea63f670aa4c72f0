/** The subcommand that tells whether a queue is served. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Folder, terminated } from "./_folder.ts";

const SLOW = 60_000;
let folder: Folder;

beforeEach(() => {
  folder = new Folder();
  folder.module(
    "app.js",
    `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     const add = huey.task("add", (a, b) => a + b);
     export const fill = async () => {
       await add.map([[1, 2], [3, 4]]);
       await add.schedule({ args: [1, 2], delay: 3600 });
     };`,
  );
  folder.module("fill.js", `import { fill } from "./app.js"; await fill(); export { huey } from "./app.js";`);
});
afterEach(() => folder.end());

async function health(...args: string[]): Promise<{ code: number | null; text: string }> {
  const program = folder.run(["health", ...args]);
  const { code } = await program.exited;
  return { code, text: program.text };
}

describe("the command health", () => {
  test("tells whether a consumer serves the queue, and what waits", async () => {
    // Calls its tasks when it is loaded.
    expect((await health("fill.js")).code).toBe(1);
    expect(await health("app.js")).toEqual({
      code: 1,
      text: 'Queue "shop": not healthy, no live consumer serves it; 0 consumers, 2 waiting, 1 scheduled, 0 dead letters\n',
    });
    const [one, two] = [folder.run(["app.js"]), folder.run(["-k", "greenlet", "app.js"])];
    await Promise.all([one.says("Consumer started"), two.says("Consumer started")]);
    const { code, text } = await health("--json", "app.js");
    expect(code).toBe(0);
    const queue = { queue: "shop", healthy: true, consumers: 2, scheduled: 1, deadLetters: 0 };
    expect(JSON.parse(text)).toMatchObject({ healthy: true, queues: [queue] });
    one.kill("SIGKILL");
    await one.exited;
    expect((await health("app.js")).text).toContain("healthy; 1 consumer, ");
    expect(await terminated(two)).toBe(0);
    expect((await health("app.js")).code).toBe(1);
  }, SLOW);

  test("tells of failed tasks and of a pause", async () => {
    folder.module(
      "fail.js",
      `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
       await huey.pause();
       const fail = huey.task("fail", () => { throw new Error("on purpose"); });
       await fail();
       await huey.resume();
       const { claims: [claim] } = await huey.storage.claim(1, { consumer: "c", worker: "w" });
       const bury = { id: "1", kind: "failed", reason: "on purpose", atMs: Date.now(), data: claim.data, taskId: claim.id };
       await huey.storage.settle({ claim, id: claim.id, ending: "failed", noticeTtlMs: 0, bury });
       await huey.pause({ until: new Date("2100-01-01T00:00:00Z") });`,
    );
    const none = "not healthy, no live consumer serves it";
    expect((await health("fail.js")).text).toContain(
      `Queue "shop": ${none}, paused until 2100-01-01T00:00:00.000Z; 0 consumers, 0 waiting, 0 scheduled, 1 failed, 0 dead letters\n`,
    );
    folder.module("pause.js", `import { huey } from "./app.js"; await huey.pause(); export { huey };`);
    const { text } = await health("--json", "pause.js");
    expect(JSON.parse(text).queues[0]).toMatchObject({ paused: true, failed: 1, deadLetters: 0 });
  }, SLOW);

  test("says why it cannot tell", async () => {
    folder.module("memory.js", `export const huey = new library.MemoryHuey("memory");`);
    expect((await health("memory.js")).text).toContain("not healthy, other processes cannot see it");
    folder.module("down.js", `export const huey = new library.RedisHuey("down", { url: "redis://me:secret@127.0.0.1:1" });`);
    // The connection takes 5 s to give up, the command waits for 8 s: on a busy machine it may not hear the reason.
    let down = await health("down.js");
    for (let tries = 1; tries < 4 && !down.text.includes("cannot be reached"); tries++) {
      expect(down.code).toBe(1);
      down = await health("down.js");
    }
    expect(down.code).toBe(1);
    expect(down.text).toContain('Queue "down": not healthy, Redis at 127.0.0.1:1 cannot be reached: ');
    expect(down.text).toContain("ECONNREFUSED");
    expect(down.text).not.toContain("secret");
    const wrong = folder.run(["health", "-w", "2", "app.js"]);
    expect((await wrong.exited).code).toBe(2);
    expect(wrong.text).toContain("-w, --workers means nothing to the command health");
  }, SLOW);
});

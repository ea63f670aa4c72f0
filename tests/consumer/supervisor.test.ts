import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { SqliteHuey } from "../../mod.ts";
import { silent } from "../helpers.ts";
import { Folder, terminated } from "./_folder.ts";
import type { Program } from "./_program.ts";

const SLOW = 60_000;
let folder: Folder;
let huey: SqliteHuey;

beforeEach(() => {
  folder = new Folder();
  huey = new SqliteHuey("shop", { filename: join(folder.data, "shop.db"), logger: silent });
  folder.module(
    "app.js",
    `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
     huey.task({ name: "work", context: true }, async ({ deliveries }) => {
       console.log("work begins, delivery " + deliveries);
       if (deliveries === 1) await new Promise((resolve) => setTimeout(resolve, 3600_000));
       return "done at delivery " + deliveries;
     });`,
  );
});
afterEach(async () => {
  await huey.close();
  await folder.end();
});

/** Does what a process manager does: starts the consumer again whenever it ends by itself. */
class Supervisor {
  readonly #args: readonly string[];
  #stopping = false;
  starts = 0;
  current: Program;
  /** Resolves with the exit code of the consumer that was told to stop. */
  readonly ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.#args = args;
    this.current = this.#start();
    this.ended = this.#watch();
  }

  async stop(): Promise<number | null> {
    this.#stopping = true;
    return await terminated(this.current);
  }

  #start(): Program {
    this.starts++;
    return folder.run(this.#args);
  }

  async #watch(): Promise<number | null> {
    for (;;) {
      const { code } = await this.current.exited;
      if (this.#stopping) return code;
      this.current = this.#start();
    }
  }
}

describe("a consumer that is started again when it ends", () => {
  for (const type of ["greenlet", "thread", "process"]) {
    test(`does what it left behind when it was killed: ${type}`, async () => {
      const work = huey.task("work", () => "");
      const supervisor = new Supervisor("-k", type, "app.js");
      const result = await work();
      await supervisor.current.says("work begins, delivery 1");
      supervisor.current.kill("SIGKILL");
      expect(await result.get({ blocking: true })).toBe("done at delivery 2");
      expect(await supervisor.stop()).toBe(0);
      expect(await supervisor.ended).toBe(0);
      expect(supervisor.starts).toBe(2);
      expect(await huey.pendingCount()).toBe(0);
      expect(await huey.storage.leases()).toEqual([]);
    }, SLOW);
  }

  test("keeps the process id at SIGHUP, so that its manager sees one process", async () => {
    const supervisor = new Supervisor("app.js");
    await supervisor.current.says("Consumer started");
    const { pid } = supervisor.current;
    supervisor.current.kill("SIGHUP");
    await supervisor.current.says("Restarting");
    await supervisor.current.says("Consumer started");
    expect(process.kill(pid, 0)).toBe(true);
    expect(await supervisor.stop()).toBe(0);
    expect(supervisor.starts).toBe(1);
  }, SLOW);

  test("waits for its storage, and starts when that is there", async () => {
    // As with a database on a volume that is mounted late: the first start fails, and the manager tries again.
    folder.module(
      "late.js",
      `import { existsSync } from "node:fs";
       if (!existsSync("mounted")) throw new Error("the volume is missing");
       export { huey } from "./app.js";`,
    );
    const supervisor = new Supervisor("late.js");
    await supervisor.current.says("the volume is missing");
    folder.module("mounted", "");
    while (!supervisor.current.text.includes("Consumer started")) await pause(20);
    expect(supervisor.starts).toBeGreaterThan(1);
    expect(await supervisor.stop()).toBe(0);
  }, SLOW);
});

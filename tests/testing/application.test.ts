import { describe, expect, test } from "bun:test";
import process from "node:process";
import { SqliteHuey } from "../../mod.ts";
import { assertEnqueued, assertNotEnqueued, TestHuey } from "../../testing/mod.ts";

type Application = typeof import("./_application.ts");

/** The module anew, as each program loads it once. */
async function load(environment: string | undefined): Promise<Application> {
  const before = process.env["SHOP_ENV"];
  if (environment === undefined) delete process.env["SHOP_ENV"];
  else process.env["SHOP_ENV"] = environment;
  try {
    return await import(`./_application.ts?${crypto.randomUUID()}`) as Application;
  } finally {
    if (before === undefined) delete process.env["SHOP_ENV"];
    else process.env["SHOP_ENV"] = before;
  }
}

const signUp = (email: string): Request => new Request(`http://localhost/sign-up?email=${email}`);

describe("an application that exports its own Huey", () => {
  test("runs on a TestHuey where its environment says so: requests, retries and crontabs", async () => {
    const { handle, huey, mail, sent } = await load("test");
    if (!(huey instanceof TestHuey)) throw new Error("SHOP_ENV is not heeded");
    expect((await handle(signUp("nonsense"))).status).toBe(400);
    await assertNotEnqueued(huey, mail);
    const { id } = await (await handle(signUp("ada@example.org"))).json() as { id: string };
    expect((await assertEnqueued(huey, mail, { args: ["ada@example.org"], count: 1 })).id).toBe(id);
    const ran = await huey.advance({ hours: 1 });
    expect(ran.map(({ task, outcome, at }) => [task.name, outcome, at.toISOString().slice(11, 16)])).toEqual([
      ["mail", "retrying", "08:00"],
      ["mail", "complete", "08:05"],
      ["report", "complete", "09:00"],
    ]);
    expect(sent).toEqual(["ada@example.org", "report"]);
    expect(await huey.result(id)).toBe("sent to ada@example.org");
    await huey.close();
  });

  test("runs at once in immediate mode, as it is in production, and its storage stays empty", async () => {
    const { handle, huey, sent } = await load(undefined);
    expect(huey).toBeInstanceOf(SqliteHuey);
    huey.immediate = true;
    const { id } = await (await handle(signUp("ada@example.org"))).json() as { id: string };
    // A retry with a delay stays on the schedule.
    expect([sent, await huey.scheduledCount(), (await huey.state(id)).state]).toEqual([[], 1, "retrying"]);
    await handle(signUp("bob@example.org"));
    expect(sent).toEqual(["bob@example.org"]);
    huey.immediate = false;
    expect([await huey.pendingCount(), await huey.scheduledCount(), await huey.resultCount()]).toEqual([0, 0, 0]);
    await huey.close();
  });

  test("several stand side by side, each with its own queue and time", async () => {
    const [one, other] = [await load("test"), await load("test")];
    await one.handle(signUp("ada@example.org"));
    await assertEnqueued(one.huey, "mail");
    await assertNotEnqueued(other.huey, "mail");
    expect(await (other.huey as TestHuey).advance(60)).toEqual([]);
    expect(await (one.huey as TestHuey).drain()).toHaveLength(1);
    for (const { huey } of [one, other]) await huey.close();
  });
});

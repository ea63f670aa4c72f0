import { describe, expect, test } from "bun:test";
import { assertEnqueued, assertNotEnqueued, TestHuey, waitForState } from "../../testing/mod.ts";

const NOON = new Date("2026-01-05T12:00:00Z");

async function messageOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(() => undefined, (thrown: unknown) => thrown);
  expect((error as Error | undefined)?.name).toBe("AssertionError");
  return (error as Error).message;
}

describe("assertEnqueued", () => {
  test("finds a task by function or name, arguments, time and count", async () => {
    const huey = new TestHuey({ now: NOON });
    const mail = huey.task("mail", (to: string, _options: { copy: boolean }) => to);
    await mail("ada", { copy: true });
    await mail.schedule({ args: ["bob", { copy: false }], delay: { hours: 1 } });

    expect((await assertEnqueued(huey, mail)).args[0]).toBe("ada");
    expect((await assertEnqueued(huey, "mail", { args: ["ada", { copy: true }], count: 1 })).name).toBe("mail");
    expect((await assertEnqueued(huey, mail, { args: (to: string) => to.startsWith("b") })).args[0]).toBe("bob");
    await assertEnqueued(huey, mail, { delay: { hours: 1 }, count: 1 });
    await assertEnqueued(huey, mail, { eta: new Date("2026-01-05T13:00:00Z") });
    await assertEnqueued(huey, mail, { delay: 3605, tolerance: 10 });
    await assertEnqueued(huey, mail, { count: 2 });
  });

  test("says what is there instead, the nearest first", async () => {
    const huey = new TestHuey({ now: NOON });
    const mail = huey.task("mail", (to: string) => to);
    const other = huey.task("other", () => {});
    await other();
    await mail("bob");
    await mail.schedule({ args: ["ada"], delay: 60 });
    expect(await messageOf(assertEnqueued(huey, mail, { args: ["ada"], delay: 90 }))).toBe(
      `assertEnqueued: nothing enqueued is task "mail", args ["ada"], due at 2026-01-05T12:01:30.000Z (give or take 1 s). Enqueued:
  mail("ada") due at 2026-01-05T12:01:00.000Z
  mail("bob")
  other()`,
    );
    expect(await messageOf(assertEnqueued(huey, mail, { count: 3 }))).toContain(
      'assertEnqueued: 2 instead of 3 are enqueued: task "mail". Enqueued:\n  mail(',
    );
    expect(await messageOf(assertEnqueued(new TestHuey(), "mail"))).toBe(
      'assertEnqueued: nothing enqueued is task "mail". Nothing is enqueued.',
    );
  });

  test("asks a function about the arguments of that task alone, and does not take a promise for a yes", async () => {
    const huey = new TestHuey();
    const mail = huey.task("mail", (to: string) => to);
    const other = huey.task("other", (_n: number) => {});
    await other.map([1, 2]);
    await mail("bob");
    const message = await messageOf(assertEnqueued(huey, mail, { args: (to: string) => to.startsWith("a") }));
    expect(message).toContain('Enqueued:\n  mail("bob")\n  other(1)\n  other(2)');
    const late = (() => Promise.resolve(false)) as never;
    await expect(assertEnqueued(huey, mail, { args: late })).rejects.toThrow("answers at once");
    await expect(assertNotEnqueued(huey, mail, { args: late })).rejects.toThrow("answers at once");
  });

  test("knows meta: those that are named must be the same, others may be there", async () => {
    const huey = new TestHuey();
    const mail = huey.task("mail", (to: string) => to);
    await mail.with({ meta: { tenant: "acme", locale: "de" } })("ada");
    expect((await assertEnqueued(huey, mail, { meta: { tenant: "acme" }, count: 1 })).meta["locale"]).toBe("de");
    await assertEnqueued(huey, mail, { meta: {} });
    expect(await messageOf(assertEnqueued(huey, mail, { meta: { tenant: "other" } }))).toBe(
      'assertEnqueued: nothing enqueued is task "mail", with meta {"tenant":"other"}. Enqueued:\n' +
        '  mail("ada") with meta {"tenant":"acme","locale":"de"}',
    );
    expect(await messageOf(assertEnqueued(huey, mail, { meta: { toString: "x" } }))).toContain("nothing enqueued");
    await expect(assertEnqueued(huey, mail, { meta: "acme" as never })).rejects.toThrow("meta must be");
  });

  test("lists ten at most", async () => {
    const huey = new TestHuey();
    const task = huey.task("task", (n: number) => n);
    await task.map(Array.from({ length: 12 }, (_, n) => n));
    expect(await messageOf(assertEnqueued(huey, task, { args: [99] }))).toContain("\n  and 2 more");
  });

  test("asserts that nothing is enqueued with a count of 0", async () => {
    const huey = new TestHuey();
    const task = huey.task("task", () => {});
    await expect(assertEnqueued(huey, task, { count: 0 })).resolves.toBeUndefined();
    await task();
    expect(await messageOf(assertEnqueued(huey, task, { count: 0 }))).toContain("1 instead of 0");
  });

  test("refuses what is no Huey, no task, or no option", async () => {
    const huey = new TestHuey();
    const task = huey.task("task", () => {});
    await expect(assertEnqueued(huey, undefined as never)).rejects.toThrow("Expected a task or its name");
    await expect(assertEnqueued({} as never, task)).rejects.toThrow("Expected a Huey");
    await expect(assertEnqueued(huey, task, { arg: [1] } as never)).rejects.toThrow('did you mean "args"?');
    await expect(assertEnqueued(huey, task, { delay: 1, eta: NOON } as never)).rejects.toThrow("either delay or eta");
    await expect(assertEnqueued(huey, task, { args: "ada" } as never)).rejects.toThrow("args must be");
    await expect(assertEnqueued(huey, task, { tolerance: "1 s" } as never)).rejects.toThrow("tolerance must be");
    await expect(assertEnqueued(huey, task, { meta: { a: 1n } } as never)).rejects.toThrow("nothing enqueued");
    await expect(waitForState(huey, "id", "complete", { timeout: null } as never)).rejects.toThrow("timeout must be");
  });
});

describe("assertNotEnqueued", () => {
  test("fails if the task is there, with these arguments", async () => {
    const huey = new TestHuey();
    const mail = huey.task("mail", (to: string) => to);
    await assertNotEnqueued(huey, mail);
    await mail("ada");
    await assertNotEnqueued(huey, mail, { args: ["bob"] });
    await assertNotEnqueued(huey, "other");
    expect(await messageOf(assertNotEnqueued(huey, mail, { args: ["ada"] }))).toBe(
      'assertNotEnqueued: task "mail", args ["ada"] is enqueued. Enqueued:\n  mail("ada")',
    );
  });
});

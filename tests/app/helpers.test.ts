import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  defineConfig,
  disconnectSignal,
  enqueue,
  huey,
  isRevoked,
  lockTask,
  onShutdown,
  onStartup,
  periodicTask,
  postExecute,
  preExecute,
  restore,
  restoreAll,
  restoreById,
  result,
  revoke,
  revokeAll,
  revokeById,
  scheduled,
  signal,
  task,
} from "../../app/mod.ts";
import { forgetApplication } from "./_forget.ts";
import { coreOf } from "../../lib/core/core.ts";
import { ConfigurationError, Consumer, every, type Huey, MemoryHuey, type Result, type TaskWrapper } from "../../mod.ts";
import { failure, silent, work } from "../helpers.ts";

let configured: Huey;
beforeEach(() => {
  configured = defineConfig({ hueyClass: "MemoryHuey", logger: silent });
});
afterEach(forgetApplication);

/** Compiles only if the types are the same. */
function same<A>(_value: A): void {}

describe("the helpers", () => {
  test("define and enqueue tasks of the configured Huey, with its types", async () => {
    const add: TaskWrapper<[a: number, b: number], number> = task("add", (a: number, b: number) => a + b);
    const contextual = task({ name: "contextual", context: true }, (context, text: string) => `${text} ${context.attempt}`);
    const handle: Result<number> = await add(1, 2);
    const pipe = await enqueue(add.s(1, 2).andThen(add, 3));
    same<TaskWrapper<[text: string], string>>(contextual);
    const said = await contextual("attempt");
    expect(await work(configured)).toBe(4);
    expect(await handle.get()).toBe(3);
    expect(await pipe.get()).toEqual([3, 6]);
    expect(await result<string>(said.id)).toBe("attempt 1");
  });

  test("periodic tasks, hooks and signals", async () => {
    const seen: string[] = [];
    const tick = periodicTask("tick", every(3600), () => void seen.push("tick"));
    preExecute("pre", () => void seen.push("pre"));
    postExecute("post", () => void seen.push("post"));
    const handler = (name: string): void => void seen.push(name);
    signal(["complete"], handler);
    onStartup("up", () => void seen.push("up"));
    onShutdown("down", () => void seen.push("down"));
    await tick();
    const consumer = new Consumer(configured, { periodic: false });
    await consumer.start();
    await consumer.waitFor("idle");
    expect(disconnectSignal(handler)).toBe(true);
    await tick();
    await consumer.waitFor("idle");
    await consumer.stop();
    expect(seen).toEqual(["up", "pre", "tick", "post", "complete", "pre", "tick", "post", "down"]);
  });

  test("revoke, restore and look", async () => {
    const later = task("later", () => 1);
    const first = await later.schedule({ delay: 60 });
    expect((await scheduled()).map(({ id }) => id)).toEqual([first.id]);
    await revoke(first.task);
    expect(await isRevoked(first)).toBe(true);
    expect(await restore(first.task)).toBe(true);
    await revokeById(first.id);
    expect(await restoreById(first.id)).toBe(true);
    await revokeAll(later);
    expect(await isRevoked(later)).toBe(true);
    expect(await restoreAll(later)).toBe(true);
    expect(await isRevoked(later)).toBe(false);
  });

  test("locks", async () => {
    await using _held = await lockTask("backup").acquire();
    expect(await huey.isLocked("backup")).toBe(true);
  });

  test("the Huey itself", async () => {
    expect(coreOf(huey)).toBe(coreOf(configured));
    expect(huey).toBeInstanceOf(MemoryHuey);
    huey.immediate = true;
    expect(configured.immediate).toBe(true);
    huey.immediate = false;
    expect("storage" in huey).toBe(true);
    expect(huey.storage).toBe(configured.storage);
    await huey.put("key", 1);
    expect(await huey.get<number>("key")).toBe(1);
    new Consumer(huey);
  });

  test("follow a new configuration; tasks stay with their Huey", async () => {
    const old = task("old", () => 1);
    const other = defineConfig({ hueyClass: "MemoryHuey", name: "other" });
    expect(huey.name).toBe("other");
    await old();
    expect([await configured.pendingCount(), await other.pendingCount()]).toEqual([1, 0]);
  });

  test("say that nothing is configured", async () => {
    forgetApplication();
    for (
      const use of [
        () => task("add", () => 1),
        () => huey.name,
        () => lockTask("x"),
        () => scheduled(),
        () => onStartup(() => {}),
      ]
    ) {
      const error = await failure(use);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain(
        "import your huey.config.ts, which calls defineConfig, before the modules that define tasks",
      );
    }
  });
});

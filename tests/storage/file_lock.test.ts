/** Who holds the lock of a file storage, who is waited for, and who is replaced. @module */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Clock, systemClock } from "../../lib/primitives/clock.ts";
import { bytes, claim, complete, ids, item, items, text } from "../../testing/contract/helpers.ts";
import { Place, replaceSteps, revive } from "./_file_fixture.ts";

let place: Place;
beforeEach(() => void (place = new Place()));
afterEach(() => place.remove());

function lockFolder(): string {
  return join(place.root, "lock");
}

function lockName(): string {
  return readdirSync(lockFolder())[0]!;
}

/** The number of the last hold, and the words that tell this isolate. */
async function lastHold(): Promise<{ readonly number: number; readonly machine: string; readonly start: string }> {
  const storage = place.open();
  let held = "";
  replaceSteps((original) => (...args) => {
    if (String(args[1]).startsWith("lock/held.")) held = String(args[1]);
    return original(...args);
  });
  await storage.pendingCount();
  revive();
  const [, number, , machine = "", , start = ""] = held.split(".");
  return { number: Number(number), machine, start };
}

/** Somebody holds the lock. */
async function hold(who: { readonly machine?: string; readonly pid?: number; readonly start?: string }): Promise<string> {
  const { number, machine, start } = await lastHold();
  const words = [number + 1, 0, who.machine ?? machine, who.pid ?? process.pid, who.start ?? start, "aaaaaaaaaaaa"];
  const name = `held.${words.join(".")}`;
  renameSync(join(lockFolder(), lockName()), join(lockFolder(), name));
  return name;
}

/** A clock whose time goes on when the test says so. */
class SteppedClock implements Clock {
  #ms = 1_700_000_000_000;
  readonly #timers = new Set<{ readonly atMs: number; readonly strike: () => void }>();

  now(): number {
    return this.#ms;
  }

  elapsed(): number {
    return this.#ms;
  }

  startTimer(ms: number, strike: () => void): { stop(): void } {
    const timer = { atMs: this.#ms + ms, strike };
    this.#timers.add(timer);
    return { stop: () => void this.#timers.delete(timer) };
  }

  /** Steps in small steps, and lets everything run that follows. */
  async pass(ms: number): Promise<void> {
    for (const endMs = this.#ms + ms; this.#ms < endMs;) {
      this.#ms += 5;
      for (const timer of [...this.#timers]) {
        if (timer.atMs <= this.#ms && this.#timers.delete(timer)) timer.strike();
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

describe("a holder on this machine", () => {
  test("is replaced at once when its process has ended", async () => {
    await hold({ pid: 2 ** 22 + 1 });
    expect(await place.open().pendingCount()).toBe(0);
  });

  test("is replaced at once when its process id belongs to another process now", async () => {
    await hold({ start: "1m" });
    expect(await place.open().pendingCount()).toBe(0);
  });

  test("is waited for while its process lives, however long", async () => {
    const name = await hold({});
    const clock = new SteppedClock();
    const counting = place.open({ clock }).pendingCount();
    await clock.pass(20_000);
    expect(lockName()).toBe(name);
    renameSync(join(lockFolder(), name), join(lockFolder(), `free.${name.split(".")[1]}.x-x-x-x-x`));
    await clock.pass(10);
    expect(await counting).toBe(0);
  });
});

describe("a holder that cannot be asked", () => {
  for (const [who, words] of Object.entries({ "on another machine": { machine: "f".repeat(16) }, "in a worker thread": {} })) {
    test(`${who} is replaced after five seconds without a sign`, async () => {
      const { start } = await lastHold();
      const name = await hold({ ...words, start: start.replace("m", "w") });
      const clock = new SteppedClock();
      const counting = place.open({ clock }).pendingCount();
      await clock.pass(4500);
      expect(lockName()).toBe(name);
      await clock.pass(1000);
      expect(await counting).toBe(0);
      expect(lockName()).toMatch(/^free\./);
    });

    test(`${who} is waited for while it renews its name`, async () => {
      const { start } = await lastHold();
      let name = await hold({ ...words, start: start.replace("m", "w") });
      const clock = new SteppedClock();
      const counting = place.open({ clock }).pendingCount();
      for (let renewal = 1; renewal < 5; renewal++) {
        await clock.pass(3000);
        expect(lockName()).toBe(name);
        const renewed = name.replace(/^(held\.\d+)\.\d+/, `$1.${renewal}`);
        renameSync(join(lockFolder(), name), join(lockFolder(), renewed));
        name = renewed;
      }
      await clock.pass(6000);
      expect(await counting).toBe(0);
    });
  }

  test("and has been replaced writes nothing of what it was about to write", async () => {
    const [slow, fast] = [place.open(), place.open()];
    await slow.enqueue(items("a", 2));
    const [first] = await claim(slow, 1);
    let isReplaced = false;
    replaceSteps((original, name) => (...args) => {
      // It stands still before it writes its journal: somebody else takes the lock, and gives it back.
      if (!isReplaced && name === "writeFile") {
        isReplaced = true;
        for (const endMs = systemClock.elapsed() + 5; systemClock.elapsed() < endMs;);
        const [, number] = lockName().split(".");
        renameSync(join(lockFolder(), lockName()), join(lockFolder(), `free.${Number(number) + 1}.x-x-x-x-x`));
      }
      return original(...args);
    });
    const settling = slow.settle(complete(first!, { enqueue: [item("next")] }));
    expect((await settling).held).toBe(true);
    revive();
    expect(isReplaced).toBe(true);
    expect(ids(await fast.pending())).toEqual(["a1", "next"]);
    expect((await fast.settle(complete(first!))).held).toBe(false);
  });
});

describe("a lock that is not as it should be", () => {
  test("that is gone is made anew", async () => {
    const storage = place.open();
    await storage.enqueue(items("a", 3));
    await storage.close();
    rmSync(lockFolder(), { recursive: true });
    const other = place.open();
    expect(await other.pendingCount()).toBe(3);
    await other.enqueue([item("b")]);
    expect(ids(await other.pending())).toEqual(["a0", "a1", "a2", "b"]);
  });

  test("that has got another name is made anew after a while", async () => {
    await place.open().data.put("key", bytes("value"));
    renameSync(join(lockFolder(), lockName()), join(lockFolder(), "nonsense"));
    writeFileSync(join(lockFolder(), ".DS_Store"), "x");
    expect(text(await place.open().data.peek("key"))).toBe("value");
  });

  test("that has a copy is held once", async () => {
    const storage = place.open();
    await storage.enqueue(items("a", 40));
    const [, number] = lockName().split(".");
    writeFileSync(join(lockFolder(), `free.${Number(number) - 5}.9-9-9-9-9`), "");
    writeFileSync(join(lockFolder(), `free.${Number(number) + 5}.x-x-x-x-x`), "");
    const others = [place.open(), place.open()];
    const found = await Promise.all([storage, ...others].map((one) => claim(one, 20)));
    expect(new Set(ids(found.flat())).size).toBe(40);
    expect(readdirSync(lockFolder()).length).toBe(1);
  });
});

test("many instances take turns", async () => {
  const storages = Array.from({ length: 8 }, () => place.open({ clock: systemClock }));
  await Promise.all(storages.flatMap((storage) => Array.from({ length: 25 }, () => storage.increment("count", 1))));
  expect(await storages[0]!.increment("count", 0)).toBe(200);
});

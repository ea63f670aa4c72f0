import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FromWorker, Init, ToWorker } from "../../consumer/pool/protocol.ts";
import { resolveSettings } from "../../consumer/options/settings.ts";
import type { ConsumerOptions } from "../../consumer/options/settings.ts";
import type { WebWorkerEvents } from "../../consumer/platform/web_worker.ts";
import { WorkerPool } from "../../consumer/pool/pool.ts";
import { coreOf } from "../../lib/core/core.ts";
import { ConfigurationError } from "../../lib/errors.ts";
import type { Huey } from "../../lib/huey/huey.ts";
import type { Claim } from "../../lib/storage.ts";
import type { Logger } from "../../lib/types/options.ts";
import { SqliteHuey } from "../../storage/sqlite/huey.ts";
import { failure, logbook, record, silent } from "../helpers.ts";

const CONSUMER = "consumer-1";
const folder = mkdtempSync(join(tmpdir(), "huey-pool-"));
const ends: (() => Promise<unknown>)[] = [];
let files = 0;

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An isolate that does what the test says. */
class FakeIsolate {
  readonly received: ToWorker[] = [];
  terminated = false;
  readonly #events: WebWorkerEvents;
  readonly #answers: boolean;

  constructor(events: WebWorkerEvents, answers: boolean) {
    this.#events = events;
    this.#answers = answers;
  }

  get init(): Init {
    return this.received[0] as Init;
  }

  say(message: FromWorker): void {
    this.#events.message(message);
  }

  die(reason: string): void {
    this.#events.end(reason);
  }

  post(message: ToWorker): void {
    this.received.push(message);
    if (message.type === "stop") {
      if (this.#answers) this.say({ type: "stopped", end: "stopped", started: 0 });
    }
    const question = message.type === "idle" || message.type === "ping";
    if (question && this.#answers) this.say({ type: "answer", id: message.id, started: 0, busy: 0 });
  }

  terminate(): void {
    this.terminated = true;
  }
}

interface Setup {
  readonly huey: Huey;
  readonly pool: WorkerPool;
  /** Resolves with the next isolate that is made. */
  next(): Promise<FakeIsolate>;
  /** Makes isolates that never say that they are ready. */
  mute(): void;
}

function setup(
  options: ConsumerOptions & { logger?: Logger; canKill?: boolean; answers?: boolean; silentInit?: boolean } = {},
): Setup {
  const { logger = silent, canKill = true, answers = true, silentInit: startsMute = false, ...rest } = options;
  let isMute = startsMute;
  const huey = new SqliteHuey("pool", { filename: join(folder, `${++files}.db`), logger });
  const made: FakeIsolate[] = [];
  const waiting: ((isolate: FakeIsolate) => void)[] = [];
  const settings = resolveSettings({ workerType: "thread", module: "file:///app.ts", grace: 0, ...rest });
  const open = (events: WebWorkerEvents): FakeIsolate => {
    const isolate = new FakeIsolate(events, answers);
    queueMicrotask(() => {
      if (!isMute) isolate.say({ type: "ready" });
      const receiver = waiting.shift();
      if (receiver === undefined) made.push(isolate);
      else receiver(isolate);
    });
    return isolate;
  };
  const pool = new WorkerPool(coreOf(huey)!, { consumer: CONSUMER, settings, logger, open: open as never, canKill });
  ends.push(() => huey.close(), () => pool.stop(0));
  return {
    huey,
    pool,
    mute: () => void (isMute = true),
    next: () => {
      const isolate = made.shift();
      return isolate === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(isolate);
    },
  };
}

async function claimFor(huey: Huey, worker: string): Promise<Claim> {
  const batch = await huey.storage.claim(1, { consumer: CONSUMER, worker });
  return batch.claims[0]!;
}

function signaled(huey: Huey, name: "recovered" | "timeout" | "interrupted" | "error"): Promise<string> {
  return new Promise((resolve) => huey.signal(name, (_, task) => resolve(task.name)));
}

describe("WorkerPool", () => {
  test("tells each worker who it is and what to do", async () => {
    const { pool, next } = setup({ workers: 2, concurrency: 3, maxTasks: 9, exportName: "tasks" });
    await pool.start();
    const inits = [(await next()).init, (await next()).init];
    expect(inits.map(({ worker }) => worker)).toEqual(["Worker-1", "Worker-2"]);
    expect(inits[0]).toMatchObject({
      type: "init",
      module: "file:///app.ts",
      exportName: "tasks",
      queue: "pool",
      consumer: CONSUMER,
      slots: 3,
      maxTasks: 9,
    });
  });

  test("fails to start when a worker does", async () => {
    const { pool, next } = setup({ silentInit: true });
    const started = failure(pool.start());
    (await next()).say({ type: "failed", reason: "no such module" });
    const error = await started;
    expect(error).toBeInstanceOf(ConfigurationError);
    expect(error.message).toContain("no such module");
  });

  test("replaces a worker that died, and puts its tasks back at once", async () => {
    const { logger, lines } = logbook();
    const { huey, pool, next } = setup({ logger });
    const add = huey.task("add", (a: number, b: number) => a + b);
    await add(1, 2);
    await pool.start();
    const isolate = await next();
    await claimFor(huey, "Worker-1");
    const told = signaled(huey, "recovered");
    isolate.die("it ended with code 3");
    expect(await told).toBe("add");
    expect((await next()).init.worker).toBe("Worker-1.2");
    expect(await huey.pendingCount()).toBe(1);
    expect(lines.some(({ message }) => message === "Worker-1 is gone: it ended with code 3")).toBe(true);
  });

  test("replaces a worker that a task ended by process.exit, or whose process died", async () => {
    const { pool, next } = setup();
    await pool.start();
    (await next()).say({ type: "exit", code: 3 });
    const second = await next();
    second.say({ type: "lost", reason: "out of memory" });
    expect((await next()).init.worker).toBe("Worker-1.3");
    expect(second.terminated).toBe(true);
  });

  test("replaces a worker that never starts", async () => {
    const { pool, next, mute } = setup();
    await pool.start();
    const first = await next();
    mute();
    first.die("gone");
    const second = await next();
    pool.check(performance.now() + 60_000);
    expect(second.terminated).toBe(false);
    pool.check(performance.now() + 180_000);
    expect(second.terminated).toBe(true);
    expect((await next()).init.worker).toBe("Worker-1.3");
  });

  test("does not replace workers without health checks", async () => {
    const { logger, lines } = logbook();
    const { huey, pool, next } = setup({ logger, checkWorkerHealth: false });
    await pool.start();
    const { storage } = huey;
    const { recover } = storage;
    const recovered = new Promise<void>((resolve) => {
      storage.recover = async (target) => {
        resolve();
        return await recover.call(storage, target);
      };
    });
    (await next()).die("gone");
    await recovered;
    pool.check();
    expect(lines.at(-1)?.message).toContain("1 of 1 workers are missing");
  });

  test("replaces a worker that has done its share", async () => {
    const { pool, next } = setup({ maxTasks: 5 });
    await pool.start();
    (await next()).say({ type: "stopped", end: "exhausted", started: 5 });
    expect((await next()).init.worker).toBe("Worker-1.2");
  });

  test("replaces a broken worker while it finishes what runs", async () => {
    const { pool, next } = setup();
    await pool.start();
    const broken = await next();
    broken.say({ type: "broken" });
    const successor = await next();
    expect(broken.terminated).toBe(false);
    broken.say({ type: "stopped", end: "stopped", started: 1 });
    expect(broken.terminated).toBe(true);
    expect(successor.terminated).toBe(false);
  });

  test("ends a worker whose task overruns its timeout and does not yield", async () => {
    const { huey, pool, next } = setup({ answers: false, canKill: false });
    const loop = huey.task({ name: "loop", timeout: 0.01 }, () => {});
    const add = huey.task("add", () => {});
    const result = await loop();
    await add();
    await pool.start();
    const isolate = await next();
    const { token, id } = await claimFor(huey, "Worker-1");
    await claimFor(huey, "Worker-1");
    const [timeout, recovered] = [signaled(huey, "timeout"), signaled(huey, "recovered")];
    isolate.say({ type: "start", token, name: "loop", id, timeoutMs: 10 });
    expect(await timeout).toBe("loop");
    expect(await recovered).toBe("add");
    expect(isolate.terminated).toBe(true);
    expect((await failure(result.get({ blocking: true }))).message).toContain("ran longer than its timeout of 0.01 s");
    await next();
  });

  test("leaves a worker alone that still answers after the timeout of its task", async () => {
    const { pool, next } = setup();
    await pool.start();
    const isolate = await next();
    isolate.say({ type: "start", token: "1", name: "slow", id: "1", timeoutMs: 1 });
    while (!isolate.received.some(({ type }) => type === "ping")) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.resolve();
    expect(isolate.terminated).toBe(false);
  });

  test("tries until the claims of a dead worker are taken over", async () => {
    const { huey, pool, next } = setup({ initialDelay: 0.001, maxDelay: 0.001 });
    const add = huey.task("add", () => {});
    await add();
    await pool.start();
    const isolate = await next();
    await claimFor(huey, "Worker-1");
    const { storage } = huey;
    const { recover } = storage;
    let failures = 2;
    storage.recover = (target) => failures-- > 0 ? Promise.reject(new Error("disk full")) : recover.call(storage, target);
    const told = signaled(huey, "recovered");
    isolate.die("gone");
    expect(await told).toBe("add");
  });

  test("a forced stop kills workers that do not answer, and interrupts their tasks", async () => {
    const { huey, pool, next } = setup({ answers: false });
    const { names } = record(huey);
    const add = huey.task("add", () => {});
    await add();
    await pool.start();
    const isolate = await next();
    await claimFor(huey, "Worker-1");
    await pool.stop(0);
    expect(isolate.terminated).toBe(true);
    expect(names).toEqual(["enqueued", "interrupted"]);
    expect(await huey.pendingCount()).toBe(1);
  });

  test("a graceful stop waits, and a worker that dies meanwhile is recovered but not replaced", async () => {
    const { huey, pool, next } = setup({ answers: false });
    const add = huey.task("add", () => {});
    await add();
    await pool.start();
    const isolate = await next();
    await claimFor(huey, "Worker-1");
    const stopped = pool.stop(Infinity);
    isolate.die("gone");
    await stopped;
    expect(await huey.pendingCount()).toBe(1);
  });
});

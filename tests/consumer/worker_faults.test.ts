/** Workers that end too soon, and lengths of time that timers of a runtime do not know. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { RemoteWorker } from "../../consumer/pool/remote_worker.ts";
import type { FromWorker } from "../../consumer/pool/protocol.ts";
import type { WebWorkerEvents } from "../../consumer/platform/web_worker.ts";
import { silent } from "../helpers.ts";
import { Folder, terminated } from "./_folder.ts";

const SLOW = 90_000;
const DAY_MS = 86_400_000;

interface FakeWorker {
  readonly worker: RemoteWorker;
  say(message: FromWorker): void;
  die(): void;
  readonly asked: string[];
}

function makeWorker(): FakeWorker {
  let events: WebWorkerEvents | undefined;
  const asked: string[] = [];
  const open = (given: WebWorkerEvents) => {
    events = given;
    return { post: (message: unknown) => void asked.push((message as { type: string }).type), terminate: () => {} };
  };
  const init = { type: "init", module: "", queue: "q", consumer: "c", worker: "Worker-1", slots: 1, poll: {} } as never;
  const worker = new RemoteWorker(open, init, silent);
  return { worker, asked, say: (message) => events!.message(message), die: () => events!.end("gone") };
}

describe("a worker", () => {
  test("that ends before it is ready, or soon after, ends untimely", () => {
    for (const messages of [[], [{ type: "ready" }], [{ type: "ready" }, { type: "worked" }]] as FromWorker[][]) {
      const { worker, say, die } = makeWorker();
      messages.forEach(say);
      die();
      expect(worker.leftUntimely).toBe(true);
      expect(worker.worked).toBe(messages.length === 2);
    }
  });

  test("that has done its share, or is ended because of a task, does not", async () => {
    const done = makeWorker();
    done.say({ type: "ready" });
    done.say({ type: "stopped", end: "exhausted", started: 1 });
    expect(done.worker.leftUntimely).toBe(false);
    const revoked = makeWorker();
    revoked.say({ type: "ready" });
    const ended = revoked.worker.endRevoked([]);
    revoked.say({ type: "answer", id: 1, started: 0, busy: 0 });
    await ended;
    expect((await revoked.worker.ended).killReason).toEqual({ revoked: [] });
    expect(revoked.worker.leftUntimely).toBe(false);
  });

  test("is not asked at once whether it answers, where a timeout is longer than timers can be", async () => {
    const { say, asked, die } = makeWorker();
    say({ type: "ready" });
    say({ type: "start", token: "t", name: "long", id: "1", timeoutMs: 30 * DAY_MS });
    // A timer with a length that the runtime does not know strikes after a millisecond, before this one.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(asked).toEqual(["init"]);
    die();
  });
});

describe("a worker that ends as soon as it is ready", () => {
  let folder: Folder;

  beforeEach(() => {
    folder = new Folder();
  });
  afterEach(() => folder.end());

  for (const type of ["thread", "process"]) {
    for (const end of ["process.exit(1)", 'throw new Error("kaputt")']) {
      test(`is replaced with growing pauses: ${type}, ${end}`, async () => {
        folder.module(
          "app.js",
          `import process from "node:process";
           export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
           huey.onStartup(() => void setTimeout(() => { ${end}; }, 10));`,
        );
        const program = folder.run(["-k", type, "app.js"]);
        for (const seconds of [0.5, 1, 2]) await program.says(`ended too soon: another takes its place in ${seconds} s`);
        expect(program.text.match(/ended too soon/g)!.length).toBe(3);
        expect(await terminated(program)).toBe(0);
      }, SLOW);
    }
  }
});

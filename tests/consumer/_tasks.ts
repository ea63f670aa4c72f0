/** The application that the tests of the command line run: its tasks do everything that a task should not. */
import { appendFileSync, readFileSync } from "node:fs";
import process from "node:process";
import type { Huey } from "../../lib/huey/huey.ts";
import type { TaskWrapper } from "../../lib/types/calling.ts";
import { SqliteHuey } from "../../storage/sqlite/huey.ts";

/** The tasks, for those who call them. */
export interface Tasks {
  readonly add: TaskWrapper<[number, number], number>;
  readonly fail: TaskWrapper<[], never>;
  readonly late: TaskWrapper<[], string>;
  readonly print: TaskWrapper<[string], boolean>;
  readonly timer: TaskWrapper<[], Promise<string>>;
  readonly exit: TaskWrapper<[], string>;
  readonly loop: TaskWrapper<[], never>;
  readonly wait: TaskWrapper<[], Promise<string>>;
  readonly block: TaskWrapper<[], never>;
  readonly obey: TaskWrapper<[], Promise<void>>;
  readonly ignore: TaskWrapper<[number], Promise<string>>;
  readonly busy: TaskWrapper<[number], string>;
  readonly rejectLater: TaskWrapper<[], Promise<never>>;
  readonly hog: TaskWrapper<[], string>;
  readonly killed: TaskWrapper<[], string>;
  readonly freeze: TaskWrapper<[number], Promise<string>>;
  readonly trace: TaskWrapper<[string], number>;
  readonly once: TaskWrapper<["exit" | "kill" | "loop" | "wait"], Promise<string>>;
  readonly note: TaskWrapper<[Error], number>;
  readonly list: TaskWrapper<[unknown[]], string[]>;
}

/** What the task `once` takes and leaves. */
export const LOCK_OF_ONCE = "once";

/** Where the task `trace` writes. */
export function traceFile(filename: string): string {
  return `${filename}.trace`;
}

/** Lets nothing else run in this isolate, and leaves the processor to others. */
function blockFor(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** A Huey on a file, with the tasks. */
export function makeApplication(filename: string, options: { silent?: boolean } = {}): { huey: Huey; tasks: Tasks } {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const huey = new SqliteHuey("tests", { filename, ...(options.silent ? { logger: quiet } : {}) });
  const tasks: Tasks = {
    ...endings(huey),
    ...stubborn(huey),
    ...deadly(huey),
    ...patient(huey, filename),
    ...single(huey, filename),
  };
  huey.onStartup("startup", () => console.log("startup hook"));
  huey.onShutdown("shutdown", () => console.log("shutdown hook"));
  huey.signal("interrupted", (_, task) => console.log(`interrupted ${task.name}`));
  huey.signal(["error", "timeout", "revoked"], (signal, { name }) => {
    if (name === "once") console.log(`signal ${signal}`);
  });
  return { huey, tasks };
}

/** Tasks that end, in all the wrong ways. */
function endings(huey: Huey): Pick<Tasks, "add" | "fail" | "late" | "print" | "timer" | "exit" | "loop" | "wait"> {
  return {
    add: huey.task("add", (a: number, b: number) => a + b),
    fail: huey.task("fail", () => {
      throw new Error("on purpose");
    }),
    late: huey.task("late", () => {
      void Promise.reject(new Error("late rejection"));
      return "late";
    }),
    print: huey.task("print", (text: string) => process.stdout.write(text) || true),
    timer: huey.task("timer", async () => {
      setTimeout(() => {
        throw new Error("timer exception");
      }, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return "timer";
    }),
    exit: huey.task({ name: "exit", context: true }, ({ deliveries }) => {
      if (deliveries === 1) process.exit(3);
      return "survived";
    }),
    loop: huey.task({ name: "loop", timeout: 0.1 }, () => {
      for (;;);
    }),
    wait: huey.task({ name: "wait", context: true }, async ({ deliveries }) => {
      console.log(`wait begins, delivery ${deliveries}`);
      if (deliveries === 1) await new Promise((resolve) => setTimeout(resolve, 60_000));
      return "waited";
    }),
  };
}

/** Tasks that do not want to end. */
function stubborn(huey: Huey): Pick<Tasks, "block" | "obey" | "ignore" | "busy"> {
  return {
    block: huey.task({ name: "block" }, () => {
      console.log("block begins");
      for (;;) blockFor(20);
    }),
    obey: huey.task({ name: "obey", context: true, retries: 5 }, async (context) => {
      await context.setProgress("begun");
      await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
    }),
    ignore: huey.task({ name: "ignore", context: true, retries: 5 }, async ({ signal }, ms: number) => {
      console.log("ignore begins");
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      console.log("ignore is aborted");
      await new Promise((resolve) => setTimeout(resolve, ms));
      return "ignored";
    }),
    busy: huey.task({ name: "busy", context: true }, ({ deliveries }, ms: number) => {
      console.log(`busy begins, delivery ${deliveries}`);
      blockFor(ms);
      return `delivery ${deliveries}`;
    }),
  };
}

/** Tasks that take their worker with them. */
function deadly(huey: Huey): Pick<Tasks, "rejectLater" | "killed" | "hog"> {
  return {
    rejectLater: huey.task({ name: "rejectLater", retries: 1 }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      throw new Error("later");
    }),
    killed: huey.task({ name: "killed", context: true }, ({ deliveries }) => {
      if (deliveries === 1) process.kill(process.pid, "SIGKILL");
      return "survived";
    }),
    hog: huey.task({ name: "hog", context: true }, ({ deliveries }) => {
      if (deliveries > 1) return "survived";
      console.log("hog begins");
      let list: unknown;
      for (let length = 0;; length++) list = { list, numbers: new Array(50).fill(length) };
    }),
  };
}

/** A task that may run at most once, and does not end well; and those that learn of that. */
function single(huey: Huey, filename: string): Pick<Tasks, "once" | "note" | "list"> {
  return {
    once: huey.task({ name: "once", delivery: "at-most-once", retries: 3 }, async (how: "exit" | "kill" | "loop" | "wait") => {
      appendFileSync(traceFile(filename), `${how}\n`);
      // Not before a loop, which must not begin after the timeout.
      if (how !== "loop") await huey.lockTask(LOCK_OF_ONCE).acquire();
      console.log("once begins");
      if (how === "kill") process.kill(process.pid, "SIGKILL");
      if (how === "exit") process.exit(3);
      while (how === "loop") blockFor(20);
      await new Promise((resolve) => setTimeout(resolve, 60_000));
      return "never";
    }),
    note: huey.task("note", (error: Error) => {
      appendFileSync(traceFile(filename), `${error.name}\n`);
      return 1;
    }),
    list: huey.task("list", (values: unknown[]) => values.map((value) => value instanceof Error ? value.name : String(value))),
  };
}

/** Tasks that tell what happened to them. */
function patient(huey: Huey, filename: string): Pick<Tasks, "freeze" | "trace"> {
  return {
    freeze: huey.task({ name: "freeze", context: true }, async ({ deliveries }, ms: number) => {
      console.log(`freeze begins, delivery ${deliveries}`);
      if (deliveries === 1) await new Promise((resolve) => setTimeout(resolve, ms));
      return `delivery ${deliveries}`;
    }),
    trace: huey.task("trace", (line: string) => {
      appendFileSync(traceFile(filename), `${line}\n`);
      return readFileSync(traceFile(filename), "utf8").split("\n").length - 1;
    }),
  };
}

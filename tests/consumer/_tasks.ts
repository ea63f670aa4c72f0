/** The application that the tests of the command line run: its tasks do everything that a task should not. */
import process from "node:process";
import type { Huey } from "../../lib/huey.ts";
import type { TaskWrapper } from "../../lib/types/calling.ts";
import { SqliteHuey } from "../../storage/sqlite_huey.ts";

/** The tasks, for those who call them. */
export interface Tasks {
  readonly add: TaskWrapper<[number, number], number>;
  readonly fail: TaskWrapper<[], never>;
  readonly late: TaskWrapper<[], string>;
  readonly timer: TaskWrapper<[], Promise<string>>;
  readonly exit: TaskWrapper<[], string>;
  readonly loop: TaskWrapper<[], never>;
  readonly wait: TaskWrapper<[], Promise<string>>;
  readonly block: TaskWrapper<[], never>;
  readonly obey: TaskWrapper<[], Promise<void>>;
}

/** A Huey on a file, with the tasks. */
export function makeApplication(filename: string, options: { silent?: boolean } = {}): { huey: Huey; tasks: Tasks } {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const huey = new SqliteHuey("tests", { filename, ...(options.silent ? { logger: quiet } : {}) });
  const tasks: Tasks = {
    add: huey.task("add", (a: number, b: number) => a + b),
    fail: huey.task("fail", () => {
      throw new Error("on purpose");
    }),
    late: huey.task("late", () => {
      void Promise.reject(new Error("late rejection"));
      return "late";
    }),
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
    block: huey.task({ name: "block" }, () => {
      console.log("block begins");
      for (;;);
    }),
    obey: huey.task({ name: "obey", context: true, retries: 5 }, async (context) => {
      await context.setProgress("begun");
      await new Promise((_, reject) => context.signal.addEventListener("abort", () => reject(context.signal.reason)));
    }),
  };
  huey.onStartup("startup", () => console.log("startup hook"));
  huey.onShutdown("shutdown", () => console.log("shutdown hook"));
  huey.signal("interrupted", (_, task) => console.log(`interrupted ${task.name}`));
  return { huey, tasks };
}

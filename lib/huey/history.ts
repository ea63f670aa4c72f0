/**
 * What has happened to a queue, as all processes have counted it.
 * @module
 */
import { HueyContents } from "./contents.ts";
import { readRecent, readStats } from "../statistics/read.ts";
import type { RecentTask, Stats, StatsOptions } from "../types/statistics.ts";

/**
 * A Huey that tells what has happened.
 *
 * @example
 * ```ts
 * import { MemoryHuey } from "@hueyjs/huey";
 *
 * const huey = new MemoryHuey({ immediate: true, immediateUseMemory: false });
 * const greet = huey.task("greet", (name: string) => `Hello ${name}`);
 * await greet("Ada");
 * const [last] = await huey.recent(1);
 * console.log(last?.name, last?.outcome); // greet complete
 * await huey.close();
 * ```
 */
export class HueyHistory extends HueyContents {
  /**
   * Counts and times, by task and by minute or hour. Each process that enqueues or runs tasks writes what it has counted every two
   * seconds and when it closes; one that is killed loses what it had not written.
   *
   * @param options The range, the step and the task. Default: the last hour of all tasks by minute.
   * @returns A row for each step and task in which something happened, and the totals. Minutes are kept for a day, hours for 30 days.
   * @throws {TypeError | RangeError} For a wrong option, or a range that ends before it begins.
   *
   * @example
   * ```ts
   * import { MemoryHuey } from "@hueyjs/huey";
   *
   * const huey = new MemoryHuey({ immediate: true, immediateUseMemory: false });
   * const add = huey.task("add", (a: number, b: number) => a + b);
   * await add(1, 2);
   * const { totals } = await huey.stats();
   * console.log(totals.enqueued, totals.completed, totals.failed); // 1 1 0
   * await huey.close();
   * ```
   */
  async stats(options: StatsOptions = {}): Promise<Stats> {
    const { core } = this;
    await core.statistics?.write();
    return await readStats(core.storage, core.clock, options);
  }

  /**
   * A sample of the tasks that ended last: consumers write some with their counts, and the last 1,000 are kept.
   *
   * @param limit How many at most. Default: 1000, which is the most there are.
   * @returns The tasks, newest first.
   * @throws {TypeError | RangeError} For a limit that is no whole number.
   */
  async recent(limit?: number): Promise<RecentTask[]> {
    const { core } = this;
    await core.statistics?.write();
    return await readRecent(core.storage, limit);
  }
}

/**
 * Runs jobs, two more at a time than there are cores, and prints a line for each as it ends, and how a failure begins.
 * @module
 */
import { availableParallelism } from "node:os";
import type { Job } from "./jobs.ts";
import type { Outcome } from "./outcome.ts";
import { failureExcerpt, progressLine } from "./report.ts";

/** Many tests wait for a process, a server or a lease, and leave the processor to others. More lanes than this would compete for it. */
const maxLanes = 4;

/**
 * Runs jobs, in order, some at a time.
 * @param jobs What to run.
 * @param deadlineMs When all must have ended, on the clock of performance.now(); what is late has failed.
 * @param print Takes the line of each as it ends; console.log by default.
 * @returns The outcomes, in the order of the jobs.
 */
export async function runJobs(
  jobs: readonly Job[],
  deadlineMs: number,
  print: (line: string) => void = console.log,
): Promise<Outcome[]> {
  const outcomes: Outcome[][] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < jobs.length; index = next++) {
      outcomes[index] = await runOne(jobs[index]!, deadlineMs - performance.now());
      for (const outcome of outcomes[index]!) print(progressLine(outcome) + failureExcerpt(outcome));
    }
  };
  const lanes = Math.min(maxLanes, availableParallelism() + 2);
  await Promise.all(Array.from({ length: lanes }, lane));
  return outcomes.flat();
}

async function runOne(job: Job, limitMs: number): Promise<Outcome[]> {
  if (limitMs > 0) return await job.run(limitMs);
  const reason = "Not run: the time for the whole test run was over";
  return [{ title: job.title, passed: 0, failed: 1, skipped: 0, reason, output: "", durationMs: 0 }];
}

/**
 * Figures from samples.
 * @module
 */
import process from "node:process";

/** What this runs on, with its version. */
export const RUNTIME: string = nameRuntime();

function nameRuntime(): string {
  const { bun, deno, node } = process.versions as Record<string, string | undefined>;
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}

/** The value below which a share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** The middle one. */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** A rate as text: 1234 -> "1.2k". */
export function rate(perSecond: number): string {
  return perSecond >= 10_000
    ? `${Math.round(perSecond / 1000)}k`
    : perSecond >= 1000
    ? `${(perSecond / 1000).toFixed(1)}k`
    : perSecond.toFixed(0);
}

/** Median, lowest and highest of several rounds, as text. */
export function spreadOf(rates: readonly number[]): string {
  return `${rate(median(rates))} (${rate(Math.min(...rates))}-${rate(Math.max(...rates))})`;
}

/** How many per second `count` in the time that `work` takes. */
export async function perSecond(count: number, work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return count / ((performance.now() - startedMs) / 1000);
}

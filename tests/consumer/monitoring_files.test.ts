import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { metricsText } from "../../consumer/health/metrics.ts";
import { coreOf } from "../../lib/core/core.ts";
import { TOTAL_OUTCOMES, Totals } from "../../lib/statistics/totals.ts";
import { MemoryHuey } from "../../mod.ts";
import { LIBRARY } from "./_folder.ts";
import { readMetrics } from "./_metrics.ts";

const path = (name: string): string => join(LIBRARY, "examples/deploy", name);

/** Text with each metric that there is. */
async function everyMetric(): Promise<string> {
  await using huey = new MemoryHuey("shop");
  const core = coreOf(huey)!;
  const totals = new Totals();
  for (const outcome of TOTAL_OUTCOMES) totals.count("add", outcome);
  totals.measure("add", "run", 1);
  totals.measure("add", "wait", 1);
  core.statistics!.addTotals(totals.take(), []);
  core.statistics!.operations.measure("claim", 1);
  return metricsText([{
    core,
    gauges: {
      sizes: { waiting: 1, blocked: 0, scheduled: 0, running: 0, failed: 0, dead: 0 },
      paused: false,
      latencySeconds: 1,
      oldestRunningSeconds: 0,
      consumers: 1,
      slots: 1,
      busy: 0,
      leaseSeconds: 10,
      periodic: [["tick", 1_900_000_000]],
      lookSeconds: 0.001,
    },
  }]);
}

/** Metrics that a text speaks of, without what follows the name of a histogram. */
function namesIn(text: string): Set<string> {
  return new Set([...text.matchAll(/\bhuey_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")));
}

test("rules, board and page speak of metrics that there are", async () => {
  const text = await everyMetric();
  readMetrics(text);
  const known = namesIn(text);
  for (const file of [path("huey.rules.yml"), path("grafana.json"), join(LIBRARY, "docs/telemetry.md")]) {
    const names = namesIn(readFileSync(file, "utf8"));
    expect(names.size).toBeGreaterThan(5);
    expect([...names].filter((name) => !known.has(name))).toEqual([]);
  }
  const documented = namesIn(readFileSync(join(LIBRARY, "docs/telemetry.md"), "utf8"));
  expect([...known].filter((name) => !documented.has(name))).toEqual([]);
});

test("the board is JSON, and none of its panels covers another", () => {
  const { panels } = JSON.parse(readFileSync(path("grafana.json"), "utf8")) as {
    panels: { id: number; title: string; gridPos: { x: number; y: number }; targets: { expr: string }[] }[];
  };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x},${y}`)).size).toBe(panels.length);
  for (const { targets } of panels) expect(targets.every(({ expr }) => expr.includes("huey_"))).toBe(true);
});

test("every rule has an expression, a severity and words for people", () => {
  const rules = readFileSync(path("huey.rules.yml"), "utf8").split(/^ {6}- alert: /m).slice(1);
  expect(rules.length).toBe(10);
  for (const rule of rules) {
    expect(rule).toMatch(/^\w+\n {8}expr: /);
    expect(rule).toMatch(/labels: \{ severity: (warning|critical) \}/);
    expect(rule).toMatch(/summary: .+\n {10}description: .+/);
    for (const [open, close] of ["()", "{}", "[]"] as const) {
      expect(rule.split(open!).length).toBe(rule.split(close!).length);
    }
  }
});

/** The checker of Prometheus itself, where it is installed: Debian has it in the package `prometheus`. */
const hasPromtool = spawnSync("promtool", ["--version"], { stdio: "ignore" }).status === 0;

// A name that says so: a run without it must not look like one with it.
if (!hasPromtool) {
  test("promtool is not here, so the rules were read by our own checks alone", () => expect(hasPromtool).toBe(false));
} else {
  test("promtool finds nothing wrong", async () => {
    const rules = spawnSync("promtool", ["check", "rules", path("huey.rules.yml")], { encoding: "utf8" });
    expect([rules.status, rules.stderr]).toEqual([0, ""]);
    const metrics = spawnSync("promtool", ["check", "metrics"], { encoding: "utf8", input: await everyMetric() });
    expect([metrics.status, metrics.stdout, metrics.stderr]).toEqual([0, "", ""]);
  });
}

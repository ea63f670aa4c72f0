#!/usr/bin/env bun
import process from "node:process";
import { catchEarlySignals } from "./consumer/cli/early_signals.ts";
catchEarlySignals(process.argv.slice(2));
// What takes its time to load comes after that.
const { main } = await import("./consumer/cli/cli.ts");
await main(
  process.argv.slice(2),
  async (...where) => (await import("./app/discover.ts")).findApplication(...where),
  async (...what) => await (await import("./dashboard/serve.ts")).serveDashboard(...what),
);

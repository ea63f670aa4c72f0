#!/usr/bin/env bun
import process from "node:process";
import { main } from "./consumer/cli.ts";
await main(process.argv.slice(2), async (...where) => (await import("./app/discover.ts")).findApplication(...where));

import { describe } from "bun:test";
import { join } from "node:path";
import { failureKillTest } from "./failures.ts";
import { gateKillTest } from "./gates.ts";
import { killTest, LONG, type OpenChaos } from "./kill.ts";
import { stepKillTest } from "./steps.ts";
import { ALL_CLASSES } from "../sizes.ts";

const open: OpenChaos = (folder) => ({ huey: "SqliteHuey", options: { filename: join(folder, "chaos.db") } });

describe("SqliteHuey", () => {
  killTest("greenlet", open, ["-k", "greenlet", "-w", "10"]);
  if (LONG) killTest("thread", open, ["-k", "thread", "-w", "2"]);
  gateKillTest("greenlet", open, ["-k", "greenlet", "-w", "10"]);
  if (!ALL_CLASSES) return;
  failureKillTest("greenlet", open, ["-k", "greenlet", "-w", "10"]);
  stepKillTest("thread", open, ["-k", "thread", "-w", "2"]);
});

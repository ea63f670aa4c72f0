import { describe } from "bun:test";
import { join } from "node:path";
import { failureKillTest } from "./failures.ts";
import { gateKillTest } from "./gates.ts";
import { killTest, LONG, type OpenChaos } from "./kill.ts";

const open: OpenChaos = (folder) => ({ huey: "FileHuey", options: { path: join(folder, "queue") } });

describe("FileHuey", () => {
  if (LONG) killTest("greenlet", open, ["-k", "greenlet", "-w", "10"]);
  killTest("thread", open, ["-k", "thread", "-w", "2"]);
  if (!LONG) return;
  gateKillTest("greenlet", open, ["-k", "greenlet", "-w", "10"]);
  failureKillTest("greenlet", open, ["-k", "greenlet", "-w", "10"]);
});

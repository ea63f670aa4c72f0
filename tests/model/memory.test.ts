/** The model tests of the memory storage. @module */
import { MemoryStorage } from "../../mod.ts";
import { modelTest } from "./suite.ts";

modelTest("MemoryStorage", {
  open: () => Promise.resolve([new MemoryStorage()]),
  close: () => Promise.resolve(),
  priorities: [-2, 0.5, 7],
  runs: 300,
  steppedTtl: true,
});

/** The model tests of the file storage: two instances over one folder take turns. @module */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStorage } from "../../mod.ts";
import { modelTest } from "./suite.ts";

const path = mkdtempSync(join(tmpdir(), "huey-model-"));

modelTest("FileStorage", {
  open: () => Promise.resolve([new FileStorage({ path }), new FileStorage({ path })]),
  close: () => Promise.resolve(rmSync(path, { recursive: true })),
  priorities: [1, 7, 65_535],
  runs: 60,
  steppedTtl: true,
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileStorage } from "../../storage/file.ts";
import { storageContract } from "../contract/suite.ts";

storageContract("FileStorage", {
  priorities: "integer",
  newStore: () => {
    const path = mkdtempSync(join(tmpdir(), "huey-file-"));
    return {
      open: (name = "contract") => new FileStorage({ name, path }),
      remove: () => rmSync(path, { recursive: true }),
    };
  },
});

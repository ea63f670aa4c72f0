/**
 * Small projects in temporary folders, for the tests of the scripts.
 * @module
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { projectRoot } from "../../scripts/project.ts";

/** Files by path. */
export type Files = Readonly<Record<string, string>>;

/**
 * Makes a project, uses it, and removes it.
 * @param files What is in it.
 * @param use What to do with its folder.
 * @returns What `use` gives.
 */
export async function withProject<T>(files: Files, use: (root: string) => T | Promise<T>): Promise<T> {
  const root = mkdtempSync(join(realpathSync(tmpdir()), "huey-project-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
    return await use(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

import { describe, expect, test } from "bun:test";
import { checkVersions } from "../../scripts/check_versions.ts";
import { type Files, withProject } from "./_fixture.ts";

const identity = { name: "@a/b", version: "1.2.3", license: "MIT" };
const target = { types: "./dist/mod.d.ts", bun: "./mod.ts", default: "./dist/mod.js" };
const json = (value: unknown): string => JSON.stringify(value);
const good: Files = {
  "deno.json": json({ ...identity, exports: { ".": "./mod.ts" } }),
  "package.json": json({ ...identity, exports: { ".": target } }),
  "package-lock.json": json({ version: "1.2.3" }),
  "CHANGELOG.md": "# Changes\n\n## 1.2.3 (2026-11-22)\n\n- First.\n",
  "mod.ts": "",
  "consumer/about.ts": `export const VERSION: string = "1.2.3";\n`,
};
const check = (changes: Files): Promise<string[]> => withProject({ ...good, ...changes }, checkVersions);

describe("checkVersions", () => {
  test("a project whose manifests agree has no problems", async () => {
    expect(await check({})).toEqual([]);
  });

  test("names, versions and licences are compared", async () => {
    const deno = json({ name: "@a/c", version: "1.2.4", exports: { ".": "./mod.ts" } });
    expect(await check({ "deno.json": deno })).toEqual([
      `"name" is "@a/c" in deno.json and "@a/b" in package.json`,
      `"version" is "1.2.4" in deno.json and "1.2.3" in package.json`,
      `"license" is undefined in deno.json and "MIT" in package.json`,
    ]);
  });

  test("exports are compared, and must exist", async () => {
    const deno = json({ ...identity, exports: { ".": "./mod.ts", "./more": "./more.ts" } });
    expect(await check({ "deno.json": deno })).toEqual([
      `Export "./more" is ./more.ts in deno.json and undefined in package.json`,
      `Export "./more" names ./more.ts, which does not exist`,
    ]);
  });

  test("the conditions of an export must name what packing makes", async () => {
    const npm = json({ ...identity, exports: { ".": { ...target, default: "./mod.js" } } });
    expect(await check({ "package.json": npm })).toEqual([
      `Export "." has default ./mod.js in package.json instead of ./dist/mod.js`,
    ]);
    const { types, ...others } = target;
    expect(await check({ "package.json": json({ ...identity, exports: { ".": { ...others, types } } }) })).toEqual([
      `Export "." must name its types first in package.json`,
    ]);
  });

  test("the lock file, the change log and the constant must have the version", async () => {
    const changes = {
      "package-lock.json": json({ version: "1.0.0" }),
      "CHANGELOG.md": "## 1.2.30\n",
      "consumer/about.ts": "",
    };
    expect(await check(changes)).toEqual([
      "package-lock.json has version 1.0.0, package.json 1.2.3",
      "CHANGELOG.md has no heading for 1.2.3",
      "VERSION in consumer/about.ts is undefined, package.json has 1.2.3",
    ]);
  });
});

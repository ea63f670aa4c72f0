/** Publishes the project in a registry on this machine, on npm and on JSR. @module */
import { expect } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, tool } from "../../scripts/project.ts";
import { runCommand } from "../../scripts/testing/command.ts";
import { LIMIT_MS, type Project } from "./_package.ts";
import type { Registry } from "./_registry.ts";

const pack = ["npm", "pack", "--ignore-scripts"] as const;

interface Manifest {
  readonly files: string[];
  readonly dependencies?: Record<string, string>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
}

/**
 * Packs a copy of the project, which says what is missing before, and publishes what it needs and itself on npm.
 * @param registry Where.
 * @param bench Where the copy is made.
 * @param more Packages of node_modules that are published too, with what they need.
 */
export async function publishToNpm(registry: Registry, bench: Project, more: readonly string[] = []): Promise<void> {
  const copy = join(bench.path, "copy");
  const { files } = manifestOf(projectRoot);
  for (const name of [...files, "package.json", "tsconfig.json", "scripts"].filter((name) => name !== "dist")) {
    if (existsSync(join(projectRoot, name))) cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
  }
  const whole = ["npm", "pack", "--pack-destination", bench.path] as const;
  const early = await bench.run(...whole, copy);
  expect([early.code === 0, early.output]).toEqual([false, expect.stringContaining("run npm ci first")]);
  symlinkSync(join(projectRoot, "node_modules"), join(copy, "node_modules"));
  await bench.ok(...whole, copy);
  await publishDependencies(registry, bench, more);
  rmSync(join(copy, "dist"), { recursive: true });
}

/**
 * Publishes what the project needs on npm.
 * @param registry Where.
 * @param bench Where tarballs are made; those that are there already are published too.
 * @param more Packages of node_modules that are published too, with what they need.
 */
export async function publishDependencies(registry: Registry, bench: Project, more: readonly string[] = []): Promise<void> {
  const wanted = [...Object.keys(manifestOf(projectRoot).dependencies ?? {}), ...more];
  const seen = new Set<string>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const folder = join(projectRoot, "node_modules", name);
    await bench.ok(...pack, folder);
    wanted.push(...Object.keys(manifestOf(folder).dependencies ?? {}));
  }
  for (const name of readdirSync(bench.path)) if (name.endsWith(".tgz")) registry.addTarball(join(bench.path, name));
}

/**
 * Publishes the project on JSR, with the package of JSR that it needs.
 * @param registry Where.
 */
export async function publishToJsr(registry: Registry): Promise<void> {
  // As JSR has it: the code that is linked for development.
  const parser = readFileSync(join(projectRoot, "node_modules/deno-std/cli/parse_args.js"), "utf8");
  registry.addJsr("@std/cli", "1.0.32", { "./parse-args": "./parse_args.js" }, { "/parse_args.js": parser });
  const argv = [tool("deno"), "publish", "--allow-dirty", "--no-check", "--token=of-nobody"] as const;
  const ended = await runCommand({ argv, cwd: projectRoot, limitMs: LIMIT_MS, env: registry.environment });
  if (ended.code !== 0) throw new Error(ended.output);
}

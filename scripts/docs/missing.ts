/**
 * What the documentation of the exports lacks.
 * @module
 */
import type { Item } from "./deno_doc.ts";

/**
 * Looks for documentation that is missing.
 * @param items What is exported.
 * @returns One line for each problem.
 */
export function findMissing(items: readonly Item[]): string[] {
  const byPath = new Map(items.map((item) => [item.path, item]));
  return items.filter((item) => !inherits(item, byPath)).flatMap((item) =>
    problemsOf(item).map((problem) => `${item.file}:${item.line} ${item.path}: ${problem}`)
  );
}

/** A member without a docstring takes the one of the type that its class implements or extends. */
function inherits(item: Item, byPath: ReadonlyMap<string, Item>): boolean {
  const [owner, member] = splitPath(item.path);
  if (member === undefined || item.doc !== "") return false;
  return ancestors(owner, byPath).some((parent) => (byPath.get(`${parent}.${member}`)?.doc ?? "") !== "");
}

function ancestors(name: string, byPath: ReadonlyMap<string, Item>): string[] {
  return (byPath.get(name)?.parents ?? []).filter((parent) => parent !== name).flatMap((parent) => [
    parent,
    ...ancestors(parent, byPath),
  ]);
}

function splitPath(path: string): [string, string | undefined] {
  const dot = path.indexOf(".");
  return dot === -1 || path.endsWith(".ts") ? [path, undefined] : [path.slice(0, dot), path.slice(dot + 1)];
}

function problemsOf(item: Item): string[] {
  const problems: string[] = [];
  const wellKnown = item.path.includes(".[Symbol.");
  if (item.doc === "" && !wellKnown && !speaksForItself(item)) {
    problems.push(item.kind === "module" ? "no module documentation" : "no description");
  }
  if (["function", "class"].includes(item.kind) && !has(item, "example")) problems.push("no @example");
  if (["function", "method", "constructor"].includes(item.kind)) problems.push(...missingTags(item, wellKnown));
  const empty = item.tags.filter((tag) => ["param", "return", "throws"].includes(tag.kind) && !tag.doc?.trim());
  return [
    ...problems,
    ...empty.map((tag) => `@${tag.kind === "return" ? "returns" : tag.kind}${tag.name ? ` ${tag.name}` : ""} says nothing`),
  ];
}

/**
 * The name and the type of a record's property may say it all; options have units, defaults and limits to tell. What a
 * constructor makes is told by its class.
 */
function speaksForItself(item: Item): boolean {
  if (item.kind === "constructor") return true;
  return item.kind === "property" && !splitPath(item.path)[0].endsWith("Options");
}

function missingTags(item: Item, wellKnown: boolean): string[] {
  const described = new Set(item.tags.filter((tag) => tag.kind === "param").map((tag) => tag.name ?? ""));
  // A destructured parameter has no name: any @param that names no other parameter is its own.
  const spare = described.difference(new Set(item.params.flat())).size > 0;
  const isDescribed = (name: string): boolean => name === "" ? spare : described.has(name) || name.startsWith("_");
  const missing = item.params.filter((names) => !names.some(isDescribed))
    .map((names) => `no @param ${names.map((name) => name || "for the options").join(" or ")}`);
  return item.returns && !wellKnown && !has(item, "return") ? [...missing, "no @returns"] : missing;
}

function has(item: Item, kind: string): boolean {
  return item.tags.some((tag) => tag.kind === kind);
}

import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { findFiles, projectRoot } from "../../scripts/project.ts";

const read = (file: string): string => readFileSync(join(projectRoot, file), "utf8");
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, "");

/** The anchors of a page: its headings in the form that links use. */
function anchorsOf(file: string): Set<string> {
  const headings = [...withoutCode(read(file)).matchAll(/^#+ (.*)$/gm)].map((match) => match[1]!);
  return new Set(headings.map((text) => text.toLowerCase().replace(/[^\w\- ]/g, "").replaceAll(" ", "-")));
}

/** Links of a page that lead nowhere. Those to other sites are not followed. */
function brokenLinks(file: string): string[] {
  const links = [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
  return links.filter((link) => !/^[a-z]+:/.test(link)).filter((link) => {
    const [path = "", anchor] = link.split("#");
    const target = path === "" ? file : relative(projectRoot, join(projectRoot, dirname(file), path));
    if (!existsSync(join(projectRoot, target))) return true;
    return anchor !== undefined && !anchorsOf(target).has(anchor);
  });
}

describe("links of the documentation", () => {
  for (const file of findFiles(projectRoot, "docs", ".md")) {
    test(file, () => expect(brokenLinks(file)).toEqual([]));
  }
});

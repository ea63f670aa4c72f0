import { describe, expect, test } from "bun:test";
import { findBlocks } from "../../scripts/docs/markdown.ts";

const fenced = (info: string, code: string): string => "```" + info + "\n" + code + "\n```\n";

describe("findBlocks", () => {
  test("finds the ts blocks and where they are", () => {
    const text = `Words\n\n${fenced("ts", "a();\nb();")}\n${fenced("sh", "npm test")}${fenced("ts", "c();")}`;
    expect(findBlocks(text)).toEqual([
      { line: 4, code: "a();\nb();", mode: "run" },
      { line: 12, code: "c();", mode: "run" },
    ]);
  });

  test("takes the indentation of a list away", () => {
    expect(findBlocks("- Item\n\n  ```ts\n  if (a) {\n    b();\n  }\n  ```")[0]?.code).toBe("if (a) {\n  b();\n}");
  });

  test("a longer fence may hold a shorter one", () => {
    expect(findBlocks("````md\n```ts\na();\n```\n````")).toEqual([]);
  });

  test("reads the markers", () => {
    expect(findBlocks(fenced("ts no-run", ""))[0]?.mode).toBe("no-run");
    expect(findBlocks(fenced("ts ignore: needs a server", ""))[0]?.mode).toBe("ignore");
    expect(findBlocks(fenced("ts file=tasks.ts no-run", ""))[0]).toEqual({
      line: 2,
      code: "",
      mode: "no-run",
      file: "tasks.ts",
    });
  });

  test("an ignored block needs its reason", () => {
    expect(() => findBlocks(fenced("ts ignore", ""))).toThrow("The ignored block at line 1 needs its reason");
    expect(() => findBlocks(fenced("ts ignore: ", ""))).toThrow("The ignored block at line 1 needs its reason");
  });

  test("an unknown marker and a fence without an end are errors", () => {
    expect(() => findBlocks(fenced("ts norun", ""))).toThrow(`The block at line 1 has an unknown marker "norun"`);
    expect(() => findBlocks("```ts\na();")).toThrow("The code block at line 1 has no end");
  });
});

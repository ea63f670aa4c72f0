/** What commands print fits a terminal, whatever is in it. @module */
import { expect, test } from "bun:test";
import { Printer } from "../../consumer/commands/printer.ts";
import { textWidth } from "../../consumer/commands/text_width.ts";

test("a table fits the terminal", () => {
  let text = "";
  const printer = new Printer({ json: false, write: (more) => void (text += more), width: 30, colors: true });
  printer.table([{ a: "a".repeat(50), b: 7 }], [
    { title: "NAME", text: ({ a }) => a },
    { title: "NUMBER", text: ({ b }) => String(b), alignRight: true, tone: () => "red" },
  ], "Nothing");
  // deno-lint-ignore no-control-regex
  const lines = text.replaceAll(/\u001b\[\d+m/g, "").split("\n");
  expect(lines.slice(0, 2)).toEqual(
    [`NAME${" ".repeat(20)}NUMBER`, `${"a".repeat(21)}…       7`].map((line) => line.slice(0, 30)),
  );
  expect(text).toContain("\u001b[31m");
});

test("letters that are wide keep the columns in line, and an id is never cut", () => {
  let text = "";
  const print = (width: number | undefined): string[] => {
    text = "";
    new Printer({ json: false, write: (more) => void (text += more), width, colors: false }).table(
      [{ id: "0123456789abcdef", name: "请求处理任务请求处理任务" }, { id: "0123456789abcdeg", name: "naïve 👩‍👩‍👧 Ω" }],
      [{ title: "ID", text: ({ id }) => id, keep: true }, { title: "TASK", text: ({ name }) => name }, {
        title: "N",
        text: () => "1",
        alignRight: true,
      }],
      "Nothing",
    );
    return text.split("\n").slice(0, 3);
  };
  const wide = print(undefined);
  expect(wide.map(textWidth)).toEqual([45, 45, 45]);
  expect(wide[1]).toBe("0123456789abcdef  请求处理任务请求处理任务  1");
  expect(print(34)[1]).toBe("0123456789abcdef  请求处理任务…  1");
  expect(print(34).every((line) => textWidth(line) <= 34)).toBe(true);
  expect(print(20)[1]).toBe("0123456789abcdef  请求处…   1");
  expect(["e\u0301", "한", "ｱ", "Ａ", "👍🏽", "🇩🇪", "❤️", "a\u200d"].map(textWidth)).toEqual([1, 2, 1, 2, 2, 2, 2, 1]);
});

import { describe, expect, test } from "bun:test";
import type { LogRecord } from "@logtape/logtape";
import { StorageError } from "../../lib/errors.ts";
import { fullFormat, jsonFormat, simpleFormat, withoutSecrets } from "../../consumer/log_format.ts";

const AT = new Date(2030, 4, 14, 9, 5, 7, 42).getTime();

function record(parts: Partial<LogRecord> = {}): LogRecord {
  const category = ["huey", "consumer"];
  return { category, level: "info", message: ["Task add: 1"], rawMessage: "", timestamp: AT, properties: {}, ...parts };
}

describe("fullFormat()", () => {
  test("shows time, level, logger, who and message", () => {
    expect(fullFormat("MainThread")(record())).toBe("[2030-05-14 09:05:07,042] INFO:huey.consumer:MainThread:Task add: 1");
    expect(fullFormat("7")(record({ level: "warning" }))).toContain(" WARNING:huey.consumer:7:");
    expect(fullFormat("7")(record({ properties: { who: "Scheduler" } }))).toContain(":Scheduler:");
  });

  test("adds the stack of an error and of its causes", () => {
    const error = new TypeError("outer", { cause: new RangeError("inner") });
    const lines = fullFormat("it")(record({ level: "error", properties: { error } })).split("\n");
    expect(lines[0]).toContain("ERROR:huey.consumer:it:Task add: 1");
    expect(lines[1]).toBe("TypeError: outer");
    expect(lines.find((line) => line.startsWith("Caused by"))).toBe("Caused by RangeError: inner");
  });

  test("adds no stack where the message says it all", () => {
    const error = new StorageError("no login", { cause: new Error("WRONGPASS", { cause: new Error("inner") }) });
    const told = new StorageError("no login: WRONGPASS", { cause: new Error("WRONGPASS") });
    const textOf = (error: Error): string =>
      fullFormat("it")(record({ properties: { error } })).split("\n").slice(1).join("\n");
    expect(textOf(error)).toBe("StorageError: no login\nCaused by Error: WRONGPASS");
    expect(textOf(told)).toBe("StorageError: no login: WRONGPASS");
    expect(textOf(new Error("outer", { cause: told }))).toMatch(/ at .*\nCaused by StorageError: no login: WRONGPASS$/s);
  });

  test("shows the values between the texts of a message", () => {
    expect(simpleFormat()(record({ message: ["took ", 3, " s of ", { a: 1 }, ""] }))).toBe("09:05:07 took 3 s of { a: 1 }");
  });
});

describe("a line of one queue of several", () => {
  const of = (category: string[]): LogRecord => record({ category, properties: { queue: "mail" } });

  test("names it", () => {
    expect(fullFormat("Worker-1")(of(["huey", "consumer"]))).toContain(" INFO:huey.consumer:mail/Worker-1:Task add: 1");
    expect(simpleFormat()(of(["huey"]))).toBe("09:05:07 mail: Task add: 1");
    expect(JSON.parse(jsonFormat("Worker-1")(of(["huey"])))).toMatchObject({ who: "Worker-1", queue: "mail" });
  });

  test("is one of the library: what the application calls a queue is its own", () => {
    expect(fullFormat("Worker-1")(of(["app"]))).toContain(" INFO:app:Worker-1:Task add: 1");
    expect(simpleFormat()(of(["app"]))).toBe("09:05:07 Task add: 1");
  });
});

describe("jsonFormat()", () => {
  test("makes one object per line", () => {
    const error = new TypeError("no\nway", { cause: new Error("inner") });
    const line = jsonFormat("Worker-1")(record({ properties: { taskId: "1", big: 3n, error } }));
    expect(line).not.toContain("\n");
    const fields = JSON.parse(line);
    expect(fields).toMatchObject({
      time: new Date(AT).toISOString(),
      level: "INFO",
      logger: "huey.consumer",
      who: "Worker-1",
      message: "Task add: 1",
      taskId: "1",
      big: "3",
      error: { name: "TypeError", message: "no\nway", cause: { message: "inner" } },
    });
  });
});

describe("withoutSecrets()", () => {
  test("hides the passwords of URLs and nothing else", () => {
    expect(withoutSecrets("redis://user:secret@host:6379/1")).toBe("redis://user:***@host:6379/1");
    expect(withoutSecrets("at rediss://:p%40ss@host, then")).toBe("at rediss://:***@host, then");
    expect(withoutSecrets("redis://me:se@cr:e/t@host/1")).toBe("redis://me:***@host/1");
    expect(withoutSecrets("redis://a:b@one,redis://c:d@two")).toBe("redis://a:***@one,redis://c:***@two");
    for (const text of ["redis://host:6379/1", "http://host/a:b@c", "mail a@b.c", "file:///a:1:2"]) {
      expect(withoutSecrets(text)).toBe(text);
    }
  });

  test("reaches messages and stacks in every format", () => {
    const secret = record({ message: ["at redis://u:secret@host"], properties: { error: new Error("redis://u:secret@host") } });
    for (const format of [fullFormat("it"), simpleFormat(), jsonFormat("it")]) expect(format(secret)).not.toContain("secret");
  });
});

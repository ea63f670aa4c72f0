import { describe, expect, test } from "bun:test";
import type { LogRecord } from "@logtape/logtape";
import { StorageError } from "../../lib/errors.ts";
import { fullFormat, jsonFormat, simpleFormat } from "../../consumer/log/format.ts";

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
    expect(lines[1]).toBe("  TypeError: outer");
    expect(lines.find((line) => line.startsWith("  Caused by"))).toBe("  Caused by: RangeError: inner");
  });

  test("adds no stack where the message says it all", () => {
    const error = new StorageError("no login", { cause: new Error("WRONGPASS", { cause: new Error("inner") }) });
    const told = new StorageError("no login: WRONGPASS", { cause: new Error("WRONGPASS") });
    const textOf = (error: Error): string =>
      fullFormat("it")(record({ properties: { error } })).split("\n").slice(1).join("\n");
    expect(textOf(error)).toBe("  StorageError: no login\n  Caused by: Error: WRONGPASS");
    expect(textOf(told)).toBe("  StorageError: no login: WRONGPASS");
    expect(textOf(new Error("outer", { cause: told }))).toMatch(/ at .*\n {2}Caused by: StorageError: no login: WRONGPASS$/s);
  });

  test("shows the values between the texts of a message", () => {
    expect(simpleFormat()(record({ message: ["took ", 3, " s of ", { a: 1 }, ""] }))).toBe("09:05:07 took 3 s of { a: 1 }");
  });
});

describe("a line of one queue of several", () => {
  const of = (category: string[]): LogRecord => record({ category });
  const queues = ["mail", "reports"];

  test("names it", () => {
    expect(fullFormat("Worker-1", queues)(of(["huey", "mail", "consumer"]))).toContain(
      " INFO:huey.consumer:mail/Worker-1:Task add: 1",
    );
    expect(simpleFormat(queues)(of(["huey", "mail"]))).toBe("09:05:07 mail: Task add: 1");
    const fields = JSON.parse(jsonFormat("Worker-1", queues)(of(["huey", "mail"])));
    expect(fields).toMatchObject({ logger: "huey", who: "Worker-1", queue: "mail" });
  });

  test("does not where there is one only, or where it concerns none", () => {
    expect(fullFormat("it", ["mail"])(of(["huey", "mail", "consumer"]))).toContain(" INFO:huey.consumer:it:Task add: 1");
    expect(JSON.parse(jsonFormat("it", ["mail"])(of(["huey", "mail"]))).queue).toBeUndefined();
    expect(fullFormat("it", queues)(of(["huey", "consumer"]))).toContain(" INFO:huey.consumer:it:Task add: 1");
  });

  test("is one of the library: what the application calls a queue is its own", () => {
    expect(fullFormat("Worker-1", queues)(of(["app", "mail"]))).toContain(" INFO:app.mail:Worker-1:Task add: 1");
    expect(simpleFormat(queues)(of(["app"]))).toBe("09:05:07 Task add: 1");
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

describe("secrets", () => {
  test("are hidden in messages, properties and stacks in every format", () => {
    const url = "redis://u:secret@host";
    const secret = record({ message: [`at ${url}`], properties: { error: new Error(url), url, deep: { list: [url] } } });
    for (const format of [fullFormat("it"), simpleFormat(), jsonFormat("it")]) expect(format(secret)).not.toContain("secret");
  });
});

function thrower(): never {
  throw new Error("looked at");
}

function circular(): Error {
  const error = new Error("outer", { cause: new Error("inner") });
  (error.cause as Error).cause = error;
  return error;
}

const HOSTILE: Record<string, unknown> = {
  "a circle of causes": circular(),
  "itself as its cause": Object.assign(new Error("alone"), { cause: undefined }),
  "a getter that throws": Object.defineProperty(new Error("m"), "message", { get: thrower }),
  "a cause that throws": Object.defineProperty(new Error("m"), "cause", { get: thrower }),
  "a toJSON that throws": { toJSON: thrower },
  "a toJSON that gives itself": { toJSON: (): unknown => HOSTILE["a toJSON that gives itself"] },
  "a property that throws": Object.defineProperty({}, "a", { get: thrower, enumerable: true }),
  "a proxy": new Proxy(new Error("m"), { get: thrower, ownKeys: thrower, getPrototypeOf: thrower, has: thrower }),
  "a proxy that was revoked": revoked(),
  "an inspection that throws": { [Symbol.for("nodejs.util.inspect.custom")]: thrower },
  "a name that is no text": Object.assign(new Error("m"), { name: 5 }),
  "errors that are no list": Object.assign(new AggregateError([], "m"), { errors: { length: 1e9 } }),
  "nothing to inherit": Object.create(null),
  "a symbol": Symbol("s"),
  "a big integer": 10n,
  "text": "text",
  "a chain of a thousand causes": Array.from({ length: 1000 }).reduce((cause) => new Error("link", { cause }), undefined),
};
(HOSTILE["itself as its cause"] as Error).cause = HOSTILE["itself as its cause"];

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe("what is hostile", () => {
  for (const [what, value] of Object.entries(HOSTILE)) {
    test(`${what} is logged in every format`, () => {
      for (
        const where of [{ error: value }, { error: new Error("e", { cause: value }) }, { other: value }, { deep: [[value]] }]
      ) {
        for (const format of [fullFormat("it"), simpleFormat(), jsonFormat("it")]) {
          expect(format(record({ message: ["The line", value, ""], properties: where }))).toContain("The line");
        }
      }
    });
  }

  test("texts stay on their line and are no templates", () => {
    const text = "x\n[2026] INFO:forged\r\x1b[31m\u009b31m\u2028 {error.stack} {*} {{";
    const all = record({ category: ["huey", text], message: [text], properties: { queue: text, who: text } });
    for (const format of [fullFormat("it", [text, "b"]), simpleFormat([text, "b"]), jsonFormat("it", [text, "b"])]) {
      const line = format(all);
      expect([...line].filter((character) => /[\p{Cc}\u2028]/u.test(character))).toEqual([]);
      expect(line).toContain("{error.stack} {*} {{");
    }
  });

  // Quadratic ones take minutes, far more than the limit.
  test("long texts are lines in a time in proportion to their length", () => {
    for (const text of ["a.".repeat(500_000), "\n".repeat(1_000_000), "://a@".repeat(200_000), "{a".repeat(500_000)]) {
      for (const format of [fullFormat("it"), simpleFormat(), jsonFormat("it")]) {
        expect(format(record({ message: [text], properties: { error: new Error(text) } })).length).toBeGreaterThan(text.length);
      }
    }
  }, 30_000);

  test("what is shared by many is written so often only as a line has room", () => {
    const text = "long ".repeat(20_000);
    const shared = jsonFormat("it")(record({ properties: { texts: Array(10_000).fill(text), last: "last" } }));
    expect(shared.length).toBeLessThan(5_000_000);
    expect(JSON.parse(shared).texts[0]).toBe(text);
    let tree: object = { leaf: 1 };
    for (let level = 0; level < 60; level++) tree = { one: tree, other: tree, both: [tree, tree] };
    expect(jsonFormat("it")(record({ properties: { tree } })).length).toBeLessThan(500_000);
  });

  test("properties do not pass for what the library says", () => {
    const line = jsonFormat("it")(record({ properties: { level: "forged", message: "forged", time: 1, taskId: "1" } }));
    expect(JSON.parse(line)).toMatchObject({ level: "INFO", message: "Task add: 1", taskId: "1" });
  });
});

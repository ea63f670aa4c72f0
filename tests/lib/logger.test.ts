import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { inspect } from "node:util";
import { configureSync, getLogger, resetSync } from "@logtape/logtape";
import type { LogRecord } from "@logtape/logtape";
import { coreOf } from "../../lib/core/core.ts";
import {
  checkLogger,
  defaultLogger,
  describeArguments,
  describeMessage as describeTask,
  isLogged,
  partLogger,
} from "../../lib/observe/logger.ts";
import { registerSecret } from "../../lib/primitives/secrets.ts";
import type { Logger } from "../../lib/types/options.ts";
import { MemoryHuey } from "../../storage/memory/huey.ts";
import { logbook } from "../helpers.ts";

const records: LogRecord[] = [];

function configure(lowestLevel: "debug" | "warning"): void {
  configureSync({
    reset: true,
    sinks: { records: (record) => void records.push(record) },
    loggers: [
      { category: ["huey"], sinks: ["records"], lowestLevel },
      { category: ["logtape", "meta"], lowestLevel: "fatal" },
    ],
  });
}

function seen(): unknown[] {
  return records.map(({ category, level, rawMessage, properties }) => [category.join("."), level, rawMessage, properties]);
}

afterEach(() => {
  resetSync();
  records.length = 0;
});

describe("the default logger", () => {
  test("says everything that is asked for once LogTape is configured", () => {
    const logger = defaultLogger();
    configure("debug");
    const error = new Error("broken");
    logger.debug("one");
    logger.info("two");
    logger.warn("three", { n: 3 });
    logger.error("four", { error });
    expect(seen()).toEqual([
      ["huey", "debug", "one", {}],
      ["huey", "info", "two", {}],
      ["huey", "warning", "three", { n: 3 }],
      ["huey", "error", "four", { error }],
    ]);
  });

  test("takes nothing for a template", () => {
    configure("debug");
    const texts = ["{n} {*} {error.stack}", "{", "}", "{{n}}", "}}", "{}", "a {n", "{{{n}", "%s %o"];
    for (const text of texts) {
      defaultLogger().info(text, { n: 3, error: new Error("e") });
      checkLogger(getLogger(["huey"])).info(text, { n: 3, error: new Error("e") });
    }
    expect(records.map(({ message }) => message.join(""))).toEqual(texts.flatMap((text) => [text, text]));
  });

  test("tells which levels are read", () => {
    const logger = defaultLogger();
    configure("warning");
    expect((["debug", "info", "warn", "error"] as const).map((level) => isLogged(logger, level))).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test("has a category for each queue", () => {
    configure("debug");
    for (const name of ["mail", "a.b"]) defaultLogger(name).info(name);
    coreOf(new MemoryHuey("reports"))!.logger.warn("of a Huey");
    expect(seen()).toEqual([
      ["huey.mail", "info", "mail", {}],
      ["huey.a.b", "info", "a.b", {}],
      ["huey.reports", "warning", "of a Huey", {}],
    ]);
  });

  test("has loggers below it", () => {
    const logger = partLogger(defaultLogger(), "consumer", "Worker");
    configure("debug");
    logger.info("here");
    expect(seen()).toEqual([["huey.consumer.Worker", "info", "here", {}]]);
  });
});

describe("until LogTape is configured", () => {
  const METHODS = ["debug", "info", "warn", "error"] as const;
  let spies: ReturnType<typeof spyOn>[] = [];

  beforeEach(() => {
    spies = METHODS.map((method) => spyOn(console, method).mockImplementation(() => {}));
  });
  afterEach(() => {
    for (const spy of spies) spy.mockRestore();
  });

  function printed(): unknown[] {
    return spies.map((spy, index) => [METHODS[index], spy.mock.calls.map((call: unknown[]) => call.join("|").split("\n")[0])]);
  }

  test("warnings and errors go to the console, each as one text", () => {
    const logger = partLogger(defaultLogger(), "consumer");
    for (const method of METHODS) logger[method](`${method}\n%s {x}`, { error: new Error("kaputt") });
    expect(printed()).toEqual([["debug", []], ["info", []], ["warn", ["huey: warn\\n%s {x}"]], ["error", [
      "huey: error\\n%s {x}",
    ]]]);
    expect(METHODS.map((method) => isLogged(logger, method))).toEqual([false, false, true, true]);
    expect(String(spies[3]!.mock.calls[0])).toContain("kaputt");
  });

  test("a LogTape that is there, but not configured, or for others only, is told from one that is", () => {
    getLogger(["huey"]);
    getLogger(["app", "part"]);
    defaultLogger().error("one");
    configureSync({
      sinks: { records: (record) => void records.push(record) },
      loggers: [{ category: ["app"], sinks: ["records"] }],
    });
    defaultLogger().error("two");
    resetSync();
    defaultLogger().error("three");
    expect(spies[3]!.mock.calls.flat()).toEqual(["huey: one", "huey: three"]);
  });

  test("a console as the logger gets texts, not templates", () => {
    const logger = checkLogger(console as unknown as Logger);
    logger.info("100 %s %o", { a: 1 });
    expect(spies[1]!.mock.calls).toEqual([["huey: 100 %s %o"]]);
  });
});

describe("a logger of the application", () => {
  test("must have four methods", () => {
    expect(() => checkLogger({ ...console, warn: undefined } as unknown as Logger)).toThrow("warn is missing");
    expect(() => checkLogger(null as never)).toThrow("debug is missing");
  });

  test("gets what is logged, without secrets", () => {
    const { logger, lines } = logbook();
    registerSecret("Logger-Secret");
    checkLogger(logger).warn("at Logger-Secret", { a: 1 });
    expect(lines).toEqual([{ level: "warn", message: "at ***", properties: { a: 1 } }]);
  });

  test("gets values without secrets, however deep they are, and the values themselves stay as they are", () => {
    const { logger, lines } = logbook();
    const safe = checkLogger(logger);
    registerSecret("Deep-Secret");
    const said = (): string => inspect(lines.at(-1), { depth: 20, showHidden: true });
    class Options {
      password = "Deep-Secret";
    }
    const circle: Record<string, unknown> = { list: [new Map([["Deep-Secret", new Set(["Deep-Secret"])]])] };
    circle["self"] = circle;
    const error = Object.assign(new TypeError("no", { cause: { options: new Options() } }), { options: new Options() });
    const deep = Array.from({ length: 50 }).reduce<unknown>((inner) => ({ inner }), "Deep-Secret");
    const aggregate = new AggregateError([error], "all");
    for (const value of [circle, error, deep, aggregate, new Options(), new URL("redis://u:Deep-Secret@h"), ["Deep-Secret"]]) {
      safe.error("a line", { value });
      expect([said().includes("Deep-Secret"), said().includes("***") || value === deep]).toEqual([false, true]);
    }
    expect([error.options.password, (circle["list"] as unknown[]).length]).toEqual(["Deep-Secret", 1]);
    safe.error("a line", { error });
    expect(lines.at(-1)!.properties).toMatchObject({
      error: { name: "TypeError", message: "no", options: { password: "***" } },
    });
    const harmless = {
      nested: { date: new Date(5) },
      bytes: new Uint8Array(3),
      error: new Error("x", { cause: circle["self"] && {} }),
    };
    safe.info("a line", { harmless });
    expect(lines.at(-1)!.properties!["harmless"]).toBe(harmless);
    const throws = {
      get value() {
        throw new Error("no");
      },
    };
    safe.info("a line", { throws });
    expect(lines.at(-1)!.message).toBe("a line");
  });

  test("may throw, also later", async () => {
    const fail = (): never => {
      throw new Error("disk full");
    };
    const later = (): Promise<never> => Promise.reject(new Error("disk full"));
    const logger = checkLogger({ debug: fail, info: fail, warn: fail, error: later, isEnabledFor: fail } as never);
    logger.info("one");
    logger.error("two");
    expect(isLogged(logger, "info")).toBe(true);
    const { logger: book, lines } = logbook();
    checkLogger({ ...book, isEnabledFor: fail } as never).info("three");
    expect(lines.map(({ message }) => message)).toEqual(["three"]);
    await Promise.resolve();
  });
});

describe("describe()", () => {
  const message = { v: 1, id: "7", name: "bad", args: ["x".repeat(10_000), { a: 1 }] } as const;

  test("names a task, and what is special about it", () => {
    expect(describeTask(message)).toBe("bad: 7");
    const special = { ...message, retries: 1, timeout: 500, next: message, onError: { ...message, name: "alert" } };
    expect(describeTask(special)).toBe("bad: 7 (1 retry, timeout 0.5 s, then bad, on error alert)");
  });

  test("cuts arguments", () => {
    expect(describeArguments({ ...message, args: [1, { a: "b" }] })).toBe("[ 1, { a: 'b' } ]");
    expect(describeArguments(message).length).toBeLessThan(600);
  });
});

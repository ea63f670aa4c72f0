import { describe, expect, test } from "bun:test";
import { parseArguments, parseCommand } from "../../consumer/cli/arguments.ts";
import { UsageError } from "../../consumer/options/read_arguments.ts";
import type { Command } from "../../consumer/cli/arguments.ts";
import { OPTIONS } from "../../consumer/options/options.ts";
import { usage } from "../../consumer/cli/usage.ts";

type Run = Extract<Command, { kind: "run" }>;

function parse(line: string): Run {
  return parseCommand(line.split(" ")) as Run;
}

function refused(args: readonly string[]): string {
  try {
    parseCommand(args);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return "accepted";
}

describe("parseCommand()", () => {
  test("takes the module and leaves the rest at its defaults", () => {
    expect(parseCommand(["app.ts"])).toEqual({
      kind: "run",
      what: { targets: ["app.ts"], all: false },
      options: { workerType: "thread" },
      logging: { level: "info", format: "full" },
    });
  });

  test("understands every short option", () => {
    const run = parse("-l log.txt -v -S -w 4 -k greenlet -d 0.2 -m 5 -b 2 -c 30 -f -L a,b -s 5 -n app.ts#huey");
    expect(run.what).toEqual({ targets: ["app.ts#huey"], all: false });
    expect(run.options).toEqual({
      workers: 4,
      workerType: "greenlet",
      initialDelay: 0.2,
      maxDelay: 5,
      backoff: 2,
      healthCheckInterval: 30,
      flushLocks: true,
      extraLocks: ["a", "b"],
      schedulerInterval: 5,
      periodic: false,
    });
    expect(run.logging).toEqual({ logfile: "log.txt", level: "debug", format: "simple" });
    expect(parse("-q -C app.ts")).toMatchObject({ options: { checkWorkerHealth: false }, logging: { level: "warning" } });
    expect(parse("-M 100 app.ts").options).toMatchObject({ maxTasks: 100 });
  });

  test("understands every long option", () => {
    const run = parse(
      "--workers=2 --worker-type process --concurrency 8 --delay 1 --max-delay 2 --backoff 1.5 --max-tasks 7 --grace 0 --lease 30 " +
        "--scheduler-interval 60 --no-periodic --extra-locks a --extra-locks b --json app.ts",
    );
    expect(run.options).toEqual({
      workers: 2,
      workerType: "process",
      concurrency: 8,
      initialDelay: 1,
      maxDelay: 2,
      backoff: 1.5,
      maxTasks: 7,
      grace: 0,
      lease: 30,
      schedulerInterval: 60,
      periodic: false,
      extraLocks: ["a", "b"],
    });
    expect(run.logging).toEqual({ level: "info", format: "json" });
  });

  test("understands values that stand close to their letter, and letters that stand close to each other", () => {
    expect(parse("-w4 app.ts").options).toMatchObject({ workers: 4 });
    expect(parse("-vS app.ts").logging).toEqual({ level: "debug", format: "simple" });
    for (const form of ["-fw 3", "-fw3", "-fw=3"]) {
      expect(parse(`${form} app.ts`).options).toMatchObject({ workers: 3, flushLocks: true });
    }
    expect(parse("-vlhuey.log app.ts").logging).toEqual({ logfile: "huey.log", level: "debug", format: "full" });
    expect(parse("-lhuey3 app.ts").logging).toMatchObject({ logfile: "huey3" });
  });

  test("takes what follows -- as the module", () => {
    expect(parse("-w 2 -- -app.ts").what).toEqual({ targets: ["-app.ts"], all: false });
  });

  test("asks for help and version before anything else", () => {
    for (const args of [["-h"], ["--help"], ["-w", "0", "--help"]]) expect(parseCommand(args)).toEqual({ kind: "help" });
    expect(parseCommand(["--version"])).toEqual({ kind: "version" });
  });

  test("refuses in one sentence that names option, value and rule", () => {
    expect(refused(["-w", "0", "app.ts"])).toBe('-w, --workers must be a whole number, from 1 to 100000: "0"');
    expect(refused(["--workers", "many", "app.ts"])).toBe('-w, --workers must be a whole number, from 1 to 100000: "many"');
    expect(refused(["app.ts", "-w"])).toBe('-w, --workers must be a whole number, from 1 to 100000: ""');
    expect(refused(["-k", "fiber", "app.ts"])).toBe('-k, --worker-type must be one of greenlet, thread, process: "fiber"');
    expect(refused(["-s", "7", "app.ts"])).toContain("a number of seconds from 1 to 60 that divides 60");
    expect(refused(["-b", "0.5", "app.ts"])).toBe('-b, --backoff must be a number, at least 1: "0.5"');
    expect(refused(["--lease=-3", "app.ts"])).toContain("--lease must be a number of seconds, at least 0.1");
    expect(refused(["--nonsense", "app.ts"])).toContain("There is no option --nonsense");
    const meant = {
      worker: "workers",
      "log-file": "logfile",
      workerType: "worker-type",
      "initial-delay": "delay",
      verbos: "verbose",
    };
    for (const [given, long] of Object.entries(meant)) {
      expect(refused([`--${given}`, "app.ts"])).toContain(`There is no option --${given}, did you mean --${long}?`);
    }
    expect(refused(["-z", "app.ts"])).toContain("There is no option -z");
    expect(refused([])).toContain("The module of the application is missing");
    expect(refused(["-w", "1", "-w", "2", "app.ts"])).toBe("-w, --workers is given more than once: 1, 2");
    expect(refused(["-L", "a,,b", "app.ts"])).toContain("-L, --extra-locks must be a list of names");
  });

  test("refuses a value of what takes none, and drops nothing", () => {
    expect(refused(["-n=3", "app.ts"])).toBe('-n, --no-periodic takes no value (in "-n=3")');
    expect(refused(["-vn=false", "app.ts"])).toBe('-n, --no-periodic takes no value (in "-vn=false")');
    expect(refused(["--no-periodic=true", "app.ts"])).toBe('-n, --no-periodic takes no value (in "--no-periodic=true")');
    expect(refused(["--json=yes", "app.ts"])).toBe('--json takes no value (in "--json=yes")');
    expect(refused(["-v3", "app.ts"])).toBe('There is no option -3 (in "-v3")');
    expect(refused(["-vx3", "app.ts"])).toBe('There is no option -x (in "-vx3")');
    expect(refused(["-w3n", "app.ts"])).toContain('from 1 to 100000: "3n"');
  });

  test("takes no word for a module that may be a command", async () => {
    const refusal = (name: string): Promise<string> => parseArguments([name, "app.ts"], true).catch(({ message }) => message);
    expect(await refusal("statu")).toBe('There is no command "statu", did you mean status?');
    expect(await refusal("help")).toBe('There is no command "help", did you mean --help?');
    expect(await refusal("nonsense")).toBe('There is no command "nonsense", nor a module of that name');
    expect(await parseArguments(["docs"], true)).toMatchObject({ kind: "run", what: { targets: ["docs"] } });
  });

  test("refuses what contradicts itself, in the words of the command line", () => {
    expect(refused(["-v", "-q", "app.ts"])).toBe("-v, --verbose and -q, --quiet exclude each other");
    expect(refused(["-S", "--json", "app.ts"])).toBe("-S, --simple and --json exclude each other");
    expect(refused(["-m", "0.01", "app.ts"])).toContain("--max-delay must not be less than --delay");
    expect(refused(["-M", "5", "-C", "app.ts"])).toContain("--max-tasks cannot be combined with --disable-health-check");
  });
});

describe("usage()", () => {
  test("names every option with its default", () => {
    const text = usage();
    for (const { long } of OPTIONS) expect(text).toContain(`--${long}`);
    expect(text).toContain("growth of the poll interval (default 1.15)");
    expect(text).toContain("greenlet|thread|process");
  });
});

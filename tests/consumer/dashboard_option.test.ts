import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { parseCommand } from "../../consumer/cli/arguments.ts";
import { Folder, terminated } from "./_folder.ts";

const SLOW = 30_000;
const TOKEN = "0b9e3f6c-5f0f-4b0e-9a51-7f2f1c9f0a77";

function dashboardOf(...args: string[]): unknown {
  const command = parseCommand([...args, "app.ts"]);
  return command.kind === "run" ? command.dashboard : undefined;
}

describe("--dashboard", () => {
  test("takes a port, or an address", () => {
    expect(dashboardOf("--dashboard", "8080")).toEqual({ host: "127.0.0.1", port: 8080 });
    expect(dashboardOf("--dashboard", "localhost:0")).toEqual({ host: "localhost", port: 0 });
    expect(dashboardOf("--dashboard", "[::1]:8080")).toEqual({ host: "::1", port: 8080 });
    expect(dashboardOf("--dashboard", "0.0.0.0:80", "--dashboard-token", TOKEN)).toEqual({
      host: "0.0.0.0",
      port: 80,
      token: TOKEN,
    });
    expect(dashboardOf()).toBeUndefined();
  });

  test("is refused where it is no address, or others could reach it", () => {
    for (
      const address of ["", "x", "localhost", "65536", "-1", "::1:80", "a:b:80", "http://localhost:80", "u@h:80", "80.5", " 80"]
    ) {
      expect(() => dashboardOf(`--dashboard=${address}`)).toThrow("--dashboard must be");
    }
    for (const address of ["0.0.0.0:8080", "[::]:8080", "192.168.1.5:80", "example.com:80", "127.0.0.1.evil.example:80"]) {
      expect(() => dashboardOf("--dashboard", address)).toThrow("others can reach the dashboard");
    }
  });

  test("takes no weak token, and repeats none", () => {
    expect(() => dashboardOf("--dashboard", "80", "--dashboard-token", "short")).toThrow("at least 16 characters");
    expect(() => dashboardOf("--dashboard", "80", "--dashboard-token", "change-me-please-now")).toThrow("placeholder");
    expect(() => dashboardOf("--dashboard-token", TOKEN)).toThrow("--dashboard-token needs --dashboard");
    const twice = (): unknown => dashboardOf("--dashboard", "80", "--dashboard-token", TOKEN, "--dashboard-token", TOKEN);
    expect(twice).toThrow("more than once");
    expect(twice).not.toThrow(TOKEN);
  });
});

describe("a consumer", () => {
  let folder: Folder;
  beforeEach(() => {
    folder = new Folder();
    folder.module(
      "app.js",
      `export const huey = new library.SqliteHuey("shop", { filename: "data/shop.db" });
       console.log("loaded");
       huey.task("add", (a, b) => a + b);`,
    );
  });
  afterEach(() => folder.end());

  test("serves the dashboard until it ends", async () => {
    const program = folder.run(["-k", "greenlet", "--dashboard", "0", "app.js"]);
    await program.says("Dashboard at ");
    await program.says("Consumer started");
    const url = /Dashboard at (\S+)/.exec(program.text)![1]!;
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain("shop");
    expect(await terminated(program)).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  }, SLOW);

  test("asks for the token, of the environment too", async () => {
    const [given, found] = [
      folder.run(["-k", "greenlet", "--dashboard", "0", "--dashboard-token", TOKEN, "app.js"]),
      folder.run(["-k", "greenlet", "--dashboard", "0", "app.js"], undefined, { HUEY_DASHBOARD_TOKEN: TOKEN }),
    ];
    for (const program of [given, found]) {
      await program.says("Dashboard at ");
      await program.says("Consumer started");
      const url = /Dashboard at (\S+)/.exec(program.text)![1]!;
      expect((await fetch(url, { redirect: "manual" })).status).not.toBe(200);
      expect((await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(200);
      expect(await terminated(program)).toBe(0);
      expect(program.text).not.toContain(TOKEN);
    }
  }, SLOW);

  test("that others could reach without a token does not start", async () => {
    const program = folder.run(["--dashboard", "0.0.0.0:0", "app.js"]);
    expect((await program.exited).code).toBe(2);
    expect(program.text).toContain("others can reach the dashboard");
    expect(program.text).not.toContain("loaded");
  }, SLOW);

  test("says that the port of the dashboard is taken", async () => {
    const program = folder.run(["-k", "greenlet", "--dashboard", "0", "app.js"]);
    await program.says("Dashboard at ");
    await program.says("Consumer started");
    const { port } = new URL(/Dashboard at (\S+)/.exec(program.text)![1]!);
    const second = folder.run(["-k", "greenlet", "--dashboard", port, "app.js"]);
    expect((await second.exited).code).toBe(1);
    expect(second.text).toContain(`The dashboard cannot listen at 127.0.0.1, port ${port}`);
    expect(await terminated(program)).toBe(0);
  }, SLOW);
});

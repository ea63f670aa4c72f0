import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { allHueys, LoadError, loadHuey } from "../../consumer/application/load.ts";
import { moduleUrl } from "../../consumer/options/settings.ts";
import { failure } from "../helpers.ts";

const folder = mkdtempSync(join(tmpdir(), "huey-load-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CORE = `const brand = (name) => ({ [Symbol.for("@hueyjs/huey.core")]: { name } });`;
let files = 0;

/** A module with this text. @returns its path in the folder */
function module(text: string): string {
  const name = `module_${++files}.js`;
  writeFileSync(join(folder, name), `${CORE}\n${text}\n`);
  return name;
}

async function refusal(target: string): Promise<string> {
  const error = await failure(loadHuey(target, folder));
  expect(error).toBeInstanceOf(LoadError);
  return error.message;
}

describe("loadHuey()", () => {
  test("finds the only Huey, whatever its name", async () => {
    const name = module(`export const tasks = brand("it"); export const other = 1; export const none = null;`);
    const loaded = await loadHuey(name, folder);
    expect(loaded.module).toBe(pathToFileURL(join(folder, name)).href);
    expect(loaded.exportName).toBeUndefined();
    expect(loaded.huey).toBeDefined();
  });

  test("takes relative and absolute paths and URLs", async () => {
    const name = module(`export const huey = brand("it");`);
    const path = join(folder, name);
    const { huey } = await loadHuey(name, folder);
    for (const target of [`./${name}`, path, pathToFileURL(path).href, `${name}#huey`, `${pathToFileURL(path).href}#huey`]) {
      expect((await loadHuey(target, folder)).huey).toBe(huey);
    }
    mkdirSync(join(folder, "inner"));
    expect((await loadHuey(`../${name}`, join(folder, "inner"))).huey).toBe(huey);
  });

  test("prefers the default export", async () => {
    const name = module(`export const one = brand("one"); const two = brand("two"); export default two;`);
    const { default: two } = await import(pathToFileURL(join(folder, name)).href);
    expect((await loadHuey(name, folder)).huey).toBe(two);
  });

  test("takes one Huey under two names for one", async () => {
    const name = module(`export const one = brand("one"); export { one as two };`);
    expect((await loadHuey(name, folder)).huey).toBeDefined();
  });

  test("takes the export that is named", async () => {
    const name = module(`export const one = brand("one"); export const two = brand("two");`);
    const exports = await import(pathToFileURL(join(folder, name)).href);
    expect((await loadHuey(`${name}#two`, folder)).huey).toBe(exports.two);
    expect((await loadHuey(`${name}#two`, folder)).exportName).toBe("two");
  });

  test("says what is wrong, in one message", async () => {
    const two = module(`export const one = brand("one"); export const two = brand("two"); export const add = () => {};`);
    expect(await refusal(two)).toContain("exports several Hueys: add one of #one, #two to the module");
    expect(await refusal(`${two}#three`)).toContain('has no export "three"; its Hueys are #one, #two');
    expect(await refusal(`${two}#add`)).toContain('Export "add" of module');
    expect(await refusal(module("export const add = 1;"))).toContain("exports no Huey");
    expect(await refusal("nothing.ts")).toBe(`Module ${join(folder, "nothing.ts")} does not exist`);
    expect(await refusal("#huey")).toContain("has no module before the #");
    expect(await refusal("app.ts:huey")).toBe("The name of an export comes after a #: app.ts#huey, not app.ts:huey");
    expect(await refusal(`${two}#`)).toContain("has no name of an export after the #");
    const message = await refusal(module(`throw new Error("on purpose");`));
    expect(message).toContain("cannot be imported: on purpose");
  });

  test("names the module whatever it throws, or exports beside its Huey", async () => {
    for (const thrown of ["null", "undefined", "Object.create(null)", "new Proxy({}, strange)", "unreadable"]) {
      const name = module(`
        const strange = { get: () => { throw new Error("trap"); }, getPrototypeOf: () => { throw new Error("trap"); } };
        const unreadable = Object.defineProperty(new Error(), "message", { get() { throw new Error("getter"); } });
        throw ${thrown};`);
      expect(await refusal(name)).toContain(`${name} cannot be imported: `);
    }
    const proxy = module(
      `export const a = new Proxy({}, { get() { throw new Error("trap"); } }); export const huey = brand("b");`,
    );
    expect((await loadHuey(proxy, folder)).huey).toBeDefined();
    expect(await refusal(module(`export const huey = Promise.resolve(brand("a"));`)))
      .toContain('exports no Huey: its export "huey" is a promise, which the module has to await');
  });

  test("tells a script that closes its Huey what to do", async () => {
    const mod = new URL("../../mod.ts", import.meta.url).href;
    const name = module(`import { MemoryHuey } from "${mod}"; export const huey = new MemoryHuey("shop"); await huey.close();`);
    expect(await refusal(name)).toContain('has closed its Huey "shop" when it is loaded: put what a script does behind if');
    expect((await failure(allHueys(name, folder))).message).toContain('has closed its Huey "shop"');
  });

  test("keeps what the module threw", async () => {
    const error = await failure(loadHuey(module(`throw new TypeError("on purpose");`), folder));
    expect((error.cause as Error).message).toBe("on purpose");
  });
});

describe("moduleUrl()", () => {
  test("leaves URLs alone and resolves paths", () => {
    expect(moduleUrl("https://example.com/app.ts", "/somewhere")).toBe("https://example.com/app.ts");
    expect(moduleUrl("jsr:@scope/app", "/somewhere")).toBe("jsr:@scope/app");
    expect(moduleUrl(new URL("file:///app.ts"), "/somewhere")).toBe("file:///app.ts");
    expect(moduleUrl("app.ts", "/somewhere")).toBe("file:///somewhere/app.ts");
    expect(moduleUrl("/else/my app.ts", "/somewhere")).toBe("file:///else/my%20app.ts");
  });
});

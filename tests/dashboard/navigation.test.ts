/** The navigation leads to every page that needs no more than a queue, and the help names the key of each link. @module */
import { expect, test } from "bun:test";
import { dashboard } from "../../dashboard/mod.ts";
import { QUEUE, ROUTES } from "../../dashboard/routes.ts";
import { MemoryHuey } from "../../mod.ts";
import { ask, OWN } from "./_visitor.ts";

/** They show one task, or ask before an action, and say which in their address. */
const OF_ONE = ["task", "invocation", "confirm"];

async function look(access: "read" | "write"): Promise<{ links: string[][]; keys: string[] }> {
  const handler = dashboard(new MemoryHuey("shop"), { authorize: () => access });
  const { text } = await ask(handler, "/q/shop/", { headers: OWN });
  const nav = text.slice(text.indexOf('<nav id="nav"'), text.indexOf("</nav>"));
  const links = [...nav.matchAll(/href="\/q\/shop\/([^"]*)" data-key="(.)"/g)].map(([, path, key]) => [path!, key!]);
  return { links, keys: [...text.matchAll(/<kbd>g (.)<\/kbd>/g)].map((match) => match[1]!) };
}

test.each(["read", "write"] as const)("for one who may %s", async (access) => {
  const { links, keys } = await look(access);
  const paths = ROUTES.flatMap((route) =>
    route.kind === "page" && (access === "write" || route.right === "read") ? [route.path] : []
  );
  const pages = paths.map((path) => path.slice(QUEUE.length + 1)).filter((path) => !OF_ONE.includes(path));
  expect(links.map(([path]) => path).toSorted()).toEqual(pages.toSorted());
  expect(links.map(([, key]) => key)).toEqual(keys);
  expect(new Set(keys).size).toBe(keys.length);
});

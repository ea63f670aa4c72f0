/**
 * Templates that escape what is put into them.
 * @module
 */
import { html as template, raw as unescaped } from "hono/html";

/** A piece of a page. */
export type Html = ReturnType<typeof template>;

/** Makes a piece of a page; what is put in is escaped, unless it is a piece itself. Lists are joined, `undefined` and `false` are left out. */
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => Html = template;

/** A text of the dashboard itself that is a piece of a page already. Nothing of anybody else may ever come here. */
export const raw: (text: string) => Html = unescaped;

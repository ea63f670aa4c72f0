/**
 * The house rules as a plugin of `deno lint`; check_house.ts runs it in the folder of the project to check.
 * @module
 */
import { delimiter, dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import process from "node:process";
import { climb } from "./house_floors.ts";

/** A node of the syntax tree, as far as the rules look at it. */
interface Node {
  readonly type: string;
  readonly range: [number, number];
  readonly parent?: Node;
  readonly name?: string;
  readonly value?: unknown;
  readonly source?: Node | null;
  readonly key?: Node;
  readonly computed?: boolean;
  readonly callee?: Node;
  readonly object?: Node;
  readonly property?: Node;
  readonly arguments?: readonly Node[];
  readonly argument?: Node;
  readonly block?: Node;
  readonly handler?: Node | null;
  readonly accessibility?: string;
  readonly importKind?: string;
  readonly exportKind?: string;
}
interface Context {
  readonly filename: string;
  readonly sourceCode: { readonly text: string; getAllComments(): readonly { readonly range: [number, number] }[] };
  report(found: { node?: Node; range?: [number, number]; message: string }): void;
}
type Visitor = Record<string, (node: Node) => void>;
interface Rule {
  create(context: Context): Visitor;
}

/** Lines of code: comments and blank lines explain, and are free. */
const maxFileLines = 350;
const maxFunctionLines = 50;
const rooms = ["lib", "storage", "consumer"];

/** Whose types each place may import as well. */
const typeArrows: Readonly<Record<string, readonly string[]>> = { "app": ["consumer"] };

/** Tables that another place may read: they hold data, and do nothing. */
const tables: Readonly<Record<string, readonly string[]>> = { "app": ["consumer/options/options.ts"] };

/** What each place may import from the project; other places (tests, scripts, examples) may import anything. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  "lib": ["lib"],
  "storage": ["storage", "lib"],
  "consumer": ["consumer", "lib"],
  "mod.ts": rooms,
  "app": ["app", "lib", "storage"],
  "consumer.ts": ["consumer", "app", "dashboard"],
  "dashboard": ["dashboard", "lib"],
  "otel": ["otel", "lib"],
  "testing": ["testing", "consumer", "storage", "lib"],
};

/** Packages that only storage/ may use. */
const drivers = ["redis", "node:sqlite", "bun:sqlite"];

/** Packages of applications: we know their shape, and import not even a type. */
const strangers = /^(kysely|drizzle-orm|postgres|pg)(\/|$)/;

function place(path: string): string {
  return path.split(/[\\/]/)[0] ?? "";
}

/** The folders of the projects that are checked; check_house.ts names them. */
const roots = (process.env["HOUSE_ROOTS"] ?? process.cwd()).split(delimiter);

/** The folder of the project that a file belongs to. */
function rootOf(context: Context): string {
  const path = pathOf(context);
  return roots.find((root) => path.startsWith(`${root}${sep}`)) ?? process.cwd();
}

function placeOf(context: Context): string {
  return place(relative(rootOf(context), pathOf(context)));
}

function pathOf(context: Context): string {
  return context.filename.startsWith("file:") ? fileURLToPath(context.filename) : context.filename;
}

const imports: Rule = {
  create(context): Visitor {
    const from = placeOf(context);
    const allowed = arrows[from];
    const look = (node: Node): void => {
      const target = node.source?.value;
      if (allowed === undefined || typeof target !== "string") return;
      if (target.startsWith("@hueyjs/huey")) context.report({ node, message: `${from} must not import the front door` });
      if (target.startsWith(".")) {
        const root = rootOf(context);
        const file = relative(root, resolve(dirname(pathOf(context)), target));
        const to = place(file);
        const types = isTypeOnly(node) ? typeArrows[from] ?? [] : [];
        if (![...allowed, ...types].includes(to) && !tables[from]?.includes(file)) {
          context.report({ node, message: `${from} must not import ${to}` });
        }
        const climbed = climb(relative(root, pathOf(context)).replaceAll("\\", "/"), file.replaceAll("\\", "/"));
        if (climbed !== undefined) context.report({ node, message: climbed });
      } else if (strangers.test(target)) {
        context.report({ node, message: `${from} must not import ${target}, which is the application's` });
      } else if (drivers.includes(target)) {
        lookAtDriver(context, node, from, target);
      }
    };
    return { ImportDeclaration: look, ExportNamedDeclaration: look, ExportAllDeclaration: look, ImportExpression: look };
  },
};

function isTypeOnly(node: Node): boolean {
  return node.importKind === "type" || node.exportKind === "type";
}

function lookAtDriver(context: Context, node: Node, from: string, target: string): void {
  if (from !== "storage") context.report({ node, message: `${from} must not know the driver ${target}` });
  else if (node.type !== "ImportExpression" && !isTypeOnly(node)) {
    context.report({ node, message: `${target} must be imported on first use, with await import("${target}")` });
  }
}

const fileLength: Rule = {
  create(context): Visitor {
    return {
      Program(node) {
        const lines = countCode(context.sourceCode);
        if (lines <= maxFileLines) return;
        context.report({ node, message: `The file has ${lines} lines of code; ${maxFileLines} are allowed` });
      },
    };
  },
};

/** How many lines have more than comments and spaces. */
function countCode(source: Context["sourceCode"]): number {
  let code = "";
  let from = 0;
  for (const { range: [start, end] } of source.getAllComments()) {
    code += source.text.slice(from, start) + source.text.slice(start, end).replace(/[^\n]/g, " ");
    from = end;
  }
  return (code + source.text.slice(from)).split("\n").filter((line) => line.trim() !== "").length;
}

const functionLength: Rule = {
  create(context): Visitor {
    const measure = (node: Node): void => {
      const lines = context.sourceCode.text.slice(...node.range).split("\n").length;
      if (lines <= maxFunctionLines || isSuite(node)) return;
      context.report({ node, message: `The function has ${lines} lines; ${maxFunctionLines} are allowed` });
    };
    return { FunctionDeclaration: measure, FunctionExpression: measure, ArrowFunctionExpression: measure };
  },
};

/** The callback of `describe` is a chapter of tests and no function that anybody has to follow. */
function isSuite(node: Node): boolean {
  let callee = node.parent?.type === "CallExpression" ? node.parent.callee : undefined;
  while (callee?.type === "MemberExpression" || callee?.type === "CallExpression") callee = callee.object ?? callee.callee;
  return callee?.name === "describe";
}

const thenable: Rule = {
  create(context): Visitor {
    if (arrows[placeOf(context)] === undefined) return {};
    const look = (node: Node): void => {
      const name = node.computed ? node.key?.value : node.key?.name ?? node.key?.value;
      if (name !== "then" && name !== "catch" && name !== "finally") return;
      context.report({ node, message: `A member called "${name}" makes the object look like a promise` });
    };
    const kinds = ["MethodDefinition", "PropertyDefinition", "TSAbstractMethodDefinition", "TSAbstractPropertyDefinition"];
    kinds.push("TSMethodSignature", "TSPropertySignature", "Property", "AccessorProperty");
    return Object.fromEntries(kinds.map((kind) => [kind, look]));
  },
};

const exportedAny: Rule = {
  create(context): Visitor {
    if (arrows[placeOf(context)] === undefined) return {};
    return {
      TSAnyKeyword(node) {
        if (isSignature(node)) context.report({ node, message: "An exported signature must not say any" });
      },
    };
  },
};

/** Whether a type is part of what an export shows: not in a body, an expression, or a private member. */
function isSignature(node: Node): boolean {
  for (let at = node.parent; at !== undefined && at !== null; at = at.parent) {
    if (at.type.startsWith("Export")) return true;
    if (at.type === "BlockStatement" || at.type === "CallExpression" || at.type === "NewExpression") return false;
    if (at.type === "TSAsExpression" || at.type === "TSSatisfiesExpression") return false;
    if (at.accessibility === "private" || at.key?.type.startsWith("Private")) return false;
  }
  return false;
}

const runtimeNames: Rule = {
  create(context): Visitor {
    if (placeOf(context) !== "lib") return {};
    const look = (node: Node): void => {
      if (node.source?.value?.toString().startsWith("bun:")) context.report({ node, message: "lib must not import from Bun" });
    };
    return {
      Identifier(node) {
        if (node.name === "Deno" || node.name === "Bun") {
          context.report({ node, message: `lib must not name the runtime ${node.name}` });
        }
      },
      ImportDeclaration: look,
      ImportExpression: look,
    };
  },
};

/** Whoever calls an export learns from its docstring that it throws, and when. */
const throws: Rule = {
  create(context): Visitor {
    if (arrows[placeOf(context)] === undefined) return {};
    return {
      ThrowStatement(node) {
        // What is thrown again came from elsewhere, and is told there.
        const shown = node.argument?.type === "NewExpression" ? exportOf(node) : undefined;
        const docstring = shown && /\/\*\*(?:(?!\*\/)[\s\S])*\*\/\s*$/.exec(context.sourceCode.text.slice(0, shown.range[0]));
        if (docstring && !docstring[0].includes("@throws")) {
          context.report({ node, message: "The docstring of what throws here has no @throws" });
        }
      },
    };
  },
};

/** The exported function, or public method of an exported class, that a statement belongs to. */
function exportOf(node: Node): Node | undefined {
  let method: Node | undefined;
  for (let at = node.parent, last = node; at; last = at, at = at.parent) {
    if (at.type === "TryStatement" && at.block === last && at.handler) return undefined;
    if (at.type === "ArrowFunctionExpression") return undefined;
    if (at.type === "FunctionExpression" && at.parent?.type !== "MethodDefinition") return undefined;
    if (at.type === "FunctionDeclaration") return at.parent?.type.startsWith("Export") ? at.parent : undefined;
    if (at.type === "MethodDefinition") {
      if (at.key?.type.startsWith("Private") || (at.accessibility ?? "public") !== "public") return undefined;
      method = at;
    }
    if (at.type === "ClassDeclaration") return at.parent?.type.startsWith("Export") ? method : undefined;
  }
  return undefined;
}

/** Where the time is read and timers are set: whoever else wants to know is handed a clock, which a test can step. */
const clockFile = "lib/primitives/clock.ts";
const clockless = ["lib", "storage", "consumer", "app", "dashboard", "otel", "testing"];
const timers = ["setTimeout", "setInterval"];

const clocks: Rule = {
  create(context): Visitor {
    const path = relative(rootOf(context), pathOf(context)).replaceAll("\\", "/");
    if (!clockless.includes(place(path)) || path === clockFile) return {};
    const refuse = (node: Node, what: string): void => {
      context.report({ node, message: `${what} is for ${clockFile} alone: take a clock` });
    };
    return {
      Identifier(node) {
        if (timers.includes(node.name ?? "")) refuse(node, node.name!);
      },
      MemberExpression(node) {
        const read = `${node.object?.name}.${node.property?.name}`;
        if (read === "Date.now" || read === "performance.now") refuse(node, read);
      },
      NewExpression(node) {
        if (node.callee?.name === "Date" && node.arguments?.length === 0) refuse(node, "new Date()");
      },
    };
  },
};

const plugin: { name: string; rules: Record<string, Rule> } = {
  name: "house",
  rules: {
    "imports": imports,
    "file-length": fileLength,
    "function-length": functionLength,
    "thenable": thenable,
    "exported-any": exportedAny,
    "runtime-names": runtimeNames,
    "throws": throws,
    "clocks": clocks,
  },
};
export default plugin;

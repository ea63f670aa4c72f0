/**
 * Reads `deno doc --json` into a flat list of what the package exports.
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { tool } from "../project.ts";
import { runCommand } from "../testing/command.ts";

/** A tag of a docstring. */
export interface Tag {
  readonly kind: string;
  readonly name?: string;
  readonly doc?: string;
}

/** Something that has, or should have, a docstring. */
export interface Item {
  /** Such as `Huey` or `Huey.task`. */
  readonly path: string;
  readonly kind: "module" | "function" | "class" | "constructor" | "method" | "member" | "property" | "declaration";
  /** File relative to the project, and line. */
  readonly file: string;
  readonly line: number;
  readonly doc: string;
  readonly tags: readonly Tag[];
  /** The name of each parameter, or its names when overloads differ; a destructured one is "". */
  readonly params: readonly (readonly string[])[];
  /** Whether a call gives something back. */
  readonly returns: boolean;
  /** Names of the types that it takes its members' documentation from. */
  readonly parents: readonly string[];
}

interface JsDoc {
  doc?: string;
  tags?: Tag[];
}
interface TypeNode {
  kind: string;
  repr?: string;
  value?: unknown;
}
interface Param {
  kind: string;
  name?: string;
  left?: Param;
  arg?: Param;
}
interface Signature {
  params?: Param[];
  returnType?: TypeNode;
  hasBody?: boolean;
}
interface Node extends Signature {
  name: string;
  kind: string;
  jsDoc?: JsDoc;
  location?: { filename: string; line: number };
  accessibility?: "private" | "protected" | "public";
  isOverride?: boolean;
  functionDef?: Signature;
  def?: Node & {
    constructors?: Node[];
    properties?: Node[];
    methods?: Node[];
    extends?: unknown;
    implements?: unknown;
    tsType?: TypeNode;
  };
}
interface Output {
  nodes: Record<string, { module_doc?: JsDoc; symbols?: { name: string; declarations: Node[] }[] }>;
}

/**
 * Reads what a module exports.
 * @param root The project's folder.
 * @param file The module, relative to the project.
 * @returns One item for the module, each export, and each public member of it.
 * @throws {Error} when `deno doc` fails.
 */
export async function readExports(root: string, file: string): Promise<Item[]> {
  const ended = await runCommand({ argv: [tool("deno"), "doc", "--json", file], cwd: root, limitMs: 120_000 });
  if (ended.code !== 0) throw new Error(`deno doc ${file} failed:\n${ended.output}`);
  const { nodes } = JSON.parse(ended.stdout) as Output;
  return Object.values(nodes).flatMap((module) => {
    const symbols = (module.symbols ?? []).flatMap((symbol) => readSymbol(root, symbol.name, symbol.declarations));
    return [
      { ...makeItem(root, file, "module", { name: file, kind: "module" }), file, ...readDoc([module.module_doc]) },
      ...symbols,
    ];
  });
}

function readSymbol(root: string, name: string, declarations: Node[]): Item[] {
  const functions = declarations.filter((node) => node.kind === "function");
  const others = declarations.filter((node) => node.kind !== "function");
  const merged = functions.length === 0 ? [] : [mergeOverloads(root, name, "function", functions, (node) => node.def ?? {})];
  return [...merged, ...others.flatMap((node) => readDeclaration(root, name, node))];
}

function readDeclaration(root: string, name: string, node: Node): Item[] {
  const kind = node.kind === "class" ? "class" : "declaration";
  const self = makeItem(root, name, kind, node);
  const isPublic = (member: Node): boolean =>
    (member.accessibility ?? "public") === "public" && !member.isOverride && !(member.name ?? "").startsWith("#");
  const literal = node.def?.tsType?.kind === "typeLiteral" ? node.def.tsType.value as Node["def"] : undefined;
  const def = literal ?? node.def ?? ({} as Node);
  const holder = def as NonNullable<Node["def"]>;
  const methods = Map.groupBy((holder.methods ?? []).filter(isPublic), (method) => method.name);
  // A constructor with nothing to say about its parameters needs no docstring.
  const constructors = (holder.constructors ?? []).filter((made) => isPublic(made) && (made.params ?? []).length > 0);
  return [
    self,
    ...(constructors.length === 0 || kind !== "class"
      ? []
      : [mergeOverloads(root, `${name}.constructor`, "constructor", constructors, (made) => made)]),
    ...[...methods].map(([member, nodes]) => readMethod(root, name, kind, member, nodes)),
    ...(holder.properties ?? []).filter(isPublic).map((property) =>
      makeItem(root, `${name}.${property.name}`, kind === "class" ? "member" : "property", property)
    ),
  ];
}

function readMethod(root: string, owner: string, kind: string, member: string, nodes: Node[]): Item {
  const accessor = nodes.some((node) => node.kind === "getter" || node.kind === "setter");
  const itemKind = kind === "class" && !accessor ? "method" : "member";
  return mergeOverloads(root, `${owner}.${member}`, itemKind, nodes, (node) => node.functionDef ?? node);
}

/** Overloads share their documentation; the implementation behind them is not seen by anybody. */
function mergeOverloads(root: string, path: string, kind: Item["kind"], nodes: Node[], of: (node: Node) => Signature): Item {
  const seen = nodes.length > 1 && nodes.some((node) => !of(node).hasBody) ? nodes.filter((node) => !of(node).hasBody) : nodes;
  const signatures = seen.map(of);
  const count = Math.max(...signatures.map((signature) => signature.params?.length ?? 0));
  const namesAt = (
    index: number,
  ): string[] => [...new Set(signatures.flatMap((signature) => signature.params?.[index] ?? []).map(paramName))];
  const params = Array.from({ length: count }, (_, index) => namesAt(index));
  return {
    ...makeItem(root, path, kind, seen[0]!),
    ...readDoc(seen.map((node) => node.jsDoc)),
    params,
    returns: kind !== "constructor" && signatures.some((signature) => givesBack(signature.returnType)),
  };
}

function makeItem(root: string, path: string, kind: Item["kind"], node: Node): Item {
  const filename = node.location?.filename ?? "";
  return {
    path,
    kind,
    file: filename.startsWith("file:") ? relative(root, fileURLToPath(filename)) : filename,
    line: (node.location?.line ?? 0) + 1, // deno doc counts from 0
    ...readDoc([node.jsDoc]),
    params: [],
    returns: false,
    parents: parentsOf(node),
  };
}

function readDoc(docs: (JsDoc | undefined)[]): { doc: string; tags: Tag[] } {
  return {
    doc: docs.map((jsDoc) => jsDoc?.doc ?? "").filter((text) => text !== "").join("\n\n"),
    tags: docs.flatMap((jsDoc) => jsDoc?.tags ?? []),
  };
}

function paramName(param: Param): string {
  return param.name ?? (param.left !== undefined ? paramName(param.left) : param.arg !== undefined ? paramName(param.arg) : "");
}

const nothing = new Set(["void", "never", "undefined"]);

function givesBack(type: TypeNode | undefined): boolean {
  if (type === undefined) return false;
  if (type.kind === "keyword") return !nothing.has(String(type.value));
  if (type.kind !== "typeRef") return type.kind !== "this";
  const { typeName, typeParams } = type.value as { typeName: string; typeParams?: TypeNode[] };
  return typeName === "Promise" || typeName === "PromiseLike" ? givesBack(typeParams?.[0]) : true;
}

function parentsOf(node: Node): string[] {
  const names = [...JSON.stringify([node.def?.extends, node.def?.implements] as const).matchAll(/"typeName":"(\w+)"/g)];
  const extended = typeof node.def?.extends === "string" ? [node.def.extends] : [];
  return [...extended, ...names.map((match) => match[1]!)];
}

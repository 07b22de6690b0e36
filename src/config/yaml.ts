/** YAML, of which JSON is a part, with the places of all that is in it, and its faults in words of our own. */
import { type Document, isAlias, isMap, isSeq, LineCounter, type Node, parseDocument } from "yaml";

export interface YamlFile {
  readonly document: Document.Parsed;
  /** What breaks the syntax, each with its place. */
  readonly problems: readonly string[];
  /** `path:line:column` of a character of the source. */
  readonly place: (offset: number) => string;
}

export function readYaml(path: string, source: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const problems = document.errors.map(
    ({ pos, code }) => `${place(pos[0])}: ${SYNTAX[code] ?? `not valid YAML (${code})`}`,
  );
  return { document, problems, place };
}

/** The parser's own messages may repeat the file, so the commonest faults are worded here. */
const SYNTAX: Readonly<Record<string, string>> = {
  BAD_INDENT: "the indentation does not fit the lines above, or a bracket is not closed",
  BAD_SCALAR_START: "a value cannot begin with this character; put it in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a second key on one line, or a wrong indentation; put a value with a colon in quotes",
  DUPLICATE_KEY: "this key stands in the file twice",
  MISSING_CHAR: "a quote mark, bracket, comma or colon is missing",
  MULTILINE_IMPLICIT_KEY: "a key must be on one line; is a colon missing?",
  MULTIPLE_DOCS: "a second document begins; one file holds one configuration",
  TAB_AS_INDENT: "a tab cannot indent; use blanks",
};

/** The file as plain data; undefined where its aliases would make it endless. */
export function plainData({ document }: YamlFile): unknown {
  try {
    return document.toJS();
  } catch {
    return undefined;
  }
}

/**
 * Where something stands in the file: the value at the end of `path`, or its key; of something that is not there, the
 * innermost thing around it.
 */
export function placeAt(
  file: YamlFile,
  path: readonly PropertyKey[],
  of: "value" | "key" = "value",
): { readonly place: string; readonly found: boolean } {
  let node = resolved(file, file.document.contents);
  let offset = offsetOf(node) ?? 0;
  let found = true;
  for (const [depth, step] of path.entries()) {
    const next = child(node, step);
    found = next !== undefined;
    if (next === undefined) break;
    const own = of === "key" && depth === path.length - 1 ? next.key : (next.value ?? next.key);
    offset = offsetOf(own) ?? offset;
    node = resolved(file, next.value);
  }
  return { place: file.place(offset), found };
}

function child(
  node: unknown,
  step: PropertyKey,
): { readonly key: unknown; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const value = node.items[Number(step)];
    return value === undefined ? undefined : { key: value, value };
  }
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => String((key as { value?: unknown } | null)?.value) === String(step));
}

function resolved(file: YamlFile, node: unknown): unknown {
  return isAlias(node) ? node.resolve(file.document) : node;
}

function offsetOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

/** The configuration file: YAML, of which JSON is a part, with every value read as the text it is written as. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { nearest } from "../nearest.js";
import type { OptionDeclaration } from "./option.js";
import { didYouMean, type Problem, quote } from "./problems.js";
import type { Given, Settings } from "./resolve.js";
import { readYaml, type YamlFile } from "./yaml.js";

/**
 * Reads `source`, the content of the file `path`. The keys are those of `options`; every key that is not, every
 * value of a wrong shape and every fault of the YAML is a problem with its line and column.
 */
export function readConfigFile(
  path: string,
  source: string,
  options: readonly OptionDeclaration[],
): { settings: Settings; problems: readonly Problem[] } {
  const file = readYaml(path, source);
  const problems = file.problems.map((message) => ({ code: "CONFIG_INVALID", message }) as const);
  const reader: Reader = { file, options, settings: new Map(), problems };
  const { contents } = file.document;
  if (reader.problems.length === 0 && contents !== null && !isNull(contents)) {
    if (isMap(contents)) readMapping(reader, contents, "");
    else report(reader, offsetOf(contents), "expected option keys with values, such as `threads: 2`");
  }
  return reader;
}

interface Reader {
  readonly file: YamlFile;
  readonly options: readonly OptionDeclaration[];
  readonly settings: Map<string, readonly Given[]>;
  readonly problems: Problem[];
}

function readMapping(reader: Reader, mapping: YAMLMap<unknown, unknown>, parent: string): void {
  for (const { key, value } of mapping.items) {
    const keyNode = key as ParsedNode;
    const name = scalarText(keyNode);
    const full = `${parent}${name}`;
    const option = reader.options.find((declared) => declared.key === full && !declared.notInFile);
    const node = resolveAlias(reader, value as Node | null);
    if (name === undefined) report(reader, offsetOf(keyNode), "a key must be plain text");
    else if (option !== undefined) readValue(reader, option, value as Node | null, offsetOf(keyNode));
    else if (isMap(node) && reader.options.some((declared) => declared.key.startsWith(`${full}.`))) {
      readMapping(reader, node, `${full}.`);
    } else report(reader, offsetOf(keyNode), unknownKey(full, reader.options));
  }
}

function unknownKey(key: string, options: readonly OptionDeclaration[]): string {
  if (options.some((option) => option.key === key)) return `${key} cannot be set in the configuration file`;
  const known = options.filter((option) => !option.notInFile).map((option) => option.key);
  // Somebody may have named a document by mistake: what does not look like a key is not repeated.
  if (!/^[A-Za-z][\w.-]{0,40}$/.test(key)) return "unknown key; the keys are the long names of the options";
  const meant = nearest(key, known);
  const suggestion = didYouMean(meant) || "; the keys are the long names of the options";
  return `unknown key ${quote(key)}${suggestion}`;
}

function readValue(reader: Reader, option: OptionDeclaration, given: Node | null, keyOffset: number): void {
  const node = resolveAlias(reader, given);
  const { many, mapping } = option.value;
  const refuse = (at: number, what: string) => report(reader, at, `${option.key}: ${what}`);
  const text = scalarText(node);
  if (given === null || isNull(node)) refuse(keyOffset, "has no value; give one or leave the key out");
  else if (text !== undefined) {
    const parts = option.value.split(text, "flag");
    keep(
      reader,
      option,
      parts.map((part) => ({ text: part, at: given })),
    );
  } else if (isSeq(node)) {
    if (many) keep(reader, option, listItems(reader, node));
    else refuse(offsetOf(node), "takes one value, not a list");
  } else if (isMap(node)) {
    if (mapping) keep(reader, option, mappingItems(reader, node));
    else refuse(offsetOf(node), "takes a value, not a mapping");
  }
}

interface Item {
  /** Undefined where it is no plain value. */
  readonly text: string | undefined;
  readonly at: Node;
}

function listItems(reader: Reader, { items }: YAMLSeq<unknown>): readonly Item[] {
  return items.map((item) => ({ text: scalarText(resolveAlias(reader, item as Node)), at: item as Node }));
}

/** `{PER: hmac}` is `PER=hmac`, as on the command line; a key without value is `PER=`. */
function mappingItems(reader: Reader, { items }: YAMLMap<unknown, unknown>): readonly Item[] {
  return items.map(({ key, value }) => {
    const node = resolveAlias(reader, value as Node | null);
    const [name, text] = [scalarText(key as Node), isNull(node) ? "" : scalarText(node)];
    return {
      text: name === undefined || text === undefined ? undefined : `${name}=${text}`,
      at: key as Node,
    };
  });
}

function keep(reader: Reader, { key }: OptionDeclaration, items: readonly Item[]): void {
  const given: Given[] = [];
  for (const { text, at } of items) {
    const offset = offsetOf(at);
    if (text === undefined) report(reader, offset, `${key}: only plain values can stand here`);
    else given.push({ text, where: `${reader.file.place(offset)}: ${key}` });
  }
  reader.settings.set(key, given);
}

/** The text of a scalar: a plain one as it is written (`1.0` stays `1.0`), a quoted one without its quotes. */
function scalarText(node: Node | null): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  return typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
}

function isNull(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === null);
}

function resolveAlias(reader: Reader, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(reader.file.document) ?? null) : node;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

function report(reader: Reader, offset: number, what: string): void {
  reader.problems.push({ code: "CONFIG_INVALID", message: `${reader.file.place(offset)}: ${what}` });
}

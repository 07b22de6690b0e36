/** README.md of a model folder: the model card, in the form that the Hugging Face hub reads. */

import type { Scheme } from "../../tagging/schemes.js";
import { SERVED_OPERATOR_SET } from "./attention.js";

export interface ModelCard {
  readonly name: string;
  /** A paragraph: what it is and what for. */
  readonly summary: string;
  /** ISO 639 codes. */
  readonly languages: readonly string[];
  /** As the hub spells it: `apache-2.0`, or `other`, with a name and where it stands. */
  readonly licence: { readonly id: string; readonly name?: string; readonly link?: string };
  readonly base: { readonly name: string; readonly licence: string };
  readonly lenses: readonly {
    readonly name: string;
    readonly scheme: Scheme;
    readonly labels: readonly string[];
    readonly temperature: number;
  }[];
  readonly window: number;
  readonly wordShapes: boolean;
  readonly scores: readonly CardScore[];
  readonly calibration: readonly {
    readonly lens: string;
    readonly spans: number;
    /** Expected calibration error, 0 to 1. */
    readonly before: number;
    readonly after: number;
  }[];
  readonly sets: readonly {
    readonly name: string;
    readonly licence: string | undefined;
    readonly lenses: readonly string[];
    readonly sentences: number;
    readonly words: number;
  }[];
  /** A sentence each. */
  readonly limits: readonly string[];
  /** The one command that makes the model again. */
  readonly rebuild: string;
}

export interface CardScore {
  readonly set: string;
  readonly lens: string;
  readonly measure: "span F1" | "word accuracy";
  /** In percent. Undefined: not measured. */
  readonly float: number | undefined;
  readonly int8: number | undefined;
}

/**
 * A model's files with the card, README.md, added. The same data always gives the same page.
 *
 * @param files bytes by path, from `modelFiles`.
 */
export function withCard(
  files: ReadonlyMap<string, Uint8Array>,
  card: ModelCard,
): ReadonlyMap<string, Uint8Array> {
  return new Map([...files, ["README.md", new TextEncoder().encode(page(card, files))]]);
}

function page(card: ModelCard, files: ReadonlyMap<string, Uint8Array>): string {
  const sections: readonly (readonly [string, string])[] = [
    ["Lenses", lenses(card)],
    ["Scores", scores(card)],
    ["Span scores as chances", calibration(card)],
    ["Data", data(card)],
    ["Limits", card.limits.map((limit) => `- ${limit}`).join("\n")],
    ["Rebuild", `\`\`\`sh\n${card.rebuild}\n\`\`\``],
    ["Files", sizes(files)],
  ];
  const body = sections.filter(([, text]) => text !== "").map(([title, text]) => `## ${title}\n\n${text}\n`);
  return `${frontMatter(card)}\n# ${card.name}\n\n${card.summary}\n\n${body.join("\n")}`;
}

/** YAML, written as JSON's strings and lists, which are YAML too. */
function frontMatter({ languages, licence, base, lenses }: ModelCard): string {
  const tags = ["spanmill", "token-classification", "onnx", ...lenses.map(({ name }) => name)];
  const entries = {
    language: languages,
    license: licence.id,
    license_name: licence.name,
    license_link: licence.link,
    library_name: "spanmill",
    pipeline_tag: "token-classification",
    base_model: base.name,
    tags: [...new Set(tags)],
  };
  const lines = Object.entries(entries).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}: ${JSON.stringify(value)}`],
  );
  return `---\n${lines.join("\n")}\n---\n`;
}

function lenses({ lenses, window, wordShapes, base }: ModelCard): string {
  const rows = lenses.map(({ name, scheme, labels, temperature }) => [
    code(name),
    scheme === "none" ? "a label for every word" : `spans, ${scheme}`,
    labels.map(code).join(" "),
    temperature.toPrecision(3),
  ]);
  const shapes = wordShapes
    ? " In the place of token types the encoder reads each word's shape (lower, title, upper and so on)."
    : "";
  return (
    `${table(["lens", "gives", "labels", "temperature"], rows)}\n\n` +
    `One encoder, fine-tuned from ${base.name} (${base.licence}), reads windows of at most ${window} pieces.${shapes}`
  );
}

function scores({ scores }: ModelCard): string {
  if (scores.length === 0) return "";
  const rows = scores.map(({ set, lens, measure, float, int8 }) => [
    set,
    code(lens),
    measure,
    figure(float),
    figure(int8),
    float === undefined || int8 === undefined ? "" : signed(int8 - float),
  ]);
  return table(["set", "lens", "measure", "float", "int8", "difference"], rows);
}

function calibration({ calibration }: ModelCard): string {
  if (calibration.length === 0) return "";
  const rows = calibration.map(({ lens, spans, before, after }) => [
    code(lens),
    String(spans),
    before.toFixed(4),
    after.toFixed(4),
  ]);
  const head = ["lens", "predicted", "without temperature", "with temperature"];
  return (
    "A score is meant as the chance that the span is right. Expected calibration error over what is predicted (15 bins):" +
    `\n\n${table(head, rows)}`
  );
}

function data({ sets }: ModelCard): string {
  const rows = sets.map(({ name, licence, lenses, sentences, words }) => [
    name,
    licence ?? "not stated",
    lenses.map(code).join(" "),
    String(sentences),
    String(words),
  ]);
  return rows.length === 0 ? "" : table(["set", "licence", "lenses", "sentences", "words"], rows);
}

function sizes(files: ReadonlyMap<string, Uint8Array>): string {
  const rows = [...files].map(([file, { length }]) => [code(file), (length / 1e6).toFixed(2)]);
  return `${table(["file", "MB"], rows)}\n\nTheir sha256 are in \`spanmill.json\`, and are checked when the model is opened. ONNX files are of operator set ${SERVED_OPERATOR_SET}, which ONNX Runtime reads from 1.23 on.`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replace(/\|/g, "\\|").replace(/\s*\n\s*/g, " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function code(text: string): string {
  return `\`${text}\``;
}

function figure(percent: number | undefined): string {
  return percent === undefined ? "" : percent.toFixed(2);
}

function signed(difference: number): string {
  return `${difference < 0 ? "−" : "+"}${Math.abs(difference).toFixed(2)}`;
}

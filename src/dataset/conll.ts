import type { Line } from "../adapters/files/lines.js";
import { readMark } from "./comments.js";
import type { LabelledDocument } from "./document.js";
import { documentsOf, type LabelFile, type LineParser, malformed, textOfLine } from "./label-file.js";
import { DocumentBuilder } from "./sentences.js";

/**
 * Reads CoNLL: a word and its columns on a line, a blank line after each sentence. Columns are split by TAB
 * where the first line that is surely a word's has one, else by blanks. All words have equally many columns;
 * the word itself is the first. A file may hold words alone.
 *
 * A document starts at each `# doc = x`, `# newdoc id = x`, `# id x` or `-DOCSTART-` line; a file without any of
 * them is one document. `# newpar`, `# sent_id`
 * and `# text` are read as in CoNLL-U, other comments are passed over.
 *
 * A line that opens with `#` is a comment or a word. It is a comment where it reads `# key = value` or `# id x`,
 * or where it stands before a sentence and has no TAB in a TAB file, or not as many columns as words have in
 * one split by blanks. Once `# doc` has been seen, `-DOCSTART-` is a word like any other.
 *
 * @throws SpanmillError INPUT_MALFORMED with file and line.
 */
export async function* readConll(file: LabelFile): AsyncGenerator<LabelledDocument> {
  const batches = file.batches[Symbol.asyncIterator]();
  try {
    const { seen, layout } = await peekLayout(file.name, batches);
    const all = { name: file.name, batches: prepended(seen, batches) };
    yield* documentsOf<LabelledDocument>(all, (emit) => new ConllParser(file.name, layout, emit));
  } finally {
    await batches.return?.();
  }
}

interface Layout {
  readonly byTab: boolean;
  readonly columns: number;
}

const DOCSTART = "-DOCSTART-";

type Batch = readonly Line[];

/** Reads until a line tells how columns are split: one that opens neither with `#` nor with `-DOCSTART-`. */
async function peekLayout(
  name: string,
  batches: AsyncIterator<Batch>,
): Promise<{ seen: Batch[]; layout: Layout }> {
  const seen: Batch[] = [];
  for (;;) {
    const next = await batches.next();
    if (next.done === true) break;
    seen.push(next.value);
    const layout = layoutOf(name, next.value, (text) => !text.startsWith("#") && !text.startsWith(DOCSTART));
    if (layout !== undefined) return { seen, layout };
  }
  const lines = seen.flat();
  const layout =
    layoutOf(name, lines, (text) => text.includes("\t")) ??
    layoutOf(name, lines, (text) => !text.startsWith(DOCSTART) && !isNamed(text)) ??
    NO_WORDS;
  return { seen, layout };
}

const NO_WORDS: Layout = { byTab: true, columns: 0 };

async function* prepended(seen: readonly Batch[], rest: AsyncIterator<Batch>): AsyncGenerator<Batch> {
  yield* seen;
  yield* { [Symbol.asyncIterator]: () => rest };
}

function layoutOf(name: string, lines: Batch, isWord: (text: string) => boolean): Layout | undefined {
  for (const line of lines) {
    const text = textOfLine(name, line);
    if (isBlank(text) || !isWord(text)) continue;
    const byTab = text.includes("\t");
    return { byTab, columns: split(text, byTab).length };
  }
  return undefined;
}

class ConllParser implements LineParser {
  readonly #documents: DocumentBuilder;
  #columns: string[][] | undefined;
  #firstLine = 0;
  #hasDocumentComments = false;

  constructor(
    private readonly name: string,
    private readonly layout: Layout,
    emit: (document: LabelledDocument) => void,
  ) {
    const columnNames = Array.from({ length: layout.columns }, (_, i) => String(i + 1));
    this.#documents = new DocumentBuilder({ columnNames, hasSpacing: false }, emit);
  }

  line(text: string, number: number): void {
    if (isBlank(text)) this.#endSentence();
    else if (text.startsWith("#") && this.#isComment(text)) this.#comment(text, number);
    else if (this.#isDocumentStart(text)) this.#documents.startDocument(undefined, number);
    else this.#word(split(text, this.layout.byTab), number);
  }

  end(): void {
    this.#endSentence();
    this.#documents.end();
  }

  #isComment(text: string): boolean {
    if (isNamed(text)) return true;
    if (this.#columns !== undefined) return false;
    const { byTab, columns } = this.layout;
    return byTab ? !text.includes("\t") : split(text, false).length !== columns;
  }

  #comment(text: string, number: number): void {
    const id = ID_COMMENT.exec(text)?.[1];
    const mark = id === undefined ? readMark(text) : ({ kind: "document", id } as const);
    if (mark === undefined) return;
    this.#endSentence();
    if (mark.kind === "document") this.#hasDocumentComments = true;
    this.#documents.mark(mark, number);
  }

  #isDocumentStart(text: string): boolean {
    if (!text.startsWith(DOCSTART) || this.#hasDocumentComments || this.#columns !== undefined) return false;
    return text.length === DOCSTART.length || isBlank(text.charAt(DOCSTART.length));
  }

  #word(cells: string[], number: number): void {
    if (cells.length !== this.layout.columns) {
      const splitBy = this.layout.byTab ? "TAB" : "blanks";
      const { columns } = this.layout;
      throw malformed(
        this.name,
        number,
        `${cells.length} columns where ${columns} were expected, split by ${splitBy}`,
      );
    }
    if (cells[0] === "") throw malformed(this.name, number, "the word, column 1, is empty");
    if (this.#columns === undefined) {
      this.#columns = cells.map((cell) => [cell]);
      this.#firstLine = number;
    } else for (let c = 0; c < cells.length; c++) this.#columns[c]!.push(cells[c]!);
  }

  #endSentence(): void {
    const columns = this.#columns;
    if (columns === undefined) return;
    const words = columns[0]!;
    const spaceAfter = words.map(() => true);
    this.#documents.sentence({ line: this.#firstLine, words, spaceAfter, columns, tokens: [] });
    this.#columns = undefined;
  }
}

function split(text: string, byTab: boolean): string[] {
  if (byTab) return text.split("\t");
  return text.split(" ").filter((cell) => cell !== "");
}

function isBlank(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text[i] !== " " && text[i] !== "\t") return false;
  return true;
}

function isNamed(text: string): boolean {
  return KEY_VALUE.test(text) || ID_COMMENT.test(text);
}

const KEY_VALUE = /^# +[A-Za-z_][\w.:-]*(?: \w+)? ?=(?: |$)/;
const ID_COMMENT = /^# +id +(?!=)(\S+)/;

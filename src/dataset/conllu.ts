import { readMark } from "./comments.js";
import type { LabelledDocument, MultiWordToken } from "./document.js";
import { documentsOf, type LabelFile, type LineParser, malformed } from "./label-file.js";
import { DocumentBuilder } from "./sentences.js";

/** Names of the ten columns, in order. */
export const CONLLU_COLUMNS = [
  "id",
  "form",
  "lemma",
  "upos",
  "xpos",
  "feats",
  "head",
  "deprel",
  "deps",
  "misc",
] as const;

/**
 * Reads CoNLL-U (https://universaldependencies.org/format.html): documents at `# newdoc`, paragraphs at
 * `# newpar`, multi-word tokens, `SpaceAfter=No`. Empty nodes (`8.1`) are passed over: nobody wrote them.
 * The tree is not checked.
 *
 * @throws SpanmillError INPUT_MALFORMED with file and line.
 */
export function readConllu(file: LabelFile): AsyncGenerator<LabelledDocument> {
  return documentsOf<LabelledDocument>(file, (emit) => new ConlluParser(file.name, emit));
}

const FORM = 1;
const MISC = 9;

interface OpenToken extends MultiWordToken {
  readonly spaceAfter: boolean;
}

class ConlluParser implements LineParser {
  readonly #documents: DocumentBuilder;
  #firstLine = 0;
  #columns: string[][] = emptyColumns();
  #spaceAfter: boolean[] = [];
  #tokens: OpenToken[] = [];

  constructor(
    private readonly name: string,
    emit: (document: LabelledDocument) => void,
  ) {
    this.#documents = new DocumentBuilder({ columnNames: CONLLU_COLUMNS, hasSpacing: true }, emit);
  }

  line(text: string, number: number): void {
    if (text.trim() === "") this.#endSentence(number);
    else if (text.startsWith("#")) this.#comment(text, number);
    else this.#token(text.split("\t"), number);
  }

  end(): void {
    this.#endSentence(this.#firstLine);
    this.#documents.end();
  }

  #comment(text: string, number: number): void {
    if (this.#isOpen())
      throw malformed(this.name, number, "a comment inside a sentence; is a blank line missing?");
    const mark = readMark(text);
    if (mark !== undefined) this.#documents.mark(mark, number);
  }

  #token(cells: string[], number: number): void {
    if (cells.length !== CONLLU_COLUMNS.length) {
      throw malformed(this.name, number, `${cells.length} columns, split by TAB; CoNLL-U has ten`);
    }
    if (cells[FORM] === "") throw malformed(this.name, number, "the word, column 2, is empty");
    const id = TOKEN_ID.exec(cells[0]!);
    if (id === null) throw malformed(this.name, number, 'column 1 is no token id (like "7", "7-8" or "7.1")');
    if (!this.#isOpen()) this.#firstLine = number;
    if (id[3] !== undefined) return; // an empty node
    if (id[2] !== undefined) this.#openToken(Number(id[1]), Number(id[2]), cells, number);
    else this.#word(Number(id[1]), cells, number);
  }

  #openToken(from: number, to: number, cells: string[], number: number): void {
    this.#expect(from, number);
    const open = this.#tokens.at(-1);
    if (to <= from || (open !== undefined && from - 1 <= open.last)) {
      throw malformed(
        this.name,
        number,
        `the range ${from}-${to} is empty, turned round, or overlaps another`,
      );
    }
    const spaceAfter = hasSpaceAfter(cells[MISC]!);
    this.#tokens.push({ first: from - 1, last: to - 1, surface: cells[FORM]!, spaceAfter });
  }

  #word(id: number, cells: string[], number: number): void {
    this.#expect(id, number);
    const index = id - 1;
    const token = this.#tokens.at(-1);
    const inToken = token !== undefined && index <= token.last;
    const ownSpace = inToken ? index === token.last && token.spaceAfter : hasSpaceAfter(cells[MISC]!);
    this.#spaceAfter.push(ownSpace);
    for (let c = 0; c < cells.length; c++) this.#columns[c]!.push(cells[c]!);
  }

  #expect(id: number, number: number): void {
    const expected = this.#spaceAfter.length + 1;
    if (id === expected) return;
    const hint = id === 1 ? "; is a blank line missing?" : "";
    throw malformed(this.name, number, `token id ${id} where ${expected} was expected${hint}`);
  }

  #isOpen(): boolean {
    return this.#spaceAfter.length > 0 || this.#tokens.length > 0;
  }

  #endSentence(number: number): void {
    if (!this.#isOpen()) return;
    const columns = this.#columns;
    const words = columns[FORM]!;
    const last = this.#tokens.at(-1)?.last ?? -1;
    if (last >= words.length) {
      throw malformed(
        this.name,
        number,
        `the sentence ends before word ${last + 1} of its last multi-word token`,
      );
    }
    const tokens = this.#tokens.map(({ first, last, surface }) => ({ first, last, surface }));
    const spaceAfter = this.#spaceAfter;
    this.#documents.sentence({ line: this.#firstLine, words, spaceAfter, columns, tokens });
    this.#columns = emptyColumns();
    this.#spaceAfter = [];
    this.#tokens = [];
  }
}

const TOKEN_ID = /^(\d+)(?:-(\d+)|(\.\d+))?$/;

function hasSpaceAfter(misc: string): boolean {
  return !misc.includes("SpaceAfter=No") || !misc.split("|").includes("SpaceAfter=No");
}

function emptyColumns(): string[][] {
  return CONLLU_COLUMNS.map(() => []);
}

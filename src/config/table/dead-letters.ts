/** Options of `dlq`, which looks at dead letters and sends them back. */
import { ERRORS, type ErrorCode } from "../../errors.js";
import type { OptionDeclaration } from "../option.js";
import { integer, list, moment, one, toggle, word } from "../values.js";

const TOPIC = word("TOPIC", "the name of a topic: letters, digits, ., _ and -", /^[\w.-]{1,249}$/);

/** Any code may stand on a letter; to list them all would drown the help. */
const CODE = {
  placeholder: "CODE",
  expects: "the code of an error, such as DOCUMENT_NOT_JSON",
  parse(text: string): ErrorCode | undefined {
    const code = text.trim().toUpperCase().replaceAll("-", "_");
    return Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : undefined;
  },
};

export const DEAD_LETTER_OPTIONS = [
  {
    key: "channel.dead-letters",
    value: one(word("TOPIC", "the name of a topic", /^[^\0]*$/su)),
    absent: "spanmill.dead-letters",
    group: "Input",
    commands: ["dlq list", "dlq show", "dlq replay"],
    doc: "The topic of the dead letters, where no files are named.",
  },
  {
    key: "code",
    value: list(CODE, { separator: /,/ }),
    absent: "all",
    group: "Input",
    commands: ["dlq list", "dlq replay"],
    doc: "Only letters with this error code; several are separated by commas or repeated.",
  },
  {
    key: "origin",
    value: one(word("TOPIC", "the name of a topic, or a path")),
    absent: "all",
    group: "Input",
    commands: ["dlq list", "dlq replay"],
    doc: "Only letters of documents that were read from this topic (or file).",
  },
  {
    key: "since",
    value: one(moment("TIME")),
    absent: "from the beginning",
    group: "Input",
    commands: ["dlq list", "dlq replay"],
    doc: "Only letters that were written then or later: a time, or how long ago.",
  },
  {
    key: "max-failures",
    value: one(integer("N", { min: 1, max: 1_000_000 })),
    default: "3",
    group: "Limits",
    commands: ["dlq replay"],
    doc: "Documents that became dead letters this often stay where they are.",
  },
  {
    key: "to-topic",
    value: one(TOPIC),
    absent: "the topic that the document was read from",
    group: "Output",
    commands: ["dlq replay"],
    doc: "Where documents are sent.",
  },
  {
    key: "again",
    value: one(toggle()),
    default: "false",
    notInFile: true,
    group: "Input",
    commands: ["dlq replay"],
    doc: "Begins with the oldest letter, although some were sent back before.",
  },
  {
    key: "skip",
    value: one(integer("N", { min: 0, max: Number.MAX_SAFE_INTEGER })),
    default: "0",
    group: "Input",
    commands: ["dlq replay"],
    doc: "Of a file, leaves out the first N lines, which an interrupted replay has already sent back.",
  },
  {
    key: "dry-run",
    value: one(toggle()),
    default: "false",
    notInFile: true,
    group: "General",
    commands: ["dlq replay"],
    doc: "Tells what would be sent, sends nothing and remembers nothing.",
  },
  {
    key: "value",
    value: one(toggle()),
    default: "false",
    notInFile: true,
    group: "Output",
    commands: ["dlq show"],
    doc: "Writes the bytes of the document, which may be personal data, and nothing else; with --json, in base64 with all else.",
  },
] as const satisfies readonly OptionDeclaration[];

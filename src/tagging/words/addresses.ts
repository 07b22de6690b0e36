import { isApostrophe, isWordCharacter, matchEnd, type Scan, take } from "./scan.js";
import { NAME_ENDINGS } from "./tables.js";

/**
 * What is one word however it is punctuated: web and mail addresses, paths, file names, handles, hashtags, codes,
 * `key=value`, hardware and network addresses. Called at the start of a word only.
 */
export function address(scan: Scan, marks: number): boolean {
  for (const rule of RULES) {
    if ((rule.needs & marks) === 0) continue;
    const end = rule.shape(scan);
    if (end > scan.at) return take(scan, end);
  }
  return false;
}

/** One bit for each character without which no address can be, set where `text` from `start` to `end` holds it. */
export function addressMarks(text: string, start: number, end: number): number {
  let marks = 0;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) marks |= MARK_BITS[unit]!;
  }
  return marks;
}

interface Rule {
  /** Where the address at `scan.at` ends, or -1. */
  readonly shape: (scan: Scan) => number;
  /** A stretch without any of these marks has no such address. */
  readonly needs: number;
}

const MARKS = "./\\@:=#_-&";
const MARK_BITS = new Int32Array(0x80);
for (let i = 0; i < MARKS.length; i++) MARK_BITS[MARKS.charCodeAt(i)] = 1 << i;

const RULES: readonly Rule[] = [
  { shape: url, needs: bits(":.") },
  { shape: mailbox, needs: bits("@") },
  { shape: windowsPath, needs: bits("\\:") },
  { shape: unixPath, needs: bits("/") },
  { shape: machineFormat, needs: bits(":-") },
  { shape: assignment, needs: bits("=") },
  { shape: dottedName, needs: bits(".") },
  { shape: version, needs: bits(".") },
  { shape: code, needs: bits("-") },
  { shape: handle, needs: bits("@") },
  { shape: hashtag, needs: bits("#") },
  { shape: entity, needs: bits("&") },
];

function bits(marks: string): number {
  return addressMarks(marks, 0, marks.length);
}

const NO_SPACE = "\\s\\x00-\\x20\\x7f-\\xa0\\u200b\\u2060\\ufeff";
const URL_START = /(?:[a-z][a-z0-9+.-]{1,15}:\/\/|www\.|(?:mailto|tel|sip|urn|ymsgr):)(?=[\w[~/-])/iy;
const URL_REST = new RegExp(`[^${NO_SPACE}<>"“”«»|]*`, "y");

/** `https://a.org/b?c=d`, `www.a.org`, `mailto:a@b.org`, without the punctuation after it. */
function url(scan: Scan): number {
  const start = matchEnd(URL_START, scan, scan.at);
  return start < 0 ? -1 : trimmed(scan, matchEnd(URL_REST, scan, start), start);
}

const MAILBOX = /[A-Za-z0-9][\w.+%~'=-]{0,63}@(?=[\w.-]{0,20}[A-Za-z])\w[\w.-]{0,253}/y;

/** `jane.doe@example.com`, `root@web01`. */
function mailbox(scan: Scan): number {
  const end = matchEnd(MAILBOX, scan, scan.at);
  return end < 0 ? -1 : trimmed(scan, end, scan.at + 3);
}

const WINDOWS_PATH = new RegExp(
  `(?:[A-Za-z]:[\\\\/](?![\\\\/])|\\\\\\\\\\w|[A-Za-z][\\w.-]{0,63}\\\\\\w)[^${NO_SPACE}<>"“”|*?]*`,
  "y",
);

/** `C:\x`, `\\host\share`, `CORP\jdoe`. */
function windowsPath(scan: Scan): number {
  const end = matchEnd(WINDOWS_PATH, scan, scan.at);
  return end < 0 ? -1 : trimmed(scan, end, scan.at + 1);
}

const UNIX_PATH = /(?:~|\.{1,2})?\/\.?\w[\w.@%+~:-]*(?:\/[\w.@%+~:-]+)*\/?/y;
const RELATIVE_PATH = /[\w@][\w.@+-]{0,63}(?:\/[\w.@+-]{1,64}){1,16}/y;

/** `/usr/bin`, `~/notes`, `./run.sh`, `src/main.ts`; `and/or` is none, for want of a file name's ending. */
function unixPath(scan: Scan): number {
  const { text, at, start } = scan;
  const unit = text.charCodeAt(at);
  const absolute = unit === SLASH || unit === TILDE || unit === PERIOD ? matchEnd(UNIX_PATH, scan, at) : -1;
  if (absolute > 0) {
    return at === start || "([{\"'=:<,“‘".includes(text[at - 1]!) ? trimmed(scan, absolute, at + 1) : -1;
  }
  const end = matchEnd(RELATIVE_PATH, scan, at);
  return end > 0 && hasNameEnding(text, at, trimmed(scan, end, at + 1)) ? trimmed(scan, end, at + 1) : -1;
}

const MAC = /(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f])/y;
const UUID = /[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}(?![0-9A-Fa-f])/y;
const IPV6 =
  /(?=[0-9A-Fa-f:]{0,39}::[0-9A-Fa-f]|(?:[0-9A-Fa-f]{1,4}:){7})(?=[a-fA-F:]{0,20}\d)[0-9A-Fa-f:]{3,39}(?:\/\d{1,3})?(?!\w)/y;

const TIMESTAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?(?!\w)/y;

/** MAC and IPv6 addresses, UUIDs, ISO 8601 timestamps. IPv4 addresses are numbers. */
function machineFormat(scan: Scan): number {
  const end = Math.max(
    matchEnd(MAC, scan, scan.at),
    matchEnd(UUID, scan, scan.at),
    matchEnd(TIMESTAMP, scan, scan.at),
  );
  return end > 0 ? end : matchEnd(IPV6, scan, scan.at);
}

const ASSIGNMENT = /-{0,2}[A-Za-z_][\w.?-]{0,63}=[\w.:/+@%&=?~#\\$,-]*[\w/%=]/y;

/** `key=value`, `--retries=3`, a query string. */
function assignment(scan: Scan): number {
  const end = matchEnd(ASSIGNMENT, scan, scan.at);
  return end < 0 || isWordCharacter(scan, end) ? -1 : end;
}

const DOTTED_NAME = /[A-Za-z0-9_][\w#%~!-]{0,80}(?:\.[A-Za-z0-9_][\w#%~-]{0,80}){1,12}/y;
const MODULE_NAME = /^[a-z][a-z0-9_-]+(?:\.[A-Za-z][\w-]+){2,}$/;
const NEWSGROUP = /^(?:alt|misc|comp|rec|soc|sci|talk|ba)\./;
const EXTENSION = /\.[A-Za-z][A-Za-z0-9]{1,4}(?!\w)/y;
const PORT_AND_PATH = new RegExp(`(?::\\d{1,5})?(?:[/?#][^${NO_SPACE}<>"“”«»|]*)?`, "y");

/** `example.com:80/x`, `report.doc`, `java.lang.String`, `comp.sources.unix`, `.doc`. */
function dottedName(scan: Scan): number {
  const { text, at } = scan;
  if (text.charCodeAt(at) === PERIOD) {
    const end = matchEnd(EXTENSION, scan, at);
    return end > 0 && NAME_ENDINGS.has(text.slice(at + 1, end).toLowerCase()) ? end : -1;
  }
  const end = matchEnd(DOTTED_NAME, scan, at);
  if (end < 0 || isWordCharacter(scan, end)) return -1;
  const name = text.slice(at, end);
  if (hasNameEnding(text, at, end)) return trimmed(scan, matchEnd(PORT_AND_PATH, scan, end), end);
  return MODULE_NAME.test(name) || NEWSGROUP.test(name) ? end : -1;
}

const VERSION = /(?:[A-Za-z]{1,10}\d{1,5}(?:\.\d{1,5}){1,4}|\d{1,5}(?:\.\d{1,5}){2,4}-[A-Za-z])[\w.+-]*/y;

/** `v2.3.1`, `2.3.1-rc.1`; plain `2.3.1` is a number. */
function version(scan: Scan): number {
  const end = matchEnd(VERSION, scan, scan.at);
  return end < 0 ? -1 : trimmed(scan, end, scan.at + 1);
}

const HYPHENATED = /[A-Za-z0-9]+(?:[-_]#?[A-Za-z0-9]+)+/y;
const TICKET = /^(?:[A-Z]{2,10}-\d{3,}|[xX]\d?-\d{4,})$/;
const LONGEST_CODE = 80;

/** `A-1234-XY`, `INC-12345`: more than one hyphen, digits and letters, and no part that reads as a word. */
function code(scan: Scan): number {
  if (scan.at < scan.noCodeBefore) return -1;
  const end = matchEnd(HYPHENATED, scan, scan.at);
  if (end < 0) return -1;
  if (end - scan.at <= LONGEST_CODE && !isWordCharacter(scan, end)) {
    const name = scan.text.slice(scan.at, end);
    const mixed = /\d/.test(name) && /[A-Za-z]/.test(name) && !/[a-z]{2}/.test(name);
    if (TICKET.test(name) || (mixed && name.split("-").length > 2)) return end;
  }
  scan.noCodeBefore = end;
  return -1;
}

const HANDLE = /@[A-Za-z_]\w*(?:[.-]\w+)*(?:\/[\w.-]*\w)?/y;

/** `@handle`, `@scope/package`. */
function handle(scan: Scan): number {
  return matchEnd(HANDLE, scan, scan.at);
}

const HASHTAG = /#(?=[\w-]{0,40}[A-Za-z])\w+(?:-\w+)*/y;

/** `#hashtag`, `#A-1234-XY`; `#1` is two words. */
function hashtag(scan: Scan): number {
  return matchEnd(HASHTAG, scan, scan.at);
}

const ENTITY = /&(?:#x?[0-9A-Fa-f]{1,8}|[A-Za-z]{2,10});/y;

/** `&nbsp;` */
function entity(scan: Scan): number {
  return matchEnd(ENTITY, scan, scan.at);
}

/** Takes punctuation of the sentence off the end of an address, but no bracket that the address opened. */
function trimmed(scan: Scan, end: number, least: number): number {
  const { text } = scan;
  let at = end;
  let unopened: number | undefined;
  while (at > least) {
    const unit = text.charCodeAt(at - 1);
    if (unit === 0x29) {
      unopened ??= count(text, scan.at, end, ")") - count(text, scan.at, end, "(");
      if (unopened-- <= 0) return at;
    } else if (!isApostrophe(unit) && !".,;:!?*]}…".includes(text[at - 1]!)) return at;
    at--;
  }
  return at;
}

function count(text: string, start: number, end: number, mark: string): number {
  return text.slice(start, end).split(mark).length - 1;
}

function hasNameEnding(text: string, start: number, end: number): boolean {
  let dot = end - 1;
  while (dot > start && end - dot < LONGEST_ENDING && text.charCodeAt(dot) !== PERIOD) dot--;
  return (
    dot > start && text.charCodeAt(dot) === PERIOD && NAME_ENDINGS.has(text.slice(dot + 1, end).toLowerCase())
  );
}

const LONGEST_ENDING = 8;
const PERIOD = 0x2e;
const SLASH = 0x2f;
const TILDE = 0x7e;

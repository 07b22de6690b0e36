import { address, addressMarks } from "./addresses.js";
import { closeCluster, clusterEnd, inWordRun, Kind, kindAt, nextCodePoint } from "./characters.js";
import { clitic, elision, lettered } from "./lettered.js";
import { currency, emoticon, marks } from "./marks.js";
import { numeric } from "./numbers.js";
import { atWordStart, type Scan, take } from "./scan.js";

/**
 * Splits a stretch without white space into words, appended to `starts` and `ends`. At each place the first rule
 * that applies takes one or more words; what no rule knows is a word of one grapheme cluster or of one kind.
 */
export function splitStretch(
  text: string,
  start: number,
  end: number,
  starts: number[],
  ends: number[],
): void {
  const scan: Scan = { text, start, end, at: start, noCodeBefore: start, starts, ends };
  // A mark at the very end is the sentence's punctuation.
  const marks = addressMarks(text, start, end - start > 1 ? end - 1 : end);
  while (scan.at < end) {
    const first = starts.length;
    const kind = kindAt(text, scan.at);
    if (!((marks !== 0 && atWordStart(scan) && address(scan, marks)) || byKind(scan, kind))) {
      take(scan, clusterEnd(text, scan.at, end));
    }
    mend(scan, first);
  }
}

function byKind(scan: Scan, kind: Kind): boolean {
  if (kind === Kind.mark) {
    return emoticon(scan) || elision(scan) || clitic(scan) || numeric(scan) || currency(scan) || marks(scan);
  }
  if (kind === Kind.digit) return numeric(scan) || lettered(scan);
  if (inWordRun(kind)) return emoticon(scan) || lettered(scan);
  if (kind === Kind.kana) return kana(scan);
  return false;
}

function kana(scan: Scan): true {
  let at = scan.at;
  while (at < scan.end && (kindAt(scan.text, at) === Kind.kana || kindAt(scan.text, at) === Kind.extend)) {
    at = nextCodePoint(scan.text, at);
  }
  return take(scan, at);
}

/** Moves the end of the last word on so that it cuts no grapheme cluster. The cuts inside a rule are at ASCII. */
function mend(scan: Scan, first: number): void {
  for (let i = first; i < scan.ends.length; i++) {
    const end = closeCluster(scan.text, scan.ends[i]!, scan.end);
    if (end === scan.ends[i]) continue;
    scan.ends.length = i + 1;
    scan.starts.length = i + 1;
    scan.ends[i] = end;
    scan.at = end;
  }
}

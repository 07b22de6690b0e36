/**
 * What counts as white space everywhere in spanmill: what blocks fold and words never hold. Beyond Unicode's
 * White_Space it takes control characters, the zero-width space, the word joiner and the byte order mark: they
 * separate what a reader sees as separate, and tokenizers drop them and glue what stood on either side.
 * Zero-width joiners stay out: emoji and Indic words need them.
 */
export function isWhiteSpace(codeUnit: number): boolean {
  if (codeUnit <= 0x20) return true;
  if (codeUnit < 0x7f) return false;
  if (codeUnit <= 0xa0) return true; // DEL, C1 controls with NEL, no-break space
  if (codeUnit < 0x1680) return false;
  return (
    codeUnit === 0x1680 ||
    (codeUnit >= 0x2000 && codeUnit <= 0x200b) ||
    codeUnit === 0x2028 ||
    codeUnit === 0x2029 ||
    codeUnit === 0x202f ||
    codeUnit === 0x205f ||
    codeUnit === 0x2060 ||
    codeUnit === 0x3000 ||
    codeUnit === 0xfeff
  );
}

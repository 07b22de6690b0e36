/** What the demo prints: steps with a name each, one line that is drawn again on a terminal, records with their labels. */

import { grouped } from "../../dist/src/terminal/numbers.js";
import { BOLD, labelStyle, muted, paint } from "../../dist/src/terminal/palette.js";
import { canRedraw, terminalTraits } from "../../dist/src/terminal/traits.js";
import { columns, cut, printable } from "../../dist/src/terminal/visible.js";

const NAME = 9;
const BAR = 24;
/** Milliseconds between lines where nothing can be drawn again. */
const SELDOM = 2_000;

export function screen(stream, env) {
  const traits = terminalTraits(stream, env);
  const redraws = canRedraw(stream, env);
  let drawn = false;
  let last = -SELDOM;
  const erase = () => {
    if (drawn) stream.write("\r\u001b[K");
    drawn = false;
  };
  const step = (name, text) => {
    erase();
    const shown = traits.color === "none" || name === "" ? name.padEnd(NAME) : paint(BOLD, name.padEnd(NAME));
    stream.write(`${shown} ${text}\n`);
  };
  return {
    step,
    more: (text) => step("", text),
    blank: () => stream.write("\n"),
    progress({ records, total, lag, workers }) {
      const now = performance.now();
      const share = Math.min(1, records / total);
      const full = traits.unicode ? "━" : "#";
      const rest = traits.unicode ? "─" : "-";
      const done = Math.round(share * BAR);
      const bar = full.repeat(done) + rest.repeat(BAR - done);
      const counts = `${grouped(records).padStart(6)} records  ${grouped(lag).padStart(6)} to do  ${workers}`;
      const line = cut(`${" ".repeat(NAME)} ${bar} ${counts}`, traits.width - 1, traits.unicode);
      if (redraws) {
        stream.write(`\r\u001b[K${line}`);
        drawn = true;
      } else if (now - last >= SELDOM) {
        stream.write(`${line}\n`);
        last = now;
      }
    },
    record({ document_id: id, lenses }) {
      const spans = (lenses.ner?.spans ?? []).map(({ text, label, score }) => {
        const name = printable(text ?? "", traits.unicode);
        return { plain: `${name} ${label} ${score.toFixed(2)}`, name, label, score };
      });
      let line = `${" ".repeat(NAME)} ${printable(id, traits.unicode).padEnd(14)}`;
      let used = columns(line);
      for (const { plain, name, label, score } of spans) {
        used += 2 + columns(plain);
        if (used > traits.width) break;
        const grey = (text) => (traits.color === "none" ? text : paint(muted(traits.color), text));
        const ink = traits.color === "none" ? label : paint(labelStyle(label, traits.color).ink, label);
        line += `  ${name} ${ink} ${grey(score.toFixed(2))}`;
      }
      erase();
      stream.write(`${line}\n`);
    },
    erase,
  };
}

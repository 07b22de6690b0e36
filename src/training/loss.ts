/** The loss of one lens. */
import {
  add,
  div,
  logSoftmax,
  logSumExp,
  matMul,
  mul,
  neg,
  oneHot,
  reduceSum,
  reshape,
  sub,
} from "./graph/operators.js";
import { constant, type Value } from "./graph/value.js";

/** Takes a label that is not allowed out of the sum: exp(-1e5) is 0 in float32. */
const NOT_ALLOWED = 1e5;

/**
 * The mean of -log p(answer) over the answered rows; 0 where there are none.
 *
 * An answer below the number of labels is a label. One at or above it is a set of labels of which any is right, such
 * as "O, or one of those that this data set does not annotate": the probabilities of the set are summed (Jie et al.
 * 2019, "Better modeling of incomplete annotations for NER", with words taken one by one). An answer below 0, -100
 * by custom, is not counted.
 *
 * @param logits [rows, labels]. @param answers [rows] of int64.
 * @param sets the k-th holds the labels that the answer `labels + k` allows.
 * @returns a scalar.
 */
export function labelLoss(logits: Value, answers: Value, sets: readonly (readonly number[])[] = []): Value {
  const labels = logits.shape[1] as number;
  const chosen = oneHot(reshape(answers, [logits.shape[0]!]), labels + sets.length);
  const allowed = sets.length === 0 ? chosen : matMul(chosen, allowedLabels(labels, sets));
  const counted = reduceSum(chosen, [-1], true);
  const outside = mul(sub(allowed, 1), NOT_ALLOWED);
  const logProbability = logSumExp(add(logSoftmax(logits), outside));
  // The tiny number is lost in any count but 0, where it keeps 0 / 0 away.
  const count = add(reduceSum(counted), 1e-20);
  return div(neg(reduceSum(mul(logProbability, counted))), count);
}

/** [answers, labels]: 1 where the answer allows the label. */
function allowedLabels(labels: number, sets: readonly (readonly number[])[]): Value {
  const rows = [...Array.from({ length: labels }, (_, label) => [label]), ...sets];
  const table = rows.flatMap((row) =>
    Array.from({ length: labels }, (_, label) => (row.includes(label) ? 1 : 0)),
  );
  return constant(table, [rows.length, labels]);
}

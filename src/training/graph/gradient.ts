/**
 * Reverse mode: from a computation to the computation of its gradients, which is a graph like any other.
 *
 * Baydin et al., "Automatic differentiation in machine learning: a survey", section 3.2.
 */
import { GRADIENT_RULES, type GradientRule } from "./gradient-rules.js";
import { add } from "./operators.js";
import { show, wrongShape } from "./shape.js";
import { constant, inOrder, type Node, nodeOf, type Value } from "./value.js";

/**
 * The gradient of a scalar with respect to each of some values, in their order and shapes. The values may be
 * parameters, inputs, or made by the computation: the gradient of an embedding's gathered rows is the sparse gradient
 * of its table, one row for each id.
 */
export function gradients(scalar: Value, withRespectTo: readonly Value[]): Value[] {
  if (scalar.shape.length !== 0) throw wrongShape(`${show(scalar.shape)} is no scalar to differentiate`);
  const order = inOrder([scalar]);
  const concerned = dependents(order, withRespectTo);
  const found = new Map<Value, Value>([[scalar, constant(1)]]);

  for (const node of order.toReversed()) {
    const upstream = found.get(node.outputs[0]!);
    if (upstream === undefined || !concerned.has(node)) continue;
    const rule = GRADIENT_RULES[node.operator] as GradientRule;
    for (const [i, gradient] of rule(node as never, upstream).entries()) {
      const to = node.inputs[i]!;
      if (gradient === undefined) continue;
      const before = found.get(to);
      found.set(to, before === undefined ? gradient : add(before, gradient));
    }
  }

  return withRespectTo.map((value) => {
    const gradient = found.get(value);
    if (gradient === undefined) throw wrongShape(`the scalar does not depend on a ${show(value.shape)}`);
    return gradient;
  });
}

/** The nodes whose result changes with one of the values. Elsewhere no gradient is asked for. */
function dependents(order: readonly Node[], values: readonly Value[]): ReadonlySet<Node> {
  const wanted = new Set(values);
  const concerned = new Set<Node>();
  for (const node of order) {
    const depends = node.inputs.some((need) => {
      const before = nodeOf(need);
      return wanted.has(need) || (before !== undefined && concerned.has(before));
    });
    if (depends) concerned.add(node);
  }
  return concerned;
}

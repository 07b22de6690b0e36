/**
 * Measures again while it was not less than the budget: a machine that stands still for a moment lengthens one measurement,
 * a defect lengthens all of them.
 *
 * @returns the last one
 */
export async function leastOf(
  tries: number,
  budget: number,
  measure: () => Promise<number>,
): Promise<number> {
  for (let left = tries; ; left--) {
    const measured = await measure();
    if (measured < budget || left === 1) return measured;
  }
}

/**
 * What the output topic holds, held against what was sent.
 *
 * @param ids of the tickets
 * @param values of the records, as bytes
 * @returns `missing` and `unknown` ids, `repeated` records that had been there before, `different` ones among them
 */
export function prove(ids, values) {
  const wanted = new Set(ids);
  const first = new Map();
  const found = new Set();
  const unknown = new Set();
  let repeated = 0;
  let different = 0;
  for (const value of values) {
    const { record_id: record, document_id: id } = JSON.parse(value.toString());
    if (!wanted.has(id)) unknown.add(id);
    found.add(id);
    const earlier = first.get(record);
    if (earlier === undefined) first.set(record, value);
    else {
      repeated++;
      if (!earlier.equals(value)) different++;
    }
  }
  // A second answer for a ticket under another name would be no repetition, but no copy either.
  const answers = first.size - found.size;
  return {
    records: values.length,
    missing: [...wanted].filter((id) => !found.has(id)),
    unknown: [...unknown],
    repeated,
    different: different + answers,
  };
}

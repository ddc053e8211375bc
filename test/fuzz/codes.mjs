// Numbers of operations.

/** A code of a table of the addon's; of arrays of integers one that they have. */
export function code(random, addon, table, kind = Float32Array) {
  const codes = kind === Int32Array ? addon.int32Codes[table] : undefined;
  return { number: codes ? random.pick(codes) : random.integer(0, addon.opCounts[table] - 1) };
}

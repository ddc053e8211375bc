/** Values of an epoch, those of the validation data under the name of what they measure. */
export interface SplitValues {
  readonly training: Readonly<Record<string, number>>;
  readonly validation: Readonly<Record<string, number>>;
}

/** `{ loss, valLoss }` -> `{ training: { loss }, validation: { loss } }` */
export function splitValues(values: Readonly<Record<string, number>>): SplitValues {
  const training: Record<string, number> = {};
  const validation: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) {
    if (/^val[A-Z]/.test(name))
      validation[`${name.charAt(3).toLowerCase()}${name.slice(4)}`] = value;
    else training[name] = value;
  }
  return { training, validation };
}

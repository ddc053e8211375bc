/** Values of an epoch, those of the validation data under the name of what they measure. */
export interface SplitValues {
  readonly training: Readonly<Record<string, number>>;
  readonly validation: Readonly<Record<string, number>>;
}

/** `accuracy` -> `valAccuracy` */
export function validationName(name: string): string {
  return `val${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}

/** `valAccuracy` -> `accuracy`; null for a name that does not begin with `val` and a capital. */
export function validatedName(name: string): string | null {
  return /^val[A-Z]/.test(name) ? `${name.charAt(3).toLowerCase()}${name.slice(4)}` : null;
}

/** `{ loss, valLoss }` -> `{ training: { loss }, validation: { loss } }` */
export function splitValues(values: Readonly<Record<string, number>>): SplitValues {
  const training: Record<string, number> = {};
  const validation: Record<string, number> = {};
  for (const [name, value] of Object.entries(values)) {
    const validated = validatedName(name);
    if (validated === null) training[name] = value;
    else validation[validated] = value;
  }
  return { training, validation };
}

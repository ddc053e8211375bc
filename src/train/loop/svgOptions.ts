import { checkOptions, type OptionNames } from '../../options.js';

/** Options of `toSvg()`. */
export interface SvgOptions {
  /** Stands above the picture. */
  title?: string;
}

const NAMES: OptionNames<SvgOptions> = { title: true };

/** @throws ArgumentError for an unknown option */
export function checkedSvgOptions(owner: string, options: SvgOptions): SvgOptions {
  checkOptions(owner, options, NAMES);
  return options;
}

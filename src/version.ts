/** The version of this package, as in package.json; a constant, so that it is right inside of a bundle too. */
export const VERSION = '0.1.0';

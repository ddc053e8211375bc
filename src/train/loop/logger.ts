/** Where lines with values go: pino's loggers are such, and `console`. */
export interface Logger {
  info(values: object, message: string): void;
  warn(values: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { info() {}, warn() {} };

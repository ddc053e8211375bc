import { terminalText } from '../../terminal.js';

/** Where lines with values go: pino's loggers are such, and `console`. */
export interface Logger {
  info(values: object, message: string): void;
  warn(values: object, message: string): void;
}

/** Says nothing. */
export const silentLogger: Logger = { info() {}, warn() {} };

/**
 * A logger whose messages can be shown on a terminal, as `console` does: control characters in them are written as
 * `\x1b`.
 */
export function harmless(logger: Logger): Logger {
  return {
    info: (values, message) => logger.info(values, terminalText(message)),
    warn: (values, message) => logger.warn(values, terminalText(message)),
  };
}

export { TensorBoardWriter, type TensorBoardWriterOptions } from './writer.js';

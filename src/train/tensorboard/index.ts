export { TensorBoard, type TensorBoardOptions } from './callback.js';
export { TensorBoardWriter, type TensorBoardWriterOptions } from './writer.js';

export { TensorBoard, type TensorBoardOptions } from '../callbacks/tensorBoard.js';
export { TensorBoardWriter, type TensorBoardWriterOptions } from './writer.js';

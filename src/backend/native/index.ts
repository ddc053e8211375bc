import { BackendError, IndexFaultError } from '../../tensor/errors.js';
import type { Backend } from '../backend.js';
import { MAX_NATIVE_BYTES, type NativeAddon } from './addon.js';
import { defaultThreads } from './threads.js';

/**
 * Node frees native memory that JavaScript has lost only between two turns of the event loop. A program that
 * loses more than this without ever ending its turn gets ordinary memory, which V8 frees at once, but whose
 * kernels run one by one.
 */
const MAX_BYTES_PER_TURN = 2 ** 31;

function turnAllocator(allocate: (bytes: number) => ArrayBuffer): (bytes: number) => ArrayBuffer {
  let allocated = 0;
  return (bytes) => {
    if (allocated === 0) {
      setImmediate(() => {
        allocated = 0;
      }).unref();
    }
    allocated += bytes;
    const fits = bytes <= MAX_NATIVE_BYTES && allocated <= MAX_BYTES_PER_TURN;
    return fits ? allocate(bytes) : new ArrayBuffer(bytes);
  };
}

/** The backend that the addon computes; see {@link loadAddon}. */
export function nativeBackend(addon: NativeAddon): Backend {
  addon.setNumThreads(defaultThreads());

  function throwFault(): void {
    const fault = addon.takeFault();
    if (fault === null) return;
    const { kernel, index, limit, message } = fault;
    if (message !== null) throw new BackendError(`${kernel}: ${message}`);
    throw new IndexFaultError(
      `${kernel}: index ${index} is out of range for an axis of size ${limit}`,
    );
  }

  return {
    name: 'native',
    kernels: addon.kernels,
    info() {
      const { exactConvolution, ...rest } = addon.info();
      return {
        name: 'native',
        ...rest,
        convolutionPrecision: exactConvolution ? 'exact' : 'fast',
      };
    },
    setNumThreads: addon.setNumThreads,
    setConvolutionPrecision: (precision) => addon.setExactConvolution(precision === 'exact'),
    convAlgorithm: addon.convAlgorithm,
    submitted: addon.submitted,
    completed: addon.completed,
    synchronizeSync() {
      addon.synchronize();
      throwFault();
    },
    spin: addon.spin,
    wait: addon.wait,
    throwFault,
    allocate: turnAllocator(addon.allocate),
    keptBytes: addon.keptBytes,
    trimMemory: addon.trimMemory,
    scratchBytes: addon.scratchBytes,
  };
}

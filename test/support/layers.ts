import * as nn from '../../src/nn/index.js';
import type { DType } from '../../src/tensor/dtype.js';
import type { Tensor } from '../../src/tensor/tensor.js';
import { type Call, makeLayer } from './calls.js';
import { expectClose, type Tolerance } from './close.js';
import { type Notes, type Stored, tensorOf, valuesOf } from './fixtures.js';

/** What the fixtures say of a layer: how it is made, its state, and the gradients of its parameters. */
export interface LayerReference extends Pick<Notes, 'noGradcheck' | 'noSecondOrder'> {
  readonly made: Call & { readonly layer: string };
  /** Runs in evaluation mode. */
  readonly evaluated?: boolean;
  readonly state: Readonly<Record<string, Stored>>;
  readonly gradients: Readonly<Record<string, Stored>>;
}

/** And of `nn.json`: its inputs, the output, and the gradients. */
export interface ForwardReference extends LayerReference {
  readonly inputs: readonly (Stored & { readonly grad: boolean })[];
  readonly output: Stored;
  readonly cotangent: Stored;
  readonly inputGradients: readonly (Stored | null)[];
}

/** A layer of any kind, called with what its reference has. */
export interface AnyLayer extends nn.Module {
  forward(...inputs: readonly unknown[]): unknown;
}

/** A layer as its reference says, with the parameters that it starts with. */
export function freshLayer({ made, evaluated = false }: LayerReference): AnyLayer {
  return makeLayer(made).train(!evaluated) as AnyLayer;
}

/** A layer with the state of its reference. */
export function loadedLayer(reference: LayerReference, float: DType): AnyLayer {
  const layer = freshLayer(reference);
  layer.to(float);
  const state = Object.entries(reference.state);
  layer.loadStateDict(
    Object.fromEntries(state.map(([name, stored]) => [name, tensorOf(stored, float)])),
  );
  return layer;
}

/** Throws unless a parameter's gradient is PyTorch's. */
export function checkParameterGradient(
  { gradients }: LayerReference,
  name: string,
  gradient: Tensor | null | undefined,
  tolerance: Tolerance,
): void {
  const stored = gradients[name];
  if (stored === undefined) throw new Error(`PyTorch has no parameter ${name}`);
  expectClose(gradient ?? [], valuesOf(stored), tolerance, `gradient of ${name}`);
}

/** The names of all classes of layers. */
export function layerClasses(): string[] {
  const isLayer = (value: unknown): boolean =>
    typeof value === 'function' && (value === nn.Module || value.prototype instanceof nn.Module);
  return Object.entries(nn).flatMap(([name, value]) => (isLayer(value) ? [name] : []));
}

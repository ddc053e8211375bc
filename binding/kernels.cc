// One line a kernel: its parameters, as native/kernels.h declares them, and what they need. This is
// the line of memory safety: whatever JavaScript passes, a kernel that gets past it stays within
// its arrays. (Indices found in an array are for the kernel to check, where it uses them.)
#include "kernels.h"

#define AXONODE_ISA base
#include "native/base/ops.h"
#include "native/kernels.h"
#undef AXONODE_ISA
#if AXONODE_X86
#define AXONODE_ISA avx2
#include "native/kernels.h"
#undef AXONODE_ISA
#define AXONODE_ISA avx512
#include "native/kernels.h"
#undef AXONODE_ISA
#endif

namespace axonode {
namespace {

using base::ArgOp, base::BinaryOp, base::CompareOp, base::ReduceOp, base::UnaryGradOp,
    base::UnaryOp, base::UpsampleMode;

template <class Op>
constexpr int64_t countUpTo(Op last) {
  return static_cast<int64_t>(last) + 1;
}
constexpr int64_t kUnaryOps = countUpTo(UnaryOp::kAffine);
constexpr int64_t kUnaryGradOps = countUpTo(UnaryGradOp::kHardtanh);
constexpr int64_t kBinaryOps = countUpTo(BinaryOp::kGreaterHalf);
constexpr int64_t kCompareOps = countUpTo(CompareOp::kGe);
constexpr int64_t kReduceOps = countUpTo(ReduceOp::kSumAbs);
constexpr int64_t kArgOps = countUpTo(ArgOp::kMin);
constexpr int64_t kUpsampleModes = countUpTo(UpsampleMode::kCubicCorners);

// The operations that int32 has, as bits.
template <class... Op>
constexpr uint64_t bitsOf(Op... ops) {
  return ((uint64_t{1} << static_cast<int>(ops)) | ...);
}
constexpr uint64_t kIntUnaryOps = bitsOf(UnaryOp::kNeg, UnaryOp::kAbs, UnaryOp::kSign,
                                         UnaryOp::kSquare, UnaryOp::kRelu, UnaryOp::kClamp);
constexpr uint64_t kIntBinaryOps = ~bitsOf(BinaryOp::kAtan2);
constexpr uint64_t kIntReduceOps =
    bitsOf(ReduceOp::kSum, ReduceOp::kMax, ReduceOp::kMin, ReduceOp::kProd);

}  // namespace

const std::vector<Binding>& bindings() {
  static const std::vector<Binding> all = {
      // memory
      BIND(fill, (out, n, value), need(out, n)),
      BIND(cast, (out, x, n), need(out, n), need(x, n)),
      BIND(assign, (out, x, n), oneKind(out, x), need(out, n), need(x, n)),
      BIND(copyStrided, (out, x, plan), oneKind(out, x), strided(out, x, plan)),
      BIND(transpose, (out, x, batch, rows, cols), oneKind(out, x), need(out, batch * rows * cols),
           need(x, batch * rows * cols)),
      BIND(addScaled, (y, x, n, alpha), need(y, n), need(x, n)),

      // elementwise
      BIND(unary, (out, x, n, op, p, q), arithmetic(out), oneKind(out, x),
           code(op, kUnaryOps, kIntUnaryOps, x), need(out, n), need(x, n)),
      BIND(unaryGrad, (out, g, s, n, op, p, q), code(op, kUnaryGradOps), need(out, n), need(g, n),
           need(s, n)),
      BIND(binary, (out, a, b, n, op), arithmetic(out), oneKind(out, a, b),
           code(op, kBinaryOps, kIntBinaryOps, a), need(out, n), need(a, n), need(b, n)),
      BIND(binaryScalar, (out, a, scalar, n, op), arithmetic(out), oneKind(out, a),
           code(op, kBinaryOps, kIntBinaryOps, a), need(out, n), need(a, n)),
      BIND(binaryBroadcast, (out, a, b, plan, op), arithmetic(out), oneKind(out, a, b),
           code(op, kBinaryOps, kIntBinaryOps, a), broadcast(out, a, b, plan)),
      BIND(compare, (out, a, b, plan, op), oneKind(a, b), code(op, kCompareOps),
           broadcast(out, a, b, plan)),
      BIND(compareScalar, (out, a, scalar, n, op), code(op, kCompareOps), need(out, n), need(a, n)),
      BIND(where, (out, condition, a, b, n), oneKind(out, a, b), need(out, n), need(condition, n),
           need(a, n), need(b, n)),

      // reductions
      BIND(reduce, (out, x, outer, axis, inner, op), arithmetic(out), oneKind(out, x),
           code(op, kReduceOps, kIntReduceOps, x), need(out, outer * inner),
           need(x, outer * axis * inner)),
      BIND(argReduce, (out, x, outer, axis, inner, op), arithmetic(x), code(op, kArgOps),
           positive(axis), need(out, outer * inner), need(x, outer * axis * inner)),
      BIND(softmax, (out, x, outer, axis, inner, log), flag(log), need(out, outer * axis * inner),
           need(x, outer * axis * inner)),
      BIND(softmaxGrad, (dx, g, y, outer, axis, inner, log), flag(log),
           need(dx, outer * axis * inner), need(g, outer * axis * inner),
           need(y, outer * axis * inner)),

      // matrix product
      BIND(gemm,
           (c, a, b, bias, m, n, k, transA, transB, accumulate, batch, strideC, strideA, strideB),
           blasSize(m), blasSize(n), blasSize(k), flag(transA), flag(transB), flag(accumulate),
           need(c, span(batch, strideC, m * n)), need(a, span(batch, strideA, m * k)),
           need(b, span(batch, strideB, k * n)), optional(bias, n)),

      // indexing
      BIND(indexSelect, (out, x, index, outer, axis, inner, count), oneKind(out, x),
           need(out, outer * count * inner), need(x, outer * axis * inner), need(index, count)),
      BIND(indexAdd, (out, x, index, outer, axis, inner, count), need(out, outer * axis * inner),
           need(x, outer * count * inner), need(index, count)),
      BIND(gather, (out, x, index, outer, axis, inner, count), oneKind(out, x),
           need(out, outer * count * inner), need(x, outer * axis * inner),
           need(index, outer * count * inner)),
      BIND(scatterAdd, (out, x, index, outer, axis, inner, count), need(out, outer * axis * inner),
           need(x, outer * count * inner), need(index, outer * count * inner)),
      BIND(oneHot, (out, index, n, classes), need(out, n * classes), need(index, n)),

      // gradients of which only some rows are there
      BIND(coalesceRows, (rows, values, index, x, count, inner, limit, skip), rowCount(count),
           positive(inner), rowCount(limit), need(rows, capacity(count, limit)),
           need(values, capacity(count, limit) * inner), need(index, count),
           need(x, count * inner)),
      BIND(addRows, (out, values, rows, count, inner, limit), rowCount(count), rowCount(limit),
           need(out, limit * inner), need(values, count * inner), need(rows, count)),
      BIND(renormRows, (weight, index, count, inner, limit, maxNorm, normType), rowCount(count),
           rowCount(limit), need(weight, limit * inner), need(index, count)),

      // random numbers
      BIND(randomUniform, (out, n, seedLow, seedHigh, counter, low, high),
           philox(seedLow, seedHigh, counter), need(out, n)),
      BIND(randomNormal, (out, n, seedLow, seedHigh, counter, mean, std),
           philox(seedLow, seedHigh, counter), need(out, n)),
      BIND(randomInteger, (out, n, seedLow, seedHigh, counter, low, high),
           philox(seedLow, seedHigh, counter), int32Bounds(low, high), need(out, n)),
      BIND(dropout, (out, mask, x, n, inner, seedLow, seedHigh, counter, p),
           philox(seedLow, seedHigh, counter), positive(inner), need(out, n),
           need(mask, ceilDiv(n, inner)), need(x, n)),
      BIND(maskScale, (out, x, mask, n, inner, scale), positive(inner), need(out, n), need(x, n),
           need(mask, ceilDiv(n, inner))),

      // convolution and pooling
      BIND(conv2d, (out, x, w, bias, geometry), convolution(geometry), need(out, outputs(geometry)),
           need(x, inputs(geometry)), need(w, weights(geometry)),
           optional(bias, outChannels(geometry))),
      BIND(conv2dPacked, (out, x, packed, bias, add, geometry, format, relu), flag(relu),
           convolution(geometry), need(out, outputs(geometry)), need(x, inputs(geometry)),
           need(packed, packedWeights(geometry, format)), optional(bias, outChannels(geometry)),
           optional(add, outputs(geometry))),
      BIND(packConv2d, (packed, w, geometry, format), convolution(geometry),
           need(packed, packedWeights(geometry, format)), need(w, weights(geometry))),
      BIND(conv2dInputGrad, (dx, dy, w, bias, geometry), convolution(geometry),
           need(dx, inputs(geometry)), need(dy, outputs(geometry)), need(w, weights(geometry)),
           optional(bias, inChannels(geometry))),
      BIND(conv2dWeightGrad, (dw, dy, x, geometry), convolution(geometry),
           need(dw, weights(geometry)), need(dy, outputs(geometry)), need(x, inputs(geometry))),
      BIND(maxPool2d, (out, index, x, geometry), pooling(geometry), need(out, outputs(geometry)),
           need(index, outputs(geometry)), need(x, inputs(geometry))),
      BIND(maxPool2dGrad, (dx, dy, index, geometry), pooling(geometry), need(dx, inputs(geometry)),
           need(dy, outputs(geometry)), need(index, outputs(geometry))),
      BIND(maxPool2dGather, (out, x, index, geometry), pooling(geometry),
           need(out, outputs(geometry)), need(x, inputs(geometry)), need(index, outputs(geometry))),
      BIND(maxUnpool2d, (out, x, index, batch, pixels, channels, count),
           need(out, batch * pixels * channels), need(x, batch * count * channels),
           need(index, batch * count * channels)),
      BIND(avgPool2d, (out, x, geometry, padBottom, padRight, countPadding, divisorOverride),
           pooling(geometry), farPadding(padBottom, padRight), flag(countPadding),
           need(out, outputs(geometry)), need(x, inputs(geometry))),
      BIND(avgPool2dGrad, (dx, dy, geometry, padBottom, padRight, countPadding, divisorOverride),
           pooling(geometry), farPadding(padBottom, padRight), flag(countPadding),
           need(dx, inputs(geometry)), need(dy, outputs(geometry))),

      BIND(upsample2d,
           (out, x, batch, inHeight, inWidth, channels, outHeight, outWidth, scaleHeight,
            scaleWidth, mode),
           code(mode, kUpsampleModes), positive(inHeight), positive(inWidth), positive(channels),
           positive(outHeight), positive(outWidth),
           need(out, batch * outHeight * outWidth * channels),
           need(x, batch * inHeight * inWidth * channels)),
      BIND(upsample2dGrad,
           (dx, dy, batch, inHeight, inWidth, channels, outHeight, outWidth, scaleHeight,
            scaleWidth, mode),
           code(mode, kUpsampleModes), positive(inHeight), positive(inWidth), positive(channels),
           positive(outHeight), positive(outWidth), need(dx, batch * inHeight * inWidth * channels),
           need(dy, batch * outHeight * outWidth * channels)),

      // normalisation
      BIND(batchNorm,
           (out, mean, rstd, runningMean, runningVar, x, weight, bias, added, rows, channels,
            momentum, eps, relu),
           positive(rows), positive(channels), flag(relu), need(out, rows * channels),
           need(mean, channels), need(rstd, channels), need(runningMean, channels),
           need(runningVar, channels), need(x, rows * channels), optional(weight, channels),
           optional(bias, channels), optional(added, rows * channels)),
      BIND(batchNormInference,
           (out, x, mean, variance, weight, bias, added, rows, channels, eps, relu),
           positive(channels), flag(relu), need(out, rows * channels), need(x, rows * channels),
           need(mean, channels), need(variance, channels), optional(weight, channels),
           optional(bias, channels), optional(added, rows * channels)),
      BIND(batchNormGrad,
           (dx, dweight, dbias, dadded, g, x, y, mean, rstd, weight, rows, channels, training),
           positive(channels), flag(training), need(dx, rows * channels), need(dweight, channels),
           need(dbias, channels), optional(dadded, rows * channels), need(g, rows * channels),
           need(x, rows * channels), optional(y, rows * channels), need(mean, channels),
           need(rstd, channels), optional(weight, channels)),
      BIND(groupNorm, (out, mean, rstd, x, weight, bias, batch, spatial, channels, groups, eps),
           divides(groups, channels), positive(spatial), need(out, batch * spatial * channels),
           need(mean, batch * groups), need(rstd, batch * groups),
           need(x, batch * spatial * channels), optional(weight, channels),
           optional(bias, channels)),
      BIND(groupNormGrad,
           (dx, dweight, dbias, g, x, mean, rstd, weight, batch, spatial, channels, groups),
           divides(groups, channels), positive(spatial), need(dx, batch * spatial * channels),
           need(dweight, channels), need(dbias, channels), need(g, batch * spatial * channels),
           need(x, batch * spatial * channels), need(mean, batch * groups),
           need(rstd, batch * groups), optional(weight, channels)),

      // recurrent layers
      BIND(rnn, (out, hn, h0, weight, bias, sizes, batch, hidden, reverse, relu),
           packedSizes(sizes, batch), positive(hidden), flag(reverse), flag(relu),
           need(out, rows(sizes) * hidden), need(hn, batch * hidden), optional(h0, batch * hidden),
           need(weight, hidden * hidden), optional(bias, hidden)),
      BIND(rnnGrad, (dgates, dh0, g, ghn, out, weight, sizes, batch, hidden, reverse, relu),
           packedSizes(sizes, batch), positive(hidden), flag(reverse), flag(relu),
           need(dgates, rows(sizes) * hidden), need(dh0, batch * hidden),
           optional(g, rows(sizes) * hidden), optional(ghn, batch * hidden),
           need(out, rows(sizes) * hidden), need(weight, hidden * hidden)),
      BIND(lstm,
           (out, hn, cn, cells, gates, h0, c0, weight, bias, projection, sizes, batch, hidden,
            outputs, reverse),
           packedSizes(sizes, batch), positive(hidden), positive(outputs), flag(reverse),
           projects(projection, hidden, outputs), need(out, rows(sizes) * outputs),
           need(hn, batch * outputs), need(cn, batch * hidden), need(cells, rows(sizes) * hidden),
           need(gates, rows(sizes) * hidden * 4), optional(h0, batch * outputs),
           optional(c0, batch * hidden), need(weight, hidden * outputs * 4),
           optional(bias, hidden * Count(4))),
      BIND(lstmGrad,
           (dgates, dh0, dc0, dh, inner, g, ghn, gcn, gates, cells, c0, weight, projection, sizes,
            batch, hidden, outputs, reverse),
           packedSizes(sizes, batch), positive(hidden), positive(outputs), flag(reverse),
           projects(projection, hidden, outputs), need(dgates, rows(sizes) * hidden * 4),
           need(dh0, batch * outputs), need(dc0, batch * hidden),
           need(dh, ifProjected(projection, rows(sizes) * outputs)),
           need(inner, ifProjected(projection, rows(sizes) * hidden)),
           optional(g, rows(sizes) * outputs), optional(ghn, batch * outputs),
           optional(gcn, batch * hidden), need(gates, rows(sizes) * hidden * 4),
           need(cells, rows(sizes) * hidden), optional(c0, batch * hidden),
           need(weight, hidden * outputs * 4)),
      BIND(gru, (out, hn, candidate, gates, h0, weight, bias, sizes, batch, hidden, reverse),
           packedSizes(sizes, batch), positive(hidden), flag(reverse),
           need(out, rows(sizes) * hidden), need(hn, batch * hidden),
           need(candidate, rows(sizes) * hidden), need(gates, rows(sizes) * hidden * 3),
           optional(h0, batch * hidden), need(weight, hidden * hidden * 3),
           optional(bias, hidden * Count(3))),
      BIND(gruGrad,
           (dgates, dinner, dh0, g, ghn, out, gates, candidate, h0, weight, sizes, batch, hidden,
            reverse),
           packedSizes(sizes, batch), positive(hidden), flag(reverse),
           need(dgates, rows(sizes) * hidden * 3), need(dinner, rows(sizes) * hidden * 3),
           need(dh0, batch * hidden), optional(g, rows(sizes) * hidden),
           optional(ghn, batch * hidden), need(out, rows(sizes) * hidden),
           need(gates, rows(sizes) * hidden * 3), need(candidate, rows(sizes) * hidden),
           optional(h0, batch * hidden), need(weight, hidden * hidden * 3)),

      // losses
      BIND(crossEntropy,
           (loss, rowWeight, logProb, x, target, weight, rows, classes, ignoreIndex, smoothing),
           need(loss, rows), need(rowWeight, rows), need(logProb, rows * classes),
           need(x, rows * classes), need(target, rows), optional(weight, classes)),
      BIND(crossEntropyGrad,
           (dx, g, logProb, target, weight, rows, classes, ignoreIndex, smoothing),
           need(dx, rows * classes), need(g, rows), need(logProb, rows * classes),
           need(target, rows), optional(weight, classes)),
      BIND(bceWithLogits, (loss, x, target, posWeight, n, inner), positive(inner), need(loss, n),
           need(x, n), need(target, n), optional(posWeight, inner)),
      BIND(bceWithLogitsGrad, (dx, g, x, target, posWeight, n, inner), positive(inner), need(dx, n),
           need(g, n), need(x, n), need(target, n), optional(posWeight, inner)),

      // gradients of all parameters
      BIND(gradNorms, (total, norms, grads, sizes, normType), need(total, 1),
           need(norms, static_cast<int64_t>(sizes.size())), needEach(sizes, {&grads})),
      BIND(clipGradNorm, (grads, total, sizes, maxNorm), need(total, 1), needEach(sizes, {&grads})),
      BIND(clipGradValue, (grads, sizes, clipValue), needEach(sizes, {&grads})),

      // an optimiser's step
      BIND(optimizerStep, (params, states, grads, factors, scalars, sizes, rule),
           needEach(sizes, {&params, &grads}), updateRule(rule, sizes, states, factors, scalars)),
      BIND(optimizerStepRows,
           (param, states, values, rows, factors, scalars, count, inner, limit, rule),
           rowCount(count), rowCount(limit), need(param, limit * inner),
           updateRule(rule, limit * inner, states, factors, scalars), need(values, count * inner),
           need(rows, count)),
      BIND(momentumStepRows,
           (param, momentum, seen, values, rows, count, inner, limit, lr, keep, add, own, ahead,
            find),
           rowCount(count), rowCount(limit), flag(find), need(param, limit * inner),
           need(momentum, limit * inner), need(seen, limit * Count(2) + Count(1)),
           need(values, count * inner), need(rows, count)),
  };
  return all;
}

const char* convAlgorithm(Isa isa, int64_t pass, const Geometry& geometry, bool exact) {
  return AXONODE_VARIANTS(convAlgorithm)[static_cast<size_t>(isa)](pass, geometry, exact);
}

}  // namespace axonode

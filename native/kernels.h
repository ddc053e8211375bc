// The kernels of one instruction set. src/backend/kernels/index.ts, the same list in TypeScript,
// says what each computes; arguments have its order and meaning. Pointers may be unaligned to
// vectors; memory is float32.
//
// Included once per instruction set with AXONODE_ISA defined as the namespace, so no include guard.

#include "native/base/geometry.h"

namespace axonode::AXONODE_ISA {

// memory
void fill(Context&, AnyOut out, int64_t n, double value);
void cast(Context&, AnyOut out, AnyIn x, int64_t n);
void assign(Context&, AnyOut out, AnyIn x, int64_t n);
void copyStrided(Context&, AnyOut out, AnyIn x, Ints plan);
void transpose(Context&, AnyOut out, AnyIn x, int64_t batch, int64_t rows, int64_t cols);
void addScaled(Context&, float* y, const float* x, int64_t n, double alpha);

// elementwise
void unary(Context&, AnyOut out, AnyIn x, int64_t n, int64_t op, double p, double q);
void unaryGrad(Context&, float* out, const float* g, const float* s, int64_t n, int64_t op,
               double p, double q);
void binary(Context&, AnyOut out, AnyIn a, AnyIn b, int64_t n, int64_t op);
void binaryScalar(Context&, AnyOut out, AnyIn a, double scalar, int64_t n, int64_t op);
void binaryBroadcast(Context&, AnyOut out, AnyIn a, AnyIn b, Ints plan, int64_t op);
void compare(Context&, uint8_t* out, AnyIn a, AnyIn b, Ints plan, int64_t op);
void compareScalar(Context&, uint8_t* out, AnyIn a, double scalar, int64_t n, int64_t op);
void where(Context&, AnyOut out, const uint8_t* condition, AnyIn a, AnyIn b, int64_t n);

// reduce
void reduce(Context&, AnyOut out, AnyIn x, int64_t outer, int64_t axis, int64_t inner, int64_t op);
void argReduce(Context&, int32_t* out, AnyIn x, int64_t outer, int64_t axis, int64_t inner,
               int64_t op);

// gemm; bias may be null
void gemm(Context&, float* c, const float* a, const float* b, const float* bias, int64_t m,
          int64_t n, int64_t k, int64_t transA, int64_t transB, int64_t accumulate, int64_t batch,
          int64_t strideC, int64_t strideA, int64_t strideB);

// indexing
void indexSelect(Context&, AnyOut out, AnyIn x, const int32_t* index, int64_t outer, int64_t axis,
                 int64_t inner, int64_t count);
void indexAdd(Context&, float* out, const float* x, const int32_t* index, int64_t outer,
              int64_t axis, int64_t inner, int64_t count);
void gather(Context&, AnyOut out, AnyIn x, const int32_t* index, int64_t outer, int64_t axis,
            int64_t inner, int64_t count);
void scatterAdd(Context&, float* out, const float* x, const int32_t* index, int64_t outer,
                int64_t axis, int64_t inner, int64_t count);
void oneHot(Context&, AnyOut out, const int32_t* index, int64_t n, int64_t classes);
void coalesceRows(Context&, int32_t* rows, float* values, const int32_t* index, const float* x,
                  int64_t count, int64_t inner, int64_t limit, int64_t skip);
void addRows(Context&, float* out, const float* values, const int32_t* rows, int64_t count,
             int64_t inner, int64_t limit);
void renormRows(Context&, float* weight, const int32_t* index, int64_t count, int64_t inner,
                int64_t limit, double maxNorm, double normType);

// random
void randomUniform(Context&, float* out, int64_t n, int64_t seedLow, int64_t seedHigh,
                   int64_t counter, double low, double high);
void randomNormal(Context&, float* out, int64_t n, int64_t seedLow, int64_t seedHigh,
                  int64_t counter, double mean, double std);
void randomInteger(Context&, int32_t* out, int64_t n, int64_t seedLow, int64_t seedHigh,
                   int64_t counter, int64_t low, int64_t high);
void dropout(Context&, float* out, uint8_t* mask, const float* x, int64_t n, int64_t inner,
             int64_t seedLow, int64_t seedHigh, int64_t counter, double p);
void maskScale(Context&, float* out, const float* x, const uint8_t* mask, int64_t n, int64_t inner,
               double scale);

// conv; images are [N, H, W, C] in memory; bias may be null
void conv2d(Context&, float* out, const float* x, const float* w, const float* bias,
            const Geometry& geometry);
void conv2dPacked(Context&, float* out, const float* x, const float* packed, const float* bias,
                  const float* add, const Geometry& geometry, int64_t format, int64_t relu);
void packConv2d(Context&, float* packed, const float* w, const Geometry& geometry, int64_t format);
void conv2dInputGrad(Context&, float* dx, const float* dy, const float* w, const float* bias,
                     const Geometry& geometry);
void conv2dWeightGrad(Context&, float* dw, const float* dy, const float* x,
                      const Geometry& geometry);

// pool; images are [N, H, W, C] in memory
void maxPool2d(Context&, float* out, int32_t* index, const float* x, const Geometry& geometry);
void maxPool2dGrad(Context&, float* dx, const float* dy, const int32_t* index,
                   const Geometry& geometry);
void maxPool2dGather(Context&, float* out, const float* x, const int32_t* index,
                     const Geometry& geometry);
void maxUnpool2d(Context&, float* out, const float* x, const int32_t* index, int64_t batch,
                 int64_t pixels, int64_t channels, int64_t count);
void avgPool2d(Context&, float* out, const float* x, const Geometry& geometry,
               const Averaging& averaging);
void avgPool2dGrad(Context&, float* dx, const float* dy, const Geometry& geometry,
                   const Averaging& averaging);
void upsample2d(Context&, float* out, const float* x, const Upsampling& upsampling, int64_t mode);
void upsample2dGrad(Context&, float* dx, const float* dy, const Upsampling& upsampling,
                    int64_t mode);

// norm; images are [N, H, W, C] in memory; y, weight, bias, added and dadded may be null
void batchNorm(Context&, float* out, float* mean, float* rstd, float* runningMean,
               float* runningVar, const float* x, const float* weight, const float* bias,
               const float* added, int64_t rows, int64_t channels, double momentum, double eps,
               int64_t relu);
void batchNormInference(Context&, float* out, const float* x, const float* mean,
                        const float* variance, const float* weight, const float* bias,
                        const float* added, int64_t rows, int64_t channels, double eps,
                        int64_t relu);
void batchNormGrad(Context&, float* dx, float* dweight, float* dbias, float* dadded, const float* g,
                   const float* x, const float* y, const float* mean, const float* rstd,
                   const float* weight, int64_t rows, int64_t channels, int64_t training);
void groupNorm(Context&, float* out, float* mean, float* rstd, const float* x, const float* weight,
               const float* bias, const Grouping& grouping, double eps);
void groupNormGrad(Context&, float* dx, float* dweight, float* dbias, const float* g,
                   const float* x, const float* mean, const float* rstd, const float* weight,
                   const Grouping& grouping);

// recurrent; h0, c0, bias, projection and the gradients g, ghn and gcn may be null
void rnn(Context&, float* out, float* hn, const float* h0, const float* weight, const float* bias,
         const Sequences& sequences, int64_t relu);
void rnnGrad(Context&, float* dgates, float* dh0, const float* g, const float* ghn,
             const float* out, const float* weight, const Sequences& sequences, int64_t relu);
void lstm(Context&, float* out, float* hn, float* cn, float* cells, float* gates, const float* h0,
          const float* c0, const float* weight, const float* bias, const float* projection,
          const Sequences& sequences);
void lstmGrad(Context&, float* dgates, float* dh0, float* dc0, float* dh, float* inner,
              const float* g, const float* ghn, const float* gcn, const float* gates,
              const float* cells, const float* c0, const float* weight, const float* projection,
              const Sequences& sequences);
void gru(Context&, float* out, float* hn, float* candidate, float* gates, const float* h0,
         const float* weight, const float* bias, const Sequences& sequences);
void gruGrad(Context&, float* dgates, float* dinner, float* dh0, const float* g, const float* ghn,
             const float* out, const float* gates, const float* candidate, const float* h0,
             const float* weight, const Sequences& sequences);

// loss; weight and posWeight may be null
void softmax(Context&, float* out, const float* x, int64_t outer, int64_t axis, int64_t inner,
             int64_t log);
void softmaxGrad(Context&, float* dx, const float* g, const float* y, int64_t outer, int64_t axis,
                 int64_t inner, int64_t log);
void crossEntropy(Context&, float* loss, float* rowWeight, float* logProb, const float* x,
                  const int32_t* target, const float* weight, int64_t rows, int64_t classes,
                  int64_t ignoreIndex, double smoothing);
void crossEntropyGrad(Context&, float* dx, const float* g, const float* logProb,
                      const int32_t* target, const float* weight, int64_t rows, int64_t classes,
                      int64_t ignoreIndex, double smoothing);
void bceWithLogits(Context&, float* loss, const float* x, const float* target,
                   const float* posWeight, int64_t n, int64_t inner);
void bceWithLogitsGrad(Context&, float* dx, const float* g, const float* x, const float* target,
                       const float* posWeight, int64_t n, int64_t inner);

// optim: gradients of all parameters at once, of which the clips work in place, and steps of
// optimisers, in place too
void gradNorms(Context&, float* total, float* norms, InList grads, Ints sizes, double normType);
void clipGradNorm(Context&, OutList grads, const float* total, Ints sizes, double maxNorm);
void clipGradValue(Context&, OutList grads, Ints sizes, double clipValue);
void optimizerStep(Context&, OutList params, OutList states, InList grads, Doubles factors,
                   Doubles scalars, Ints sizes, int64_t rule);
void optimizerStepRows(Context&, float* param, OutList states, const float* values,
                       const int32_t* rows, Doubles factors, Doubles scalars, int64_t count,
                       int64_t inner, int64_t limit, int64_t rule);
void momentumStepRows(Context&, float* param, float* momentum, int32_t* seen, const float* values,
                      const int32_t* rows, int64_t count, int64_t inner, int64_t limit,
                      const MomentumStep& step, int64_t find);

}  // namespace axonode::AXONODE_ISA

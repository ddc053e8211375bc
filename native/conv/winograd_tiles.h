// The two-dimensional transforms of Winograd convolution, between images or weights in memory and
// frequencies: arrays [frequency][row][channel], one matrix per frequency, multiplied separately.
// M is 4 or 2; there are (M + 2)^2 frequencies.
#pragma once

#include "native/conv/layout.h"

namespace axonode::AXONODE_ISA {

// Outputs of M x M, the last ones cut off; tile t covers rows from t / wide % high * M on.
struct TileGrid {
  int64_t height, width;  // of the output image
  int64_t high, wide;     // tiles
};
TileGrid tileGrid(int64_t m, int64_t height, int64_t width);

// The image that a 3x3 window slides over, zero outside.
struct WindowImage {
  const float* data;
  int64_t height, width, channels;  // channels >= kLanes
  int64_t padTop, padLeft;
};

// Where a matrix per frequency lies.
struct Frequencies {
  float* data;
  int64_t stride;     // from one frequency to the next
  int64_t rowStride;  // from one row (tile or channel) to the next
};

// Rows and matrices whose first elements fall into different cache sets: rows are read a register
// tile at a time, and a transform writes to all matrices in turn.
constexpr int64_t spreadRow(int64_t floats) {
  return floats * 4 % (kAliasBytes / 2) == 0 ? floats + 16 : floats;
}
constexpr int64_t spreadMatrix(int64_t floats) {
  return (ceilDivide(floats, 16) | 1) * 16;  // an odd number of cache lines
}

// Input windows of tiles [begin, end) -> to[f][tile - begin][channel].
template <int M>
void transformInput(const WindowImage& image, const TileGrid& grid, int64_t begin, int64_t end,
                    const Frequencies& to);
// Output gradients of tiles [begin, end) -> to[f][tile - begin][channel].
template <int M>
void transformGrad(const float* dy, int64_t channels, const TileGrid& grid, int64_t begin,
                   int64_t end, const Frequencies& to);
// What is added to outputs, and whether max(0, that) is taken.
struct TileFinish {
  const float* bias;  // of each channel, or null
  const float* add;   // laid out as the outputs, or null
  bool relu;

  // From a channel on.
  TileFinish from(int64_t channel) const {
    return {bias ? bias + channel : nullptr, add ? add + channel : nullptr, relu};
  }
};
// from[f][tile - begin][0 ... count), finished -> count channels from out on, of `channels`.
template <int M>
void transformOutput(const Frequencies& from, int64_t count, const TileFinish& finish, float* out,
                     int64_t channels, const TileGrid& grid, int64_t begin, int64_t end);

// Which convolution the weights are for: rows and columns of the matrices.
enum class WeightUse {
  forward,    // [channel][output]
  inputGrad,  // [output][channel], taps turned by 180 degrees
};
// Columns column0 ... + to.rowStride (a multiple of kLanes, padded with zeros), rows [begin, end)
// -> to[f][row - begin][column - column0].
template <int M>
void transformWeights(const Weights& w, WeightUse use, int64_t column0, int64_t begin, int64_t end,
                      const Frequencies& to);
// from[f][row][column], summed over parts -> dw[k0 + column][c0 + row][tap].
template <int M>
void inverseWeights(const Frequencies& from, int64_t parts, int64_t partStride, int64_t rows,
                    int64_t columns, float* dw, int64_t channels, int64_t c0, int64_t k0);

}  // namespace axonode::AXONODE_ISA

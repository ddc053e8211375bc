#include "native/conv/winograd_tiles.h"

#include "native/base/tile_transpose.h"
#include "native/conv/winograd_transforms.h"

namespace axonode::AXONODE_ISA {

TileGrid tileGrid(int64_t m, int64_t height, int64_t width) {
  return {height, width, ceilDivide(height, m), ceilDivide(width, m)};
}

namespace {

const float zeroVector[kLanes] = {};

// A pixel's channels; outside of the image the step is 0 and the same zeros are read again.
struct Pixel {
  const float* data;
  int64_t step;
  AXONODE_INLINE_MEMBER VecF at(int64_t channel) const { return load(data + step * channel); }
};

// A one-dimensional transform, In to Out, applied to the columns of a square and then to the rows
// of what comes out: pixel(i, j) gives the square, row(i, values) takes the result.
template <int In, int Out, void (*Transform)(const VecF (&)[In], VecF (&)[Out]), class Load,
          class Row>
AXONODE_INLINE void transformSquare(const Load& pixel, const Row& row) {
  VecF d[Out][In];
#pragma GCC unroll 6
  for (int j = 0; j < In; j++) {
    VecF column[In], o[Out];
#pragma GCC unroll 6
    for (int i = 0; i < In; i++) column[i] = pixel(i, j);
    Transform(column, o);
#pragma GCC unroll 6
    for (int i = 0; i < Out; i++) d[i][j] = o[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < Out; i++) {
    VecF o[Out];
    Transform(d[i], o);
    row(i, o);
  }
}

template <int A>
AXONODE_INLINE auto toFrequencies(float* to, int64_t stride) {
  return [to, stride](int i, const VecF(&o)[A]) {
#pragma GCC unroll 6
    for (int j = 0; j < A; j++) store(to + (i * A + j) * stride, o[j]);
  };
}

struct TilePlace {
  int64_t n, y, x;
};
template <int M>
AXONODE_INLINE TilePlace placeOf(const TileGrid& grid, int64_t tile) {
  const int64_t inImage = tile % (grid.high * grid.wide);
  return {tile / (grid.high * grid.wide), inImage / grid.wide * M, inImage % grid.wide * M};
}

// The last vector of channels starts early enough to be full.
AXONODE_INLINE int64_t vectorStart(int64_t c, int64_t channels) {
  return smaller(c, channels - kLanes);
}

}  // namespace

template <int M>
void transformInput(const WindowImage& image, const TileGrid& grid, int64_t begin, int64_t end,
                    const Frequencies& to) {
  constexpr int A = M + 2;
  const int64_t rowStride = image.width * image.channels;
  for (int64_t tile = begin; tile < end; tile++) {
    const TilePlace place = placeOf<M>(grid, tile);
    const int64_t y0 = place.y - image.padTop, x0 = place.x - image.padLeft;
    const float* plane = image.data + place.n * image.height * rowStride;
    float* target = to.data + (tile - begin) * to.rowStride;
    if (y0 >= 0 && x0 >= 0 && y0 + A <= image.height && x0 + A <= image.width) {
      const float* corner = plane + y0 * rowStride + x0 * image.channels;
      for (int64_t block = 0; block < image.channels; block += kLanes) {
        const int64_t c = vectorStart(block, image.channels);
        transformSquare<A, A, Winograd<M>::input>(
            [&](int i, int j) { return load(corner + i * rowStride + j * image.channels + c); },
            toFrequencies<A>(target + c, to.stride));
      }
      continue;
    }
    Pixel pixels[A][A];
    for (int i = 0; i < A; i++) {
      for (int j = 0; j < A; j++) {
        const int64_t y = y0 + i, x = x0 + j;
        const bool inside = y >= 0 && y < image.height && x >= 0 && x < image.width;
        pixels[i][j] =
            inside ? Pixel{plane + y * rowStride + x * image.channels, 1} : Pixel{zeroVector, 0};
      }
    }
    for (int64_t block = 0; block < image.channels; block += kLanes) {
      const int64_t c = vectorStart(block, image.channels);
      transformSquare<A, A, Winograd<M>::input>([&](int i, int j) { return pixels[i][j].at(c); },
                                                toFrequencies<A>(target + c, to.stride));
    }
  }
}

template <int M>
void transformGrad(const float* dy, int64_t channels, const TileGrid& grid, int64_t begin,
                   int64_t end, const Frequencies& to) {
  constexpr int A = M + 2;
  for (int64_t tile = begin; tile < end; tile++) {
    const TilePlace place = placeOf<M>(grid, tile);
    const float* plane = dy + place.n * grid.height * grid.width * channels;
    float* target = to.data + (tile - begin) * to.rowStride;
    Pixel pixels[M][M];
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < M; j++) {
        const int64_t y = place.y + i, x = place.x + j;
        pixels[i][j] = y < grid.height && x < grid.width
                           ? Pixel{plane + (y * grid.width + x) * channels, 1}
                           : Pixel{zeroVector, 0};
      }
    }
    for (int64_t block = 0; block < channels; block += kLanes) {
      const int64_t c = vectorStart(block, channels);
      transformSquare<M, A, Winograd<M>::grad>([&](int i, int j) { return pixels[i][j].at(c); },
                                               toFrequencies<A>(target + c, to.stride));
    }
  }
}

template <int M>
void transformOutput(const Frequencies& from, int64_t count, const TileFinish& finish, float* out,
                     int64_t channels, const TileGrid& grid, int64_t begin, int64_t end) {
  constexpr int A = M + 2;
  for (int64_t tile = begin; tile < end; tile++) {
    const TilePlace place = placeOf<M>(grid, tile);
    const int64_t corner = ((place.n * grid.height + place.y) * grid.width + place.x) * channels;
    const int64_t rows = smaller<int64_t>(M, grid.height - place.y);
    const int64_t cols = smaller<int64_t>(M, grid.width - place.x);
    const float* source = from.data + (tile - begin) * from.rowStride;
    for (int64_t block = 0; block < count; block += kLanes) {
      // Fewer than a vector's channels are left: whole vectors are computed, some lanes written.
      const int64_t lanes = smaller<int64_t>(count, kLanes);
      const int64_t c = lanes < kLanes ? 0 : vectorStart(block, count);
      const auto some = [&](const float* p) {
        return lanes < kLanes ? loadPartial(p, lanes) : load(p);
      };
      const VecF start = finish.bias ? some(finish.bias + c) : VecF{};
      transformSquare<A, M, Winograd<M>::output>(
          [&](int i, int j) { return load(source + (i * A + j) * from.stride + c); },
          [&](int i, const VecF(&o)[M]) {
            if (i >= rows) return;
            const int64_t row = corner + i * grid.width * channels + c;
#pragma GCC unroll 6
            for (int j = 0; j < M; j++) {
              if (j >= cols) continue;
              const int64_t at = row + j * channels;
              VecF value = o[j] + start;
              if (finish.add) value += some(finish.add + at);
              if (finish.relu) value = maxOrSecond(VecF{}, value);
              if (lanes == kLanes) {
                store(out + at, value);
              } else {
                storePartial(out + at, value, lanes);
              }
            }
          });
    }
  }
}

namespace {

// Taps of weights, one vector per tap: taps[row][tap] has the weights of neighbouring columns.
using TapVectors = VecF[9];

// kLanes outputs from column on (those below w.outputs), of up to kLanes channels from c on.
void loadForwardTaps(const Weights& w, int64_t column, int64_t c, int64_t count, TapVectors* taps) {
  const int64_t outputStride = w.channels * 9, length = count * 9;
  const float* source = w.data + column * outputStride + c * 9;
  VecF* flat = taps[0];
  if (w.outputs - column >= kLanes && length >= kLanes) {
    for (int64_t q = 0; q < length; q += kLanes) {
      const int64_t first = smaller(q, length - kLanes);
      VecF rows[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) rows[i] = load(source + i * outputStride + first);
      transposeSquare(rows);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) flat[first + i] = rows[i];
    }
    return;
  }
  for (int64_t q = 0; q < length; q++) {
    VecF v{};
    for (int64_t i = 0; i < kLanes && column + i < w.outputs; i++)
      v[i] = source[i * outputStride + q];
    flat[q] = v;
  }
}

// kLanes channels from column on (those below w.channels) of output k, taps in reverse.
void loadInputGradTaps(const Weights& w, int64_t column, int64_t k, TapVectors& taps) {
  const int64_t offset = (k * w.channels + column) * 9;
  const float* source = w.data + offset;
  constexpr int64_t reach = (kLanes - 1) * 9 + (kLanes > 9 ? kLanes : 9);
  if (w.channels - column >= kLanes && offset + reach <= w.outputs * w.channels * 9) {
#pragma GCC unroll 3
    for (int first = 0; first < 9; first += kLanes) {
      // The ninth tap alone is the end of an overlapping square.
      const int start = first + kLanes > 9 && kLanes < 9 ? 9 - kLanes : first;
      VecF rows[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) rows[i] = load(source + i * 9 + start);
      transposeSquare(rows);
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) {
        if (start + i < 9) taps[8 - start - i] = rows[i];
      }
    }
    return;
  }
  for (int t = 0; t < 9; t++) {
    VecF v{};
    for (int64_t i = 0; i < kLanes && column + i < w.channels; i++) v[i] = source[i * 9 + t];
    taps[8 - t] = v;
  }
}

template <int M>
void storeWeights(const TapVectors& taps, float* to, int64_t stride) {
  transformSquare<3, M + 2, Winograd<M>::weight>([&](int i, int j) { return taps[i * 3 + j]; },
                                                 toFrequencies<M + 2>(to, stride));
}

}  // namespace

template <int M>
void transformWeights(const Weights& w, WeightUse use, int64_t column0, int64_t begin, int64_t end,
                      const Frequencies& to) {
  TapVectors taps[kLanes];
  for (int64_t j = 0; j < to.rowStride; j += kLanes) {
    for (int64_t row = begin; row < end; row += kLanes) {
      const int64_t count = smaller<int64_t>(kLanes, end - row);
      if (use == WeightUse::forward) {
        loadForwardTaps(w, column0 + j, row, count, taps);
      } else {
        for (int64_t i = 0; i < count; i++) loadInputGradTaps(w, column0 + j, row + i, taps[i]);
      }
      for (int64_t i = 0; i < count; i++) {
        storeWeights<M>(taps[i], to.data + (row - begin + i) * to.rowStride + j, to.stride);
      }
    }
  }
}

template <int M>
void inverseWeights(const Frequencies& from, int64_t parts, int64_t partStride, int64_t rows,
                    int64_t columns, float* dw, int64_t channels, int64_t c0, int64_t k0) {
  constexpr int A = M + 2;
  TapVectors taps[kLanes];
  for (int64_t column = 0; column < columns; column += kLanes) {
    for (int64_t row = 0; row < rows; row += kLanes) {
      const int64_t count = smaller<int64_t>(kLanes, rows - row);
      for (int64_t r = 0; r < count; r++) {
        const float* source = from.data + (row + r) * from.rowStride + column;
        const auto sum = [&](int i, int j) {
          const float* place = source + (i * A + j) * from.stride;
          VecF m = load(place);
          __builtin_prefetch(place + 2 * from.rowStride);
          for (int64_t part = 1; part < parts; part++) m += load(place + part * partStride);
          return m;
        };
        transformSquare<A, 3, Winograd<M>::inverse>(sum, [&](int i, const VecF(&o)[3]) {
#pragma GCC unroll 3
          for (int j = 0; j < 3; j++) taps[r][i * 3 + j] = o[j];
        });
      }
      // taps is a matrix [count * 9][kLanes]; dw wants its transpose.
      float* target = dw + ((k0 + column) * channels + c0 + row) * 9;
      const int64_t length = count * 9, lanes = smaller<int64_t>(kLanes, columns - column);
      const VecF* flat = taps[0];
      for (int64_t q = 0; q < length; q += kLanes) {
        if (lanes < kLanes || length < kLanes) {
          for (int64_t i = q; i < smaller(q + kLanes, length); i++) {
            for (int64_t j = 0; j < lanes; j++) target[j * channels * 9 + i] = flat[i][j];
          }
          continue;
        }
        const int64_t first = smaller(q, length - kLanes);
        VecF square[kLanes];
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; i++) square[i] = flat[first + i];
        transposeSquare(square);
#pragma GCC unroll 16
        for (int i = 0; i < kLanes; i++) store(target + i * channels * 9 + first, square[i]);
      }
    }
  }
}

#define AXONODE_INSTANTIATE(M)                                                                    \
  template void transformInput<M>(const WindowImage&, const TileGrid&, int64_t, int64_t,          \
                                  const Frequencies&);                                            \
  template void transformGrad<M>(const float*, int64_t, const TileGrid&, int64_t, int64_t,        \
                                 const Frequencies&);                                             \
  template void transformOutput<M>(const Frequencies&, int64_t, const TileFinish&, float*,        \
                                   int64_t, const TileGrid&, int64_t, int64_t);                   \
  template void transformWeights<M>(const Weights&, WeightUse, int64_t, int64_t, int64_t,         \
                                    const Frequencies&);                                          \
  template void inverseWeights<M>(const Frequencies&, int64_t, int64_t, int64_t, int64_t, float*, \
                                  int64_t, int64_t, int64_t)
AXONODE_INSTANTIATE(4);
AXONODE_INSTANTIATE(2);
#undef AXONODE_INSTANTIATE

}  // namespace axonode::AXONODE_ISA

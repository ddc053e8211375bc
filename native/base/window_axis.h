// One axis of pooling and depthwise windows, and a loop over channels in whole vectors.
#pragma once

#include "native/base/geometry.h"
#include "native/base/parallel.h"
#include "native/base/simd.h"

namespace axonode::AXONODE_ISA {
namespace {

// Height or width: output i's window covers input pixels i * stride - pad + t * dilation.
struct WindowAxis {
  int64_t inSize, outSize, kernel, stride, pad, dilation;

  int64_t start(int64_t i) const { return i * stride - pad; }
  // Taps of output i that lie inside of the input.
  Range taps(int64_t i) const {
    const int64_t first = start(i);
    const int64_t begin = first < 0 ? (-first + dilation - 1) / dilation : 0;
    const int64_t room = inSize - first;
    const int64_t end = room > 0 ? smaller(kernel, (room - 1) / dilation + 1) : 0;
    return {begin, larger(begin, end)};
  }
  // Outputs whose window may contain input pixel h; with dilation some step over it, see tapAt.
  Range windows(int64_t h) const {
    const int64_t low = h + pad - (kernel - 1) * dilation, high = h + pad;
    const int64_t begin = low > 0 ? (low + stride - 1) / stride : 0;
    const int64_t end = high >= 0 ? smaller(outSize, high / stride + 1) : 0;
    return {begin, larger(begin, end)};
  }
  // The tap with which output i sees input pixel h, or -1.
  int64_t tapAt(int64_t i, int64_t h) const {
    const int64_t distance = h - start(i);
    return distance % dilation == 0 ? distance / dilation : -1;
  }
};

[[maybe_unused]] WindowAxis rowAxis(const Geometry& g) {
  return {g.inHeight, g.outHeight, g.kernelHeight, g.strideHeight, g.padTop, g.dilationHeight};
}
[[maybe_unused]] WindowAxis colAxis(const Geometry& g) {
  return {g.inWidth, g.outWidth, g.kernelWidth, g.strideWidth, g.padLeft, g.dilationWidth};
}

// The channels of one vector. A last vector that is not full reads and writes through a copy, but
// when there are kLanes channels at all it starts earlier instead and does some of them twice.
struct ChannelBlock {
  int64_t first, count;

  template <class T>
  Vec<T> get(const T* p) const {
    return count == kLanes ? load(p + first) : loadPartial(p + first, count);
  }
  template <class T>
  void put(T* p, Vec<T> v) const {
    if (count == kLanes) {
      store(p + first, v);
    } else {
      storePartial(p + first, v, count);
    }
  }
};

// body(block) for all channels.
template <class Body>
AXONODE_INLINE void forChannels(int64_t channels, const Body& body) {
  if (channels < kLanes) {
    body(ChannelBlock{0, channels});
    return;
  }
  for (int64_t c = 0; c < channels; c += kLanes) {
    body(ChannelBlock{smaller(c, channels - kLanes), kLanes});
  }
}

}  // namespace
}  // namespace axonode::AXONODE_ISA

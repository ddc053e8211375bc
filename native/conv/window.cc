// Copying windows and padded rows out of an image; slicing the window.
#include "native/base/tile_transpose.h"
#include "native/conv/gather.h"

namespace axonode::AXONODE_ISA {

WindowSlices sliceWindow(const GatherProduct& p, int64_t longest) {
  const int64_t rowTaps = larger<int64_t>(p.rows.taps, 1);
  const int64_t colTaps = larger<int64_t>(p.cols.taps, 1);
  const int64_t windowRow = colTaps * p.channels;
  if (windowRow <= longest) {
    return {ceilDivide(rowTaps, larger<int64_t>(1, longest / windowRow)), 1, 1};
  }
  if (p.channels <= longest) return {rowTaps, ceilDivide(colTaps, longest / p.channels), 1};
  return {rowTaps, colTaps, ceilDivide(p.channels, longest)};
}

WindowSlice WindowSlices::operator()(const GatherProduct& p, int64_t index) const {
  const int64_t channel = index % channelParts;
  const int64_t col = index / channelParts % colParts;
  const int64_t row = index / channelParts / colParts;
  return {p.rows.taps * row / rowParts,        p.rows.taps * (row + 1) / rowParts,
          p.cols.taps * col / colParts,        p.cols.taps * (col + 1) / colParts,
          p.channels * channel / channelParts, p.channels * (channel + 1) / channelParts};
}

void gatherWindows(const GatherProduct& p, const WindowSlice& slice, int64_t first, int64_t count,
                   float* to, int64_t stride) {
  const int64_t gridWidth = p.cols.gridSize, gridArea = p.rows.gridSize * gridWidth;
  const int64_t inRow = p.cols.inSize * p.inPixel;
  const int64_t channels = slice.channel1 - slice.channel0;
  const int64_t colTaps = slice.col1 - slice.col0;
  // Pixels whose channels follow each other are copied as one run.
  const bool runs = p.cols.tapStep == 1 && channels == p.inPixel;
  int64_t n = first / gridArea, i = first % gridArea / gridWidth, j = first % gridWidth;
  for (int64_t point = 0; point < count; point++, to += stride) {
    const float* image = p.in + n * p.rows.inSize * inRow + slice.channel0;
    const int64_t x0 = p.cols.start + j * p.cols.gridStep + slice.col0 * p.cols.tapStep;
    float* row = to;
    for (int64_t t = slice.row0; t < slice.row1; t++, row += colTaps * channels) {
      const int64_t y = p.rows.start + i * p.rows.gridStep + t * p.rows.tapStep;
      if (y < 0 || y >= p.rows.inSize) {
        zeroFloats(row, colTaps * channels);
        continue;
      }
      const float* source = image + y * inRow;
      if (runs) {
        const int64_t left = smaller(colTaps, larger<int64_t>(0, -x0));
        const int64_t right = larger(left, smaller(colTaps, p.cols.inSize - x0));
        if (left > 0) zeroFloats(row, left * channels);
        if (right > left) {
          copyFloats(row + left * channels, source + (x0 + left) * channels,
                     (right - left) * channels);
        }
        if (right < colTaps) zeroFloats(row + right * channels, (colTaps - right) * channels);
        continue;
      }
      for (int64_t s = 0; s < colTaps; s++) {
        const int64_t x = x0 + s * p.cols.tapStep;
        if (x < 0 || x >= p.cols.inSize) {
          zeroFloats(row + s * channels, channels);
        } else {
          copyFloats(row + s * channels, source + x * p.inPixel, channels);
        }
      }
    }
    if (++j == gridWidth) {
      j = 0;
      if (++i == p.rows.gridSize) i = 0, n++;
    }
  }
}

int64_t gatherTap(const GatherProduct& p, const WindowSlice& slice, int64_t first, int64_t count,
                  float* to, int64_t stride, const int64_t* offsets, int64_t* kept) {
  const int64_t gridWidth = p.cols.gridSize, gridArea = p.rows.gridSize * gridWidth;
  const int64_t channels = slice.channel1 - slice.channel0;
  const int64_t y0 = p.rows.start + slice.row0 * p.rows.tapStep;
  const int64_t x0 = p.cols.start + slice.col0 * p.cols.tapStep;
  int64_t n = first / gridArea, i = first % gridArea / gridWidth, j = first % gridWidth;
  int64_t found = 0;
  for (int64_t point = 0; point < count; point++) {
    const int64_t y = y0 + i * p.rows.gridStep, x = x0 + j * p.cols.gridStep;
    if (y >= 0 && y < p.rows.inSize && x >= 0 && x < p.cols.inSize) {
      const int64_t pixel = (n * p.rows.inSize + y) * p.cols.inSize + x;
      copyFloats(to + found * stride, p.in + pixel * p.inPixel + slice.channel0, channels);
      kept[found++] = offsets[point];
    }
    if (++j == gridWidth) {
      j = 0;
      if (++i == p.rows.gridSize) i = 0, n++;
    }
  }
  return found;
}

namespace {

int64_t paddedHeight(const GatherProduct& p, int64_t count) {
  return (count - 1) * p.rows.gridStep + (p.rows.taps - 1) * p.rows.tapStep + 1;
}
int64_t paddedWidth(const GatherProduct& p) {
  return (p.cols.gridSize - 1) * p.cols.gridStep + p.cols.taps;
}

}  // namespace

int64_t paddedRowsFloats(const GatherProduct& p, int64_t count) {
  return paddedHeight(p, count) * paddedWidth(p) * p.channels;
}

PaddedRows padRows(const GatherProduct& p, int64_t n, int64_t row, int64_t count, float* to) {
  const int64_t height = paddedHeight(p, count), width = paddedWidth(p);
  const int64_t y0 = p.rows.start + row * p.rows.gridStep, x0 = p.cols.start;
  const int64_t inRow = p.cols.inSize * p.inPixel;
  const float* image = p.in + n * p.rows.inSize * inRow;
  const bool inside =
      y0 >= 0 && y0 + height <= p.rows.inSize && x0 >= 0 && x0 + width <= p.cols.inSize;
  if (inside && p.channels == p.inPixel) return {image + y0 * inRow + x0 * p.inPixel, inRow};

  const int64_t left = smaller(width, larger<int64_t>(0, -x0));
  const int64_t right = larger(left, smaller(width, p.cols.inSize - x0));
  const int64_t rowStride = width * p.channels;
  float* out = to;
  for (int64_t y = y0; y < y0 + height; y++, out += rowStride) {
    if (y < 0 || y >= p.rows.inSize) {
      zeroFloats(out, rowStride);
      continue;
    }
    if (left > 0) zeroFloats(out, left * p.channels);
    const float* source = image + y * inRow + (x0 + left) * p.inPixel;
    float* inner = out + left * p.channels;
    if (p.channels == p.inPixel) {
      if (right > left) copyFloats(inner, source, (right - left) * p.channels);
    } else {
      for (int64_t x = left; x < right; x++, source += p.inPixel, inner += p.channels) {
        copyFloats(inner, source, p.channels);
      }
    }
    if (right < width) zeroFloats(out + right * p.channels, (width - right) * p.channels);
  }
  return {to, rowStride};
}

}  // namespace axonode::AXONODE_ISA

// Convolution as a matrix product whose left rows are gathered from the image: every grid point's
// window, [taps x channels], times weights packed in panels. It serves the forward pass and, one
// phase of the stride at a time, the input gradient, for every stride, dilation, padding and group.
#pragma once

#include <cstdint>

#include "native/base/parallel.h"
#include "native/gemm/microkernel.h"
#include "native/gemm/panels.h"

namespace axonode::AXONODE_ISA {

// Height or width. Grid point i reads pixels start + i * gridStep + t * tapStep, zero outside of
// [0, inSize), and writes pixel outStart + i * outStep.
struct GatherAxis {
  int64_t inSize, gridSize, gridStep, start, tapStep, taps;
  int64_t outSize, outStart, outStep;

  // Grid points are the pixels themselves: a 1x1 convolution along this axis.
  bool isIdentity() const { return taps == 1 && gridStep == 1 && start == 0 && inSize == gridSize; }
  // The taps of grid point i that lie inside of [0, inSize); may be none.
  Range inside(int64_t i) const {
    const int64_t first = start + i * gridStep;
    const int64_t begin = first < 0 ? smaller(taps, ceilDivide(-first, tapStep)) : 0;
    if (first + (taps - 1) * tapStep < inSize) return {begin, taps};
    const int64_t end = inSize > first ? ceilDivide(inSize - first, tapStep) : 0;
    return {begin, larger(begin, end)};
  }
};

struct GatherProduct {
  int64_t batch;
  GatherAxis rows, cols;
  const float* in;
  int64_t inPixel;   // floats from one pixel to the next; more than channels when grouped
  int64_t channels;  // of them read
  float* out;
  int64_t outPixel;
  int64_t outputs;      // channels written
  const float* panels;  // [outputs / kPanelWidth][taps * channels][kPanelWidth]
  PanelSource weights;  // of a single tap, of which these panels are made; or null
  const float* bias;    // padded to whole panels, or null
  const float* add;     // added to the result, laid out as out, or null
  bool relu;            // of the result

  int64_t depth() const { return rows.taps * cols.taps * channels; }
  int64_t points() const { return batch * rows.gridSize * cols.gridSize; }
};

// A part of the window that is multiplied at a time.
struct WindowSlice {
  int64_t row0, row1, col0, col1, channel0, channel1;
  int64_t length() const { return (row1 - row0) * (col1 - col0) * (channel1 - channel0); }
  bool isOneTap() const { return row1 - row0 == 1 && col1 - col0 == 1; }
  // Its first element in the window.
  int64_t start(const GatherProduct& p) const {
    return (row0 * p.cols.taps + col0) * p.channels + channel0;
  }
};

// The window in rowParts * colParts * channelParts slices of about equal length.
struct WindowSlices {
  int64_t rowParts, colParts, channelParts;
  int64_t count() const { return rowParts * colParts * channelParts; }
  WindowSlice operator()(const GatherProduct& p, int64_t index) const;
};
WindowSlices sliceWindow(const GatherProduct& p, int64_t longest);

enum class GatherMode {
  inPlace,     // 1x1 convolution: the image itself is the matrix
  paddedRows,  // a few image rows with their zero padding; windows overlap in it
  columns,     // windows of one row: tiles go down the image, where all have the same taps inside
  windows,     // the windows written out, one slice at a time
};

struct GatherPlan {
  GatherMode mode;
  WindowSlices slices;
  int64_t blockPoints;  // grid points per block (paddedRows, columns: whole grid rows)
  int64_t blockRows;    // paddedRows, columns: grid rows per block
  int64_t blocks;
  int64_t panelParts;  // panels of a block are divided among so many units of work
  bool tilesOutermost;
  bool packsPanels;       // there are no panels: each is made of the weights where it is used, once
  bool readsPanelsAhead;  // few tiles read a panel: meanwhile they bring in the next one
  int64_t windowStride;   // windows: floats from one row of the block to the next
  int64_t packedFloats;   // of a panel's slice, if packsPanels
  int64_t scratchFloats;  // of each thread
};

GatherPlan planGather(const GatherProduct& p, int64_t threads);
// Called by every thread of a team, each with scratch of its own; no barrier at the end.
void runGather(const GatherProduct& p, const GatherPlan& plan, float* memory);

// Writes the slices of windows first, ... first + count - 1, a row of `stride` floats each.
void gatherWindows(const GatherProduct& p, const WindowSlice& slice, int64_t first, int64_t count,
                   float* to, int64_t stride);
// The same for a slice of one tap, without the points whose tap lies outside of the image. Of those
// that are written `kept` gets the offsets; their number is returned.
int64_t gatherTap(const GatherProduct& p, const WindowSlice& slice, int64_t first, int64_t count,
                  float* to, int64_t stride, const int64_t* offsets, int64_t* kept);

// Image rows that grid rows [row, row + count) of image n read, with zeros where they hang over;
// cols.tapStep must be 1. Copied to `to`, or the image itself when nothing hangs over.
struct PaddedRows {
  const float* data;
  int64_t rowStride;
};
int64_t paddedRowsFloats(const GatherProduct& p, int64_t count);
PaddedRows padRows(const GatherProduct& p, int64_t n, int64_t row, int64_t count, float* to);

}  // namespace axonode::AXONODE_ISA

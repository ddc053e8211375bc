// Plain types that kernels and the binding share. No Node header, no state.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/gemm/blas_memory.h"

namespace axonode {

enum class DType : uint8_t { kFloat32, kInt32, kUint8 };

inline constexpr int64_t elementSize(DType dtype) { return dtype == DType::kUint8 ? 1 : 4; }

// An array whose element kind is known at run time only.
struct AnyOut {
  void* data;
  DType dtype;
};
struct AnyIn {
  const void* data;
  DType dtype;
};

// Arrays of several tensors, for optimiser steps. Empty when count is 0.
struct OutList {
  float* const* data;
  int64_t count;
};
struct InList {
  const float* const* data;
  int64_t count;
};

// Small integer and float64 arrays that are copied into the queued task: plans, sizes, per-tensor
// factors.
struct Ints {
  const int32_t* data;
  int64_t size;
  int32_t operator[](int64_t i) const { return data[i]; }
};
struct Doubles {
  const double* data;
  int64_t size;
  double operator[](int64_t i) const { return data[i]; }
};

// A fault in the data (an index out of range), kept until the next synchronisation. The first one
// wins.
struct Fault {
  const char* kernel = nullptr;
  int64_t index = 0;
  int64_t limit = 0;
};

// Scratch memory of one stream: grows to the largest request, 64-byte aligned, contents undefined.
// A kernel calls reserve once, at its start, on the stream's thread. Throws std::bad_alloc.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();
  void* reserve(int64_t bytes);
  int64_t bytes() const { return bytes_; }

 private:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// What a kernel knows beyond its arguments. One per environment; kernels run one after another.
struct Context {
  Scratch scratch;
  BlasMemory blas;
  Fault fault;
  // A fault waits to be thrown. Kernels that change parameters, states of optimisers or running
  // statistics in place leave them as they are then, so that nothing is half-updated.
  bool faultPending = false;
  int threads = 1;  // OpenMP team size to use; a kernel too small to gain from it uses 1
  // Convolutions sum their products plainly, without Winograd's faster, slightly less accurate way.
  bool exactConvolution = false;

  // Called by kernels, also from inside a parallel region.
  void report(const char* kernel, int64_t index, int64_t limit);
};

}  // namespace axonode

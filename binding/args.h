// From JavaScript values to checked kernel arguments: one type per kind of kernel parameter.
#pragma once

#include <node_api.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "memory.h"
#include "native/base/count.h"
#include "native/base/geometry.h"
#include "node.h"

namespace axonode {

// Thrown by decoding and checks; becomes a TypeError or a RangeError that names the kernel and the
// argument.
struct BadArgument {
  enum Kind { kType, kRange };
  Kind kind;
  size_t position;  // kWholeCall: of no argument in particular
  std::string text;

  static constexpr size_t kWholeCall = SIZE_MAX;
};

inline BadArgument rangeError(size_t position, std::string text) {
  return {BadArgument::kRange, position, std::move(text)};
}

// As JavaScript would show it.
std::string formatNumber(double value);

// An array argument. Checks say how many elements the kernel may touch (`needed`); none may be
// forgotten.
struct Array {
  static constexpr int64_t kUnchecked = -1;

  void* data;  // nullptr where JavaScript passed null; else never, not even when it is empty
  int64_t length;
  DType dtype;
  size_t position;
  int64_t needed = kUnchecked;
};

// A JavaScript array of Float32Arrays.
struct List {
  std::vector<napi_value> values;
  std::vector<float*> data;
  std::vector<int64_t> lengths;
  size_t position = 0;
  int64_t needed = Array::kUnchecked;
};

// An integer of up to 2^53 in size. As a Count it must not be negative.
struct Integer {
  int64_t value;
  size_t position;

  operator Count() const {  // NOLINT: implicit, so that needs read as arithmetic
    if (value < 0) throw negative();
    return Count(value);
  }
  BadArgument negative() const;
};

struct Number {
  double value;
};

// Numbers that travel in one array; see native/base/geometry.h.
template <class T>
struct Packed {
  T value;
  size_t position;
};

// A copy of a small array that travels with the task: in place while it is small.
template <class T, size_t kInPlace>
class Copied {
 public:
  Copied(const T* data, size_t size, size_t position) : size_(size), position_(position) {
    if (size > kInPlace) heap_ = std::make_unique_for_overwrite<T[]>(size);
    std::copy_n(data, size, begin());
  }
  Copied(Copied&& other) noexcept
      : size_(other.size_), position_(other.position_), heap_(std::move(other.heap_)) {
    if (!heap_) std::copy_n(other.inPlace_, size_, inPlace_);
  }

  T* begin() { return heap_ ? heap_.get() : inPlace_; }
  const T* begin() const { return heap_ ? heap_.get() : inPlace_; }
  const T* end() const { return begin() + size_; }
  T operator[](size_t i) const { return begin()[i]; }
  size_t size() const { return size_; }
  size_t position() const { return position_; }

 private:
  size_t size_;
  size_t position_;
  std::unique_ptr<T[]> heap_;
  T inPlace_[kInPlace];
};

using CopiedInts = Copied<int32_t, 32>;
using CopiedDoubles = Copied<double, 8>;

// Packed sequences, and the sizes that they point to.
class PackedSequences {
 public:
  explicit PackedSequences(CopiedInts&& ints);

  Sequences value() const;
  Count rows() const { return rows_; }
  Count batch() const { return value().batch; }
  Count hidden() const { return value().hidden; }
  Count outputs() const { return value().outputs; }

 private:
  CopiedInts ints_;
  Count rows_ = 0;
};

// Reads the arguments of one call.
class Reader {
 public:
  Reader(napi_env env, const napi_value* values, const Memory& memory)
      : env_(env), values_(values), memory_(memory) {}

  // True when an array lies in memory that JavaScript could take away: the call has to wait.
  bool foreign() const { return foreign_; }

  Array floatsOrNull(size_t position) { return array(position, DType::kFloat32, true); }
  Array ints(size_t position) { return array(position, DType::kInt32, false); }
  Array bytes(size_t position) { return array(position, DType::kUint8, false); }
  Array anyArray(size_t position);
  Integer integer(size_t position);
  Number number(size_t position);
  Packed<Geometry> geometry(size_t position);
  PackedSequences sequences(size_t position);
  // Of an Averaging, Upsampling, Grouping or MomentumStep.
  template <class T>
  Packed<T> packed(size_t position);
  CopiedInts copiedInts(size_t position);
  CopiedDoubles copiedDoubles(size_t position);

  // Reading a list's elements can run JavaScript (getters), which can take away memory that was
  // looked at before. So all lists are gathered before anything is decoded.
  void gather(size_t position);
  List list(size_t position);

 private:
  struct View {
    napi_typedarray_type type;
    size_t length;
    void* data;
  };

  // A typed array's view of memory, for the kernel to use; false if the value is none.
  bool view(napi_value value, View* out);
  template <class Copy>
  Copy copied(size_t position, napi_typedarray_type type, const char* kind);
  Array array(size_t position, DType dtype, bool nullable);
  bool isNull(napi_value value) const;
  std::string describe(napi_value value) const;
  BadArgument wrongKind(size_t position, const char* expected) const;
  BadArgument notAnInteger(size_t position) const;

  napi_env env_;
  const napi_value* values_;
  const Memory& memory_;
  bool foreign_ = false;
  std::vector<List> lists_;  // gathered
};

// ---- The hot path, inline

// An address to show for an empty array, so that a null pointer always means null.
inline void* emptyArray() {
  alignas(64) static const unsigned char none[64] = {};
  return const_cast<unsigned char*>(none);
}

inline bool Reader::view(napi_value value, View* out) {
  size_t offset = 0;
  const napi_status status =
      napi_get_typedarray_info(env_, value, &out->type, &out->length, &out->data, nullptr, &offset);
  if (status != napi_ok) return false;
  if (out->length == 0) {
    out->data = emptyArray();
  } else if (!memory_.owns(static_cast<char*>(out->data) - offset)) {
    foreign_ = true;
  }
  return true;
}

inline Array Reader::array(size_t position, DType dtype, bool nullable) {
  constexpr napi_typedarray_type kTypes[] = {napi_float32_array, napi_int32_array,
                                             napi_uint8_array};
  constexpr const char* kNames[] = {"a Float32Array", "an Int32Array", "a Uint8Array"};
  const auto kind = static_cast<size_t>(dtype);
  View found;
  if (view(values_[position], &found) && found.type == kTypes[kind]) {
    return {found.data, static_cast<int64_t>(found.length), dtype, position};
  }
  if (nullable && isNull(values_[position])) return {nullptr, 0, dtype, position};
  throw wrongKind(position, kNames[kind]);
}

inline Array Reader::anyArray(size_t position) {
  View found;
  if (view(values_[position], &found)) {
    const auto length = static_cast<int64_t>(found.length);
    if (found.type == napi_float32_array) return {found.data, length, DType::kFloat32, position};
    if (found.type == napi_int32_array) return {found.data, length, DType::kInt32, position};
    if (found.type == napi_uint8_array) return {found.data, length, DType::kUint8, position};
  }
  throw wrongKind(position, "a Float32Array, Int32Array or Uint8Array");
}

inline Integer Reader::integer(size_t position) {
  constexpr double kLimit = 9007199254740992;  // 2^53
  double value = 0;
  if (napi_get_value_double(env_, values_[position], &value) == napi_ok && value >= -kLimit &&
      value <= kLimit) {
    const auto whole = static_cast<int64_t>(value);
    if (static_cast<double>(whole) == value) return {whole, position};
  }
  throw notAnInteger(position);
}

inline Number Reader::number(size_t position) {
  double value = 0;
  if (napi_get_value_double(env_, values_[position], &value) == napi_ok) return {value};
  throw wrongKind(position, "a number");
}

}  // namespace axonode

// What BIND lines are made of: the lengths that a kernel's arguments need, and the ranges of its
// integers. All throw BadArgument.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "args.h"
#include "codes.h"

namespace axonode {

[[noreturn]] void failLength(const Array& array, Count elements);
[[noreturn]] void failRange(const Integer& integer, int64_t low, int64_t high);

// The kernel touches the first `elements` of the array. An output that needs none is a call that
// has nothing to do: it is not queued.
inline void need(Array& array, Count elements) {
  if (array.data == nullptr || array.length < elements.value()) failLength(array, elements);
  array.needed = elements.value();
}

// As need, of an array that may be null.
inline void optional(Array& array, Count elements) {
  if (array.data == nullptr) {
    array.needed = 0;
  } else {
    need(array, elements);
  }
}

inline void within(const Integer& integer, int64_t low, int64_t high) {
  if (integer.value < low || integer.value > high) failRange(integer, low, high);
}

inline void positive(const Integer& integer) { within(integer, 1, INT64_MAX); }
inline void flag(const Integer& integer) { within(integer, 0, 1); }
// One of the codes of an enumeration.
template <class Op>
void code(const Integer& integer) {
  within(integer, 0, static_cast<int64_t>(Op::kCount) - 1);
}
// One of those that the operand's kind has.
void code(const Integer& integer, int64_t count, uint64_t int32Codes, const Array& operand);
template <class Op>
void code(const Integer& integer, const Array& operand) {
  code(integer, kCodes<Op>, kInt32Codes<Op>, operand);
}
// A size that BLAS takes.
inline void blasSize(const Integer& integer) { within(integer, 0, INT32_MAX); }

// `count` pieces of `size` elements whose beginnings lie `stride` apart.
inline Count span(Count count, Count stride, Count size) {
  if (count.value() == 0 || size.value() == 0) return 0;
  return Count(count.value() - 1) * stride + size;
}

// All arrays have one kind of elements.
void oneKind(const Array& first, std::initializer_list<const Array*> others);
inline void oneKind(const Array& first, const Array& a) { oneKind(first, {&a}); }
inline void oneKind(const Array& first, const Array& a, const Array& b) {
  oneKind(first, {&a, &b});
}
// float32 or int32, which arithmetic works on.
void arithmetic(const Array& array);

// The plan of copyStrided.
void strided(Array& out, Array& x, const CopiedInts& plan);
// The plan of binaryBroadcast and compare.
void broadcast(Array& out, Array& a, Array& b, const CopiedInts& plan);

// Philox: the key's words and the counter.
void philox(const Integer& seedLow, const Integer& seedHigh, const Integer& counter);
// Bounds of int32 values: low inclusive, high exclusive.
void int32Bounds(const Integer& low, const Integer& high);

// A geometry that cannot overflow in a kernel; elements of its arrays.
void convolution(const Packed<Geometry>& geometry);
void pooling(const Packed<Geometry>& geometry);
Count inputs(const Packed<Geometry>& geometry);
Count outputs(const Packed<Geometry>& geometry);
Count weights(const Packed<Geometry>& geometry);
// Of weights in a format, which has to suit the geometry.
Count packedWeights(const Packed<Geometry>& geometry, const Integer& format);
inline Count inChannels(const Packed<Geometry>& geometry) { return geometry.value.inChannels; }
inline Count outChannels(const Packed<Geometry>& geometry) { return geometry.value.outChannels; }

// The images of a change of size.
Count inputs(const Packed<Upsampling>& upsampling);
Count outputs(const Packed<Upsampling>& upsampling);

// Groups that divide the channels; elements of what is normalised, and of its statistics.
void groups(const Packed<Grouping>& grouping);
Count elements(const Packed<Grouping>& grouping);
Count statistics(const Packed<Grouping>& grouping);
inline Count channels(const Packed<Grouping>& grouping) { return grouping.value.channels; }

// An LSTM's projection [outputs, hidden], or null when both are equal.
void projects(Array& projection, const PackedSequences& sequences);
inline Count ifProjected(const Array& projection, Count elements) {
  return projection.data == nullptr ? 0 : elements;
}

// sizes[i] elements of the i-th array of each list.
void needEach(const CopiedInts& sizes, std::initializer_list<List*> lists);
// As many rows as an int32 can name.
inline void rowCount(const Integer& integer) { within(integer, 0, INT32_MAX); }
// Places for the rows of a list of indices.
inline Count capacity(const Integer& indices, const Integer& rows) {
  return std::min(indices.value, rows.value);
}
// The states, factors and scalars that an optimiser's rule needs for one tensor of `size` elements.
void updateRule(const Integer& rule, Count size, List& states, const CopiedDoubles& factors,
                const CopiedDoubles& scalars);
// The same for tensors of these sizes.
void updateRule(const Integer& rule, const CopiedInts& sizes, List& states,
                const CopiedDoubles& factors, const CopiedDoubles& scalars);

}  // namespace axonode

#include "checks.h"

#include <array>
#include <string_view>

#include "native/optim/rule_shapes.h"

// What the choice of algorithms rules out is the same for all instruction sets.
#define AXONODE_ISA base
#include "native/conv/choose.h"
#undef AXONODE_ISA

namespace axonode {
namespace {

constexpr int64_t kMaxRank = 8;

const char* nameOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kInt32:
      return "int32";
    case DType::kUint8:
      return "uint8";
  }
  return "unknown";
}

BadArgument rangeError(size_t position, std::string text) {
  return {BadArgument::kRange, position, std::move(text)};
}

// The header, dims and strides of a plan, by their places in it.
class Plan {
 public:
  // header: integers before the dims, the rank being the first; operands: strides of how many
  // arrays.
  Plan(const CopiedInts& plan, size_t header, size_t operands) : plan_(plan), header_(header) {
    if (plan.size() < header) fail("has " + std::to_string(plan.size()) + " integers, too few");
    if (plan[0] < 0 || plan[0] > kMaxRank) {
      fail("says rank " + std::to_string(plan[0]) + ", expected 0 to " + std::to_string(kMaxRank));
    }
    rank_ = static_cast<size_t>(plan[0]);
    const size_t size = header + (1 + operands) * rank_;
    if (plan.size() < size) {
      fail("has " + std::to_string(plan.size()) + " integers, expected " + std::to_string(size) +
           " for rank " + std::to_string(rank_));
    }
    for (size_t axis = 0; axis < rank_; axis++) {
      if (dim(axis) < 0) fail("says that a dim is " + std::to_string(dim(axis)));
    }
  }

  Count elements() const {
    Count product = 1;
    for (size_t axis = 0; axis < rank_; axis++) product = product * Count(dim(axis));
    return product;
  }

  // One more than the last element that an operand is touched at. An empty plan touches none.
  Count reach(size_t operand, int64_t start, const char* array) const {
    if (elements().value() == 0) return 0;
    // At most 8 terms below 2^62, and a start below 2^31.
    __extension__ typedef __int128 Wide;
    Wide low = start;
    Wide high = start;
    for (size_t axis = 0; axis < rank_; axis++) {
      const int64_t stride = plan_[header_ + (1 + operand) * rank_ + axis];
      const Wide step = static_cast<Wide>(dim(axis) - 1) * stride;
      (step < 0 ? low : high) += step;
    }
    if (low < 0) fail(std::string("reaches before the beginning of ") + array);
    return high < INT64_MAX ? static_cast<int64_t>(high) + 1 : INT64_MAX;
  }

 private:
  int64_t dim(size_t axis) const { return plan_[header_ + axis]; }
  [[noreturn]] void fail(std::string text) const { throw rangeError(plan_.position(), text); }

  const CopiedInts& plan_;
  size_t header_;
  size_t rank_;
};

}  // namespace

void failLength(const Array& array, Count elements) {
  const std::string expected = "at least " + std::to_string(elements.value());
  if (array.data == nullptr) {
    throw BadArgument{BadArgument::kType, array.position,
                      "is null, expected an array of " + expected};
  }
  throw rangeError(array.position,
                   "has " + std::to_string(array.length) + " elements, expected " + expected);
}

void failRange(const Integer& integer, int64_t low, int64_t high) {
  const std::string expected = high == INT64_MAX
                                   ? "at least " + std::to_string(low)
                                   : "from " + std::to_string(low) + " to " + std::to_string(high);
  throw rangeError(integer.position,
                   "is " + std::to_string(integer.value) + ", expected an integer " + expected);
}

void divides(const Integer& part, const Integer& whole) {
  positive(part);
  positive(whole);
  if (whole.value % part.value == 0) return;
  throw rangeError(part.position, "is " + std::to_string(part.value) + ", expected a divisor of " +
                                      std::to_string(whole.value));
}

void oneKind(const Array& first, std::initializer_list<const Array*> others) {
  for (const Array* other : others) {
    if (other->dtype == first.dtype) continue;
    throw BadArgument{BadArgument::kType, other->position,
                      std::string("is ") + nameOf(other->dtype) + ", expected " +
                          nameOf(first.dtype) + " as in the arrays before it"};
  }
}

void arithmetic(const Array& array) {
  if (array.dtype != DType::kUint8) return;
  throw BadArgument{BadArgument::kType, array.position,
                    "is uint8, expected a Float32Array or an Int32Array"};
}

void code(const Integer& integer, int64_t count, uint64_t intOps, const Array& operand) {
  code(integer, count);
  if (operand.dtype != DType::kInt32 || (intOps >> integer.value & 1) == 1) return;
  throw rangeError(integer.position, "is " + std::to_string(integer.value) +
                                         ", an operation that int32 does not have");
}

void strided(Array& out, Array& x, const CopiedInts& plan) {
  const Plan checked(plan, 3, 2);
  // Each element of out is named once, so there are no more of them than out has.
  need(out, checked.elements());
  need(out, checked.reach(0, plan[1], "out"));
  need(x, checked.reach(1, plan[2], "x"));
}

void broadcast(Array& out, Array& a, Array& b, const CopiedInts& plan) {
  const Plan checked(plan, 1, 2);
  need(out, checked.elements());
  need(a, checked.reach(0, 0, "a"));
  need(b, checked.reach(1, 0, "b"));
}

void philox(const Integer& seedLow, const Integer& seedHigh, const Integer& counter) {
  within(seedLow, 0, UINT32_MAX);
  within(seedHigh, 0, UINT32_MAX);
  within(counter, 0, INT64_MAX);
}

void int32Bounds(const Integer& low, const Integer& high) {
  within(low, INT32_MIN, INT32_MAX);
  within(high, low.value + 1, int64_t{INT32_MAX} + 1);
}

// With kernel sizes, strides, dilations and padding below 2^24 and images below 2^31, the position
// of any tap of any window is far from overflow.
void convolution(const GeometryArgument& argument) {
  constexpr int64_t kSize = INT32_MAX;
  constexpr int64_t kStep = int64_t{1} << 24;
  const Geometry& g = argument.value;
  struct Field {
    const char* name;
    int64_t value, low, high;
  };
  for (const Field& field : std::initializer_list<Field>{
           {"batch", g.batch, 0, kSize},
           {"inHeight", g.inHeight, 1, kSize},
           {"inWidth", g.inWidth, 1, kSize},
           {"inChannels", g.inChannels, 1, kSize},
           {"outHeight", g.outHeight, 1, kSize},
           {"outWidth", g.outWidth, 1, kSize},
           {"outChannels", g.outChannels, 1, kSize},
           {"kernelHeight", g.kernelHeight, 1, kStep},
           {"kernelWidth", g.kernelWidth, 1, kStep},
           {"strideHeight", g.strideHeight, 1, kStep},
           {"strideWidth", g.strideWidth, 1, kStep},
           {"padTop", g.padTop, 0, kStep},
           {"padLeft", g.padLeft, 0, kStep},
           {"dilationHeight", g.dilationHeight, 1, kStep},
           {"dilationWidth", g.dilationWidth, 1, kStep},
           {"groups", g.groups, 1, kSize},
       }) {
    if (field.value >= field.low && field.value <= field.high) continue;
    throw rangeError(argument.position, std::string("says ") + field.name + " " +
                                            std::to_string(field.value) + ", expected " +
                                            std::to_string(field.low) + " to " +
                                            std::to_string(field.high));
  }
  if (g.inChannels % g.groups != 0 || g.outChannels % g.groups != 0) {
    throw rangeError(argument.position, "says " + std::to_string(g.groups) +
                                            " groups, which do not divide " +
                                            std::to_string(g.inChannels) + " and " +
                                            std::to_string(g.outChannels) + " channels");
  }
}

void pooling(const GeometryArgument& argument) {
  convolution(argument);
  const Geometry& g = argument.value;
  if (g.outChannels != g.inChannels || g.groups != g.inChannels) {
    throw rangeError(argument.position,
                     "of a pooling must have as many groups and output channels "
                     "as input channels");
  }
  // Positions in the input plane are kept as int32.
  if (g.inHeight * g.inWidth > INT32_MAX) {
    throw rangeError(argument.position, "has an input plane of more than 2^31 - 1 elements");
  }
}

void farPadding(const Integer& padBottom, const Integer& padRight) {
  within(padBottom, 0, INT32_MAX);
  within(padRight, 0, INT32_MAX);
}

Count inputs(const GeometryArgument& argument) {
  const Geometry& g = argument.value;
  return Count(g.batch) * Count(g.inHeight) * Count(g.inWidth) * Count(g.inChannels);
}

Count outputs(const GeometryArgument& argument) {
  const Geometry& g = argument.value;
  return Count(g.batch) * Count(g.outHeight) * Count(g.outWidth) * Count(g.outChannels);
}

Count weights(const GeometryArgument& argument) {
  const Geometry& g = argument.value;
  return Count(g.outChannels) * Count(g.inChannels / g.groups) * Count(g.kernelHeight) *
         Count(g.kernelWidth);
}

Count packedWeights(const GeometryArgument& argument, const Integer& format) {
  using base::WeightFormat;
  code(format, static_cast<int64_t>(WeightFormat::winograd2) + 1);
  const Geometry& g = argument.value;
  const auto known = static_cast<WeightFormat>(format.value);
  if (!base::suitsFormat(g, known)) {
    throw rangeError(format.position,
                     "is " + std::to_string(format.value) + ", which does not suit the geometry");
  }
  // Panels of the widest vectors.
  const auto whole = [](int64_t outputs) { return ceilDiv(outputs, 32) * 32; };
  const Count channels = g.inChannels / g.groups, taps = Count(g.kernelHeight) * g.kernelWidth;
  switch (known) {
    case WeightFormat::depthwise:
      return Count(g.inChannels) * taps;
    case WeightFormat::panels:
      return Count(g.groups) * channels * taps * whole(g.outChannels / g.groups);
    case WeightFormat::winograd4:
      return Count(36) * channels * whole(g.outChannels);
    case WeightFormat::winograd2:
      return Count(16) * channels * whole(g.outChannels);
  }
  return 0;
}

void packedSizes(const CopiedInts& sizes, const Integer& batch) {
  within(batch, 1, INT32_MAX);
  int64_t before = batch.value;
  if (sizes.size() == 0 || sizes[0] != before) {
    throw rangeError(sizes.position(), "must begin with the batch, " + std::to_string(before));
  }
  for (const int32_t size : sizes) {
    if (size < 1 || size > before) {
      throw rangeError(sizes.position(), "has " + std::to_string(size) + " after " +
                                             std::to_string(before) +
                                             ", expected sizes of at least 1 that never rise");
    }
    before = size;
  }
}

Count rows(const CopiedInts& sizes) {
  Count total = 0;
  for (const int32_t size : sizes) total = total + Count(size);
  return total;
}

void projects(Array& projection, const Integer& hidden, const Integer& outputs) {
  if (hidden.value == outputs.value && projection.data == nullptr) {
    projection.needed = 0;
    return;
  }
  need(projection, Count(outputs) * Count(hidden));
}

namespace {

void needLength(const List& list, size_t i, int64_t size) {
  if (list.lengths[i] >= size) return;
  throw rangeError(list.position, "has " + std::to_string(list.lengths[i]) + " elements in array " +
                                      std::to_string(i) + ", expected at least " +
                                      std::to_string(size));
}

// `lists` lists of sizes.size() arrays each, laid end to end in one.
void needEachOfLists(const CopiedInts& sizes, List& list, size_t lists) {
  const size_t count = sizes.size();
  if (list.data.size() != lists * count) {
    const std::string each = lists == 1 ? "one" : std::to_string(lists);
    throw rangeError(list.position, "has " + std::to_string(list.data.size()) +
                                        " arrays, expected " + each + " for each of " +
                                        std::to_string(count) + " sizes");
  }
  Count total = 0;
  for (size_t i = 0; i < list.data.size(); i++) {
    const int32_t size = sizes[i % count];
    if (size < 0) {
      throw rangeError(sizes.position(), "says that a size is " + std::to_string(size));
    }
    needLength(list, i, size);
    total = total + Count(size);
  }
  list.needed = total.value();
}

void needNumbers(const CopiedDoubles& values, size_t needed) {
  if (values.size() >= needed) return;
  throw rangeError(values.position(), "has " + std::to_string(values.size()) +
                                          " numbers, expected " + std::to_string(needed));
}

}  // namespace

void needEach(const CopiedInts& sizes, std::initializer_list<List*> lists) {
  for (List* list : lists) needEachOfLists(sizes, *list, 1);
}

namespace {

// What a rule needs of factors and scalars for `tensors` tensors.
RuleShape checkedShape(const Integer& rule, size_t tensors, const CopiedDoubles& factors,
                       const CopiedDoubles& scalars) {
  code(rule, static_cast<int64_t>(UpdateRule::kCount));
  const RuleShape shape = shapeOf(static_cast<UpdateRule>(rule.value));
  needNumbers(factors, tensors * static_cast<size_t>(shape.factors));
  needNumbers(scalars, static_cast<size_t>(kCommonScalars + shape.scalars));
  return shape;
}

}  // namespace

void updateRule(const Integer& rule, Count size, List& states, const CopiedDoubles& factors,
                const CopiedDoubles& scalars) {
  const RuleShape shape = checkedShape(rule, 1, factors, scalars);
  if (states.data.size() != static_cast<size_t>(shape.states)) {
    throw rangeError(states.position, "has " + std::to_string(states.data.size()) +
                                          " arrays, expected " + std::to_string(shape.states));
  }
  for (size_t i = 0; i < states.data.size(); i++) needLength(states, i, size.value());
  states.needed = size.value();
}

void updateRule(const Integer& rule, const CopiedInts& sizes, List& states,
                const CopiedDoubles& factors, const CopiedDoubles& scalars) {
  const RuleShape shape = checkedShape(rule, sizes.size(), factors, scalars);
  needEachOfLists(sizes, states, static_cast<size_t>(shape.states));
}

}  // namespace axonode

#include "checks.h"

#include <array>
#include <string_view>

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

void code(const Integer& integer, int64_t count, uint64_t int32Codes, const Array& operand) {
  within(integer, 0, count - 1);
  if (operand.dtype != DType::kInt32 || (int32Codes >> integer.value & 1) == 1) return;
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

void projects(Array& projection, const PackedSequences& sequences) {
  const auto [hidden, outputs] = std::pair(sequences.hidden(), sequences.outputs());
  if (hidden.value() == outputs.value() && projection.data == nullptr) {
    projection.needed = 0;
    return;
  }
  need(projection, outputs * hidden);
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
  code<UpdateRule>(rule);
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

// How many elements something has, for what must not overflow.
#pragma once

#include <cstdint>
#include <limits>

namespace axonode {

// Not negative; products and sums that would overflow stay at the largest value, which no array
// reaches.
class Count {
 public:
  constexpr Count(int64_t value) : value_(value) {}  // NOLINT: implicit, so that literals work
  constexpr int64_t value() const { return value_; }

 private:
  int64_t value_;
};

inline constexpr Count operator*(Count a, Count b) {
  int64_t product = 0;
  const bool overflow = __builtin_mul_overflow(a.value(), b.value(), &product);
  return overflow ? std::numeric_limits<int64_t>::max() : product;
}

inline constexpr Count operator+(Count a, Count b) {
  int64_t sum = 0;
  const bool overflow = __builtin_add_overflow(a.value(), b.value(), &sum);
  return overflow ? std::numeric_limits<int64_t>::max() : sum;
}

inline constexpr Count ceilDiv(Count a, Count b) {
  return a.value() / b.value() + (a.value() % b.value() > 0);
}

}  // namespace axonode

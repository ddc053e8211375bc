// A step with momentum by a gradient of which only some rows are there. Rows that have had a
// gradient go on moving; all others have no momentum and are not touched.
#include "native/base/simd.h"
#include "native/indexing/index_range.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {
namespace {

// m = keep·m + add·g, p −= lr·(own·g + ahead·m), with 0 for a row without a gradient.
struct MomentumRule {
  float lr, keep, add, own, ahead;

  explicit MomentumRule(const MomentumStep& step)
      : lr(static_cast<float>(step.lr)),
        keep(static_cast<float>(step.keep)),
        add(static_cast<float>(step.add)),
        own(static_cast<float>(step.own)),
        ahead(static_cast<float>(step.ahead)) {}

  void apply(float* __restrict p, float* __restrict m, const float* g, int64_t n) const {
    if (g == nullptr) {
      for (int64_t i = 0; i < n; ++i) {
        m[i] = keep * m[i];
        p[i] -= lr * (ahead * m[i]);
      }
      return;
    }
    for (int64_t i = 0; i < n; ++i) {
      m[i] = keep * m[i] + add * g[i];
      p[i] -= lr * (own * g[i] + ahead * m[i]);
    }
  }
};

// The rows that a momentum has seen: how many, which, and for each row of the table a mark.
class SeenRows {
 public:
  static constexpr int32_t kUnseen = 0;
  static constexpr int32_t kSeen = -1;  // a mark above 0 is 1 + the place of its gradient

  SeenRows(int32_t* memory, int64_t limit)
      : size_(memory), rows_(memory + 1), marks_(memory + 1 + limit), limit_(limit) {
    if (!inRange(*size_, limit + 1)) *size_ = 0;
  }

  // Looks for rows that are not zero.
  void find(Context& context, const float* momentum, int64_t inner) {
    parallelFor(context, limit_, grainOf(inner), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        marks_[row] = isZero(momentum + row * inner, inner) ? kUnseen : kSeen;
      }
    });
    *size_ = 0;
    for (int32_t row = 0; row < limit_; ++row) {
      if (marks_[row] != kUnseen) rows_[(*size_)++] = row;
    }
  }

  void mark(const int32_t* rows, int64_t count) {
    for (int64_t place = 0; place < count; ++place) {
      if (!inRange(rows[place], limit_)) continue;
      int32_t& mark = marks_[rows[place]];
      if (mark == kUnseen && *size_ < limit_) rows_[(*size_)++] = rows[place];
      mark = static_cast<int32_t>(place + 1);
    }
  }

  int64_t size() const { return *size_; }
  int32_t row(int64_t i) const { return rows_[i]; }
  bool has(int32_t row) const { return inRange(row, limit_); }
  // The place of a row's gradient, or −1; forgets it.
  int64_t takePlace(int32_t row) {
    const int64_t place = int64_t{marks_[row]} - 1;
    marks_[row] = kSeen;
    return place;
  }

 private:
  static bool isZero(const float* x, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      if (x[i] != 0) return false;
    }
    return true;
  }

  int32_t* size_;
  int32_t* rows_;
  int32_t* marks_;
  int64_t limit_;
};

}  // namespace

void momentumStepRows(Context& context, float* param, float* momentum, int32_t* seen,
                      const float* values, const int32_t* rows, int64_t count, int64_t inner,
                      int64_t limit, const MomentumStep& step, int64_t find) {
  if (context.faultPending) return;
  SeenRows all(seen, limit);
  if (find != 0) all.find(context, momentum, inner);
  all.mark(rows, count);
  const MomentumRule rule(step);
  parallelFor(context, all.size(), grainOf(2 * inner), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int32_t row = all.row(i);
      if (!all.has(row)) continue;
      const int64_t place = all.takePlace(row);
      const float* g = place >= 0 && place < count ? values + place * inner : nullptr;
      rule.apply(param + row * inner, momentum + row * inner, g, inner);
    }
  });
}

}  // namespace axonode::AXONODE_ISA

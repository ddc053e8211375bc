// Gradients of which only some rows are there: `rows` names them, each once, -1 where a place is
// unused; `values` has a row of `inner` elements for each place, zero where unused.
#include "native/base/simd.h"
#include "native/indexing/index_range.h"
#include "native/indexing/row_table.h"
#include "native/kernels.h"
#include "native/norm/norm_sums.h"

namespace axonode::AXONODE_ISA {

void coalesceRows(Context& context, int32_t* rows, float* values, const int32_t* index,
                  const float* x, int64_t count, int64_t inner, int64_t limit, int64_t skip) {
  const int64_t capacity = smaller(count, limit);
  constexpr auto kInt = static_cast<int64_t>(sizeof(int32_t));
  auto* const places =
      static_cast<int32_t*>(context.scratch.reserve(count * kInt + RowTable::bytes(count)));
  RowTable table(places + count, count, rows);
  for (int64_t j = 0; j < count; ++j) {
    const bool counts = inRange(index[j], limit) && index[j] != skip;
    places[j] = counts ? table.placeOf(index[j]) : -1;
  }
  for (int64_t place = table.size(); place < capacity; ++place) rows[place] = -1;
  forOwners(context, 1, capacity, inner, (capacity + count) * inner,
            [&](Range, Range owned, Range columns) {
              const int64_t width = columns.end - columns.begin;
              for (int64_t place = owned.begin; place < owned.end; ++place) {
                __builtin_memset(values + place * inner + columns.begin, 0,
                                 static_cast<size_t>(width) * sizeof(float));
              }
              for (int64_t j = 0; j < count; ++j) {
                if (places[j] < 0 || !owned.has(places[j])) continue;
                addElements(values + places[j] * inner + columns.begin,
                            x + j * inner + columns.begin, width);
              }
            });
}

void addRows(Context& context, float* out, const float* values, const int32_t* rows, int64_t count,
             int64_t inner, int64_t limit) {
  parallelFor(context, count, grainOf(inner), [&](int64_t begin, int64_t end) {
    for (int64_t place = begin; place < end; ++place) {
      if (!inRange(rows[place], limit)) continue;
      addElements(out + rows[place] * inner, values + place * inner, inner);
    }
  });
}

void renormRows(Context& context, float* weight, const int32_t* index, int64_t count, int64_t inner,
                int64_t limit, double maxNorm, double normType) {
  bool isFaulty = context.faultPending;
  for (int64_t j = 0; j < count; ++j) {
    if (inRange(index[j], limit)) continue;
    context.report("renormRows", index[j], limit);
    isFaulty = true;
  }
  if (isFaulty) return;
  constexpr auto kInt = static_cast<int64_t>(sizeof(int32_t));
  auto* const rows =
      static_cast<int32_t*>(context.scratch.reserve(count * kInt + RowTable::bytes(count)));
  RowTable table(rows + count, count, rows);
  for (int64_t j = 0; j < count; ++j) table.placeOf(index[j]);
  withNorm(normType, [&](const auto& sum, const auto&, const auto& root) {
    parallelFor(context, table.size(), grainOf(inner), [&](int64_t begin, int64_t end) {
      for (int64_t place = begin; place < end; ++place) {
        float* const row = weight + rows[place] * inner;
        const double norm = root(sum(row, inner));
        if (!(norm > maxNorm)) continue;
        // As PyTorch, which keeps clear of a division by zero.
        const auto factor = static_cast<float>(maxNorm / (norm + 1e-7));
        for (int64_t i = 0; i < inner; ++i) row[i] *= factor;
      }
    });
  });
}

namespace {

// m = keep·m + add·g, p −= lr·(own·g + ahead·m), with 0 for a row without a gradient.
struct MomentumRule {
  float lr, keep, add, own, ahead;
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
                      int64_t limit, double lr, double keep, double add, double own, double ahead,
                      int64_t find) {
  if (context.faultPending) return;
  SeenRows all(seen, limit);
  if (find != 0) all.find(context, momentum, inner);
  all.mark(rows, count);
  const MomentumRule rule{static_cast<float>(lr), static_cast<float>(keep), static_cast<float>(add),
                          static_cast<float>(own), static_cast<float>(ahead)};
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

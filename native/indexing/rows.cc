// Gradients of which only some rows are there: `rows` names them, each once, -1 where a place is
// unused; `values` has a row of `inner` elements for each place, zero where unused.
#include "native/base/simd.h"
#include "native/indexing/index_range.h"
#include "native/indexing/row_table.h"
#include "native/kernels.h"
#include "native/reduce/norm_sums.h"

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

}  // namespace axonode::AXONODE_ISA

// The different rows in a list of indices, each with a place of its own.
#pragma once

#include "native/base/types.h"

namespace axonode::AXONODE_ISA {

// A hash table with open addressing, at most half full: memory and time depend on how many indices
// there are, and not on how many rows there could be.
class RowTable {
 public:
  static int64_t bytes(int64_t indices) {
    return slotsFor(indices) * static_cast<int64_t>(sizeof(int32_t));
  }

  // memory: bytes(indices). rows: receives the rows in the order of their first appearance.
  RowTable(void* memory, int64_t indices, int32_t* rows)
      : table_(static_cast<int32_t*>(memory)), mask_(slotsFor(indices) - 1), rows_(rows) {
    for (int64_t slot = 0; slot <= mask_; ++slot) table_[slot] = kNone;
  }

  // A row's place, the next one if it is new.
  int32_t placeOf(int32_t row) {
    // Fibonacci hashing: neighbours go far apart.
    int64_t slot = static_cast<uint32_t>(row) * uint64_t{0x9E3779B97F4A7C15} >> 32 & mask_;
    while (table_[slot] != kNone && rows_[table_[slot]] != row) slot = (slot + 1) & mask_;
    if (table_[slot] == kNone) {
      table_[slot] = size_;
      rows_[size_++] = row;
    }
    return table_[slot];
  }

  int32_t size() const { return size_; }

 private:
  static constexpr int32_t kNone = -1;

  static int64_t slotsFor(int64_t indices) {
    int64_t slots = 16;
    while (slots < 2 * indices) slots *= 2;
    return slots;
  }

  int32_t* table_;
  int64_t mask_;
  int32_t* rows_;
  int32_t size_ = 0;
};

}  // namespace axonode::AXONODE_ISA

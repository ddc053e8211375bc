// The codes of native/base/ops.h and native/optim/rule_shapes.h, for the checks of arguments, and
// for a test that compares them with src/backend/kernels/opCodes.ts.
#pragma once

#include <cstdint>

#include "native/optim/rule_shapes.h"

#define AXONODE_ISA base
#include "native/base/ops.h"
#undef AXONODE_ISA

namespace axonode {

using base::ArgOp, base::BinaryOp, base::CompareOp, base::ReduceOp, base::UnaryGradOp,
    base::UnaryOp, base::UpsampleMode;

template <class Op>
constexpr int64_t kCodes = static_cast<int64_t>(Op::kCount);

template <class... Op>
constexpr uint64_t bitsOf(Op... ops) {
  return ((uint64_t{1} << static_cast<int>(ops)) | ...);
}

// Those that int32 has, as bits.
template <class Op>
constexpr uint64_t kInt32Codes = 0;
template <>
inline constexpr uint64_t kInt32Codes<UnaryOp> = bitsOf(UnaryOp::kNeg, UnaryOp::kAbs,
                                                        UnaryOp::kSign, UnaryOp::kSquare,
                                                        UnaryOp::kRelu, UnaryOp::kClamp);
template <>
inline constexpr uint64_t kInt32Codes<BinaryOp> = ((uint64_t{1} << kCodes<BinaryOp>)-1) &
                                                  ~bitsOf(BinaryOp::kAtan2);
template <>
inline constexpr uint64_t kInt32Codes<ReduceOp> = bitsOf(ReduceOp::kSum, ReduceOp::kMax,
                                                         ReduceOp::kMin, ReduceOp::kProd);

struct CodeTable {
  const char* name;
  int64_t count;
  uint64_t int32Codes;
};
template <class Op>
constexpr CodeTable codeTable(const char* name) {
  return {name, kCodes<Op>, kInt32Codes<Op>};
}
inline constexpr CodeTable kCodeTables[] = {
    codeTable<UnaryOp>("UnaryOp"),           codeTable<UnaryGradOp>("UnaryGradOp"),
    codeTable<BinaryOp>("BinaryOp"),         codeTable<CompareOp>("CompareOp"),
    codeTable<ReduceOp>("ReduceOp"),         codeTable<ArgOp>("ArgOp"),
    codeTable<UpsampleMode>("UpsampleMode"), codeTable<UpdateRule>("UpdateRule"),
};

}  // namespace axonode

#include "isa.h"

#include <stdexcept>

namespace axonode {
namespace {

constexpr Isa kAll[] = {Isa::kAvx512, Isa::kAvx2, Isa::kBase};

// As -march=x86-64-v3 and -march=x86-64-v4 of CMakeLists.txt, by the features that set them apart.
bool isSupported(Isa isa) {
#if AXONODE_X86
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  switch (isa) {
    case Isa::kBase:
      return true;
    case Isa::kAvx2:
      return avx2;
    case Isa::kAvx512:
      return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
  }
  return false;
#else
  return isa == Isa::kBase;
#endif
}

}  // namespace

const char* nameOf(Isa isa) {
  switch (isa) {
    case Isa::kBase:
      return "base";
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
  }
  return "unknown";
}

Isa chooseIsa(const std::string& asked) {
  std::string fitting;
  for (Isa isa : kAll) {
    if (!isSupported(isa)) continue;
    if (asked.empty() || asked == nameOf(isa)) return isa;
    fitting += (fitting.empty() ? "" : ", ") + std::string(nameOf(isa));
  }
  throw std::invalid_argument("AXONODE_ISA=" + asked + " does not fit this processor, which has " +
                              fitting);
}

}  // namespace axonode

// The instruction sets that the kernels are compiled for.
#pragma once

#include <cstddef>
#include <string>

namespace axonode {

enum class Isa { kBase, kAvx2, kAvx512 };
inline constexpr size_t kIsaCount = 3;

const char* nameOf(Isa isa);

// The best that this processor runs, or the one asked for by name; throws std::invalid_argument if
// there is no such one or the processor lacks it.
Isa chooseIsa(const std::string& asked);

}  // namespace axonode

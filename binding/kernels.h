// The kernels that JavaScript can call.
#pragma once

#include <vector>

#include "bind.h"
#include "isa.h"

namespace axonode {

const std::vector<Binding>& bindings();

// The name of the algorithm that a convolution's pass takes; see native/kernels.h.
const char* convAlgorithm(Isa isa, int64_t pass, const Geometry& geometry, bool exact);

}  // namespace axonode

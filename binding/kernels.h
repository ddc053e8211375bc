// The kernels that JavaScript can call.
#pragma once

#include <vector>

#include "bind.h"

namespace axonode {

const std::vector<Binding>& bindings();

}  // namespace axonode

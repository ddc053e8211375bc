// The choice of algorithms, for those who ask which one a convolution takes.
#include "native/conv/choose.h"
#include "native/kernels.h"

namespace axonode::AXONODE_ISA {

const char* convAlgorithm(int64_t pass, const Geometry& geometry, bool exact) {
  ConvAlgorithm (*const choose[])(const Geometry&, bool) = {chooseForward, chooseInputGrad,
                                                            chooseWeightGrad};
  switch (choose[pass](geometry, exact)) {
    case ConvAlgorithm::none:
      break;
    case ConvAlgorithm::depthwise:
      return "depthwise";
    case ConvAlgorithm::direct:
      return "direct";
    case ConvAlgorithm::scatter:
      return "scatter";
    case ConvAlgorithm::winograd4:
      return "winograd4";
    case ConvAlgorithm::winograd2:
      return "winograd2";
  }
  return "none";
}

}  // namespace axonode::AXONODE_ISA

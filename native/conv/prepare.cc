#include "native/conv/prepare.h"

// One copy of the choice is enough here.
#define AXONODE_ISA base
#include "native/conv/choose.h"
#undef AXONODE_ISA

namespace axonode {

using base::ConvAlgorithm;

const char* convAlgorithm(int64_t pass, const Geometry& geometry, bool exact) {
  ConvAlgorithm (*const choose[])(const Geometry&, bool) = {
      base::chooseForward, base::chooseInputGrad, base::chooseWeightGrad};
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

PreparedConv prepareConv(const Geometry& geometry, bool exact) {
  const auto as = [&](WeightFormat format) {
    return PreparedConv{packedElements(geometry, format), format};
  };
  switch (base::chooseForward(geometry, exact)) {
    case ConvAlgorithm::depthwise:
      return as(WeightFormat::kDepthwise);
    case ConvAlgorithm::winograd4:
      return as(WeightFormat::kWinograd4);
    case ConvAlgorithm::winograd2:
      return as(WeightFormat::kWinograd2);
    default:
      return as(WeightFormat::kPanels);
  }
}

bool suitsFormat(const Geometry& geometry, WeightFormat format) {
  switch (format) {
    case WeightFormat::kDepthwise:
      return base::isDepthwise(geometry);
    case WeightFormat::kPanels:
      return true;
    case WeightFormat::kWinograd4:
    case WeightFormat::kWinograd2:
      return base::suitsWinograd(geometry, false);
    case WeightFormat::kCount:
      break;
  }
  return false;
}

Count packedElements(const Geometry& g, WeightFormat format) {
  const auto whole = [](int64_t outputs) { return ceilDiv(outputs, kWidestPanel) * kWidestPanel; };
  const Count channels = g.inChannels / g.groups, taps = Count(g.kernelHeight) * g.kernelWidth;
  // F(m x m) has a panel for each of the (m + 2)^2 elements of a tile.
  const auto winograd = [&](int64_t m) {
    return Count((m + 2) * (m + 2)) * channels * whole(g.outChannels);
  };
  switch (format) {
    case WeightFormat::kDepthwise:
      return Count(g.inChannels) * taps;
    case WeightFormat::kPanels:
      return Count(g.groups) * channels * taps * whole(g.outChannels / g.groups);
    case WeightFormat::kWinograd4:
      return winograd(4);
    case WeightFormat::kWinograd2:
      return winograd(2);
    case WeightFormat::kCount:
      break;
  }
  return 0;
}

}  // namespace axonode

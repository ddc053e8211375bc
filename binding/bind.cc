#include "bind.h"

#include <exception>
#include <string>
#include <string_view>

namespace axonode {
namespace {

// The name at a place in "(out, x, n)".
std::string parameterName(std::string_view parameters, size_t position) {
  parameters = parameters.substr(1, parameters.size() - 2);
  for (size_t i = 0; i < position; i++) parameters.remove_prefix(parameters.find(", ") + 2);
  return std::string(parameters.substr(0, parameters.find(", ")));
}

}  // namespace

void raise(napi_env env, const Binding& binding) {
  try {
    throw;
  } catch (const BadArgument& error) {
    std::string message = std::string(binding.name) + ": ";
    if (error.position != BadArgument::kWholeCall) {
      message += parameterName(binding.parameters, error.position) + " ";
    }
    message += error.text;
    const auto raiseError =
        error.kind == BadArgument::kType ? napi_throw_type_error : napi_throw_range_error;
    raiseError(env, "ERR_KERNEL_ARGUMENT", message.c_str());
  } catch (const PendingException&) {
    // JavaScript's own, thrown by a getter of a list.
  } catch (const std::exception& error) {
    const std::string message = std::string(binding.name) + ": " + error.what();
    napi_throw_error(env, "ERR_BACKEND", message.c_str());
  }
}

}  // namespace axonode

#include "bind.h"

#include <exception>
#include <new>
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

void raiseUnguarded(napi_env env, const char* name, const char* parameters) {
  try {
    throw;
  } catch (const BadArgument& error) {
    std::string message = std::string(name) + ": ";
    if (error.position != BadArgument::kWholeCall) {
      message += parameterName(parameters, error.position) + " ";
    }
    message += error.text;
    const auto raiseError =
        error.kind == BadArgument::kType ? napi_throw_type_error : napi_throw_range_error;
    raiseError(env, "ERR_KERNEL_ARGUMENT", message.c_str());
  } catch (const NodeFailure&) {
    // JavaScript's own exception, thrown by a getter of a list for example, goes first.
    bool pending = false;
    if (napi_is_exception_pending(env, &pending) == napi_ok && pending) return;
    if (!mayRunJavaScript(env)) return;
    const std::string message = std::string(name) + ": a call of Node-API failed";
    napi_throw_error(env, "ERR_BACKEND", message.c_str());
  } catch (const std::bad_alloc&) {
    const std::string message = std::string(name) + ": out of memory";
    napi_throw_error(env, "ERR_BACKEND", message.c_str());
  } catch (const std::exception& error) {
    const std::string message = std::string(name) + ": " + error.what();
    napi_throw_error(env, "ERR_BACKEND", message.c_str());
  }
}

}  // namespace

void raise(napi_env env, const char* name, const char* parameters) noexcept {
  try {
    raiseUnguarded(env, name, parameters);
  } catch (...) {
    napi_throw_error(env, "ERR_BACKEND", name);
  }
}

}  // namespace axonode

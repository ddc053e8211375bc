#include "node.h"

namespace axonode {

bool mayRunJavaScript(napi_env env) {
  napi_value global = nullptr;
  napi_value unused = nullptr;
  return napi_get_global(env, &global) == napi_ok &&
         napi_get_named_property(env, global, "undefined", &unused) == napi_ok;
}

napi_value newNumber(napi_env env, double value) {
  napi_value result = nullptr;
  check(napi_create_double(env, value, &result));
  return result;
}

napi_value newBoolean(napi_env env, bool value) {
  napi_value result = nullptr;
  check(napi_get_boolean(env, value, &result));
  return result;
}

napi_value newString(napi_env env, const std::string& value) {
  napi_value result = nullptr;
  check(napi_create_string_utf8(env, value.c_str(), value.size(), &result));
  return result;
}

napi_value newNull(napi_env env) {
  napi_value result = nullptr;
  check(napi_get_null(env, &result));
  return result;
}

napi_value newFunction(napi_env env, const char* name, napi_callback callback, void* data) {
  napi_value result = nullptr;
  check(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, data, &result));
  return result;
}

std::string environmentVariable(napi_env env, const char* name) {
  napi_value value = nullptr;
  check(napi_get_global(env, &value));
  for (const char* property : {"process", "env", name}) {
    check(napi_get_named_property(env, value, property, &value));
  }
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return "";
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

}  // namespace axonode

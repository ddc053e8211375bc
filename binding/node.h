// Node-API, called so that no environment can end badly.
//
// worker.terminate(), process.exit(), an uncaught error or the limit of a worker's heap can end an
// environment between any two calls. From then on every call of Node-API may fail, with no
// JavaScript exception behind it, and so may whatever would be done about that. A wrapper that
// makes an error of each failure, as node-addon-api does, has to abort the process then. Hence the
// rules of this folder:
//
// 1. Plain Node-API only. A status that matters goes through `check`; another may be ignored, but
//    then what the call was to deliver is not used, or has a value beforehand.
// 2. What Node calls is noexcept: a function of JavaScript or the module's start catches everything
//    that its body throws, and tells JavaScript by `raise`, which ignores whether that succeeds. In
//    an environment that ends nobody is left to be told: the answer nullptr is enough.
// 3. Finalizers, cleanup hooks and calls on the event loop throw nothing, and neither need memory
//    nor run JavaScript.
// 4. Whoever waits for the stream does so in pieces, and asks `mayRunJavaScript` in between.
// 5. What a failed call may or may not have taken over is freed when the environment has gone.
#pragma once

#include <node_api.h>

#include <string>

namespace axonode {

// Thrown when a call of Node-API failed. A JavaScript exception is pending, or the environment
// ends.
struct NodeFailure {};

inline void check(napi_status status) {
  if (status != napi_ok) throw NodeFailure();
}

// False once worker.terminate() or process.exit() wants this thread to end.
bool mayRunJavaScript(napi_env env);

// ---- Values. All throw NodeFailure.

napi_value newNumber(napi_env env, double value);
napi_value newBoolean(napi_env env, bool value);
napi_value newString(napi_env env, const std::string& value);
napi_value newNull(napi_env env);
napi_value newFunction(napi_env env, const char* name, napi_callback callback, void* data);

// A new object or array that is being filled.
class NewObject {
 public:
  explicit NewObject(napi_env env) : env_(env) { check(napi_create_object(env, &value_)); }
  // One that exists.
  NewObject(napi_env env, napi_value value) : env_(env), value_(value) {}
  operator napi_value() const { return value_; }

  void set(const char* name, napi_value value) {
    check(napi_set_named_property(env_, value_, name, value));
  }
  void set(const char* name, const char* value) { set(name, newString(env_, value)); }
  void set(const char* name, const std::string& value) { set(name, newString(env_, value)); }
  void set(const char* name, double value) { set(name, newNumber(env_, value)); }
  void set(const char* name, bool value) { set(name, newBoolean(env_, value)); }

 private:
  napi_env env_;
  napi_value value_ = nullptr;
};

class NewArray {
 public:
  explicit NewArray(napi_env env) : env_(env) { check(napi_create_array(env, &value_)); }
  operator napi_value() const { return value_; }
  void push(napi_value value) { check(napi_set_element(env_, value_, length_++, value)); }

 private:
  napi_env env_;
  napi_value value_ = nullptr;
  uint32_t length_ = 0;
};

// A variable of process.env, which in a worker_thread may be another than the process's own; empty
// if there is none.
std::string environmentVariable(napi_env env, const char* name);

}  // namespace axonode

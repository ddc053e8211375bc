#include "environment.h"

#include <algorithm>

#include "node.h"

namespace axonode {

void Promises::open(napi_env env) {
  const auto settleOnLoop = [](napi_env env, napi_value, void* promises, void*) noexcept {
    // env is nullptr while the environment ends.
    if (env != nullptr) static_cast<Promises*>(promises)->settle(env);
  };
  check(napi_create_threadsafe_function(env, nullptr, nullptr, newString(env, "axonode"), 0, 1,
                                        nullptr, nullptr, this, settleOnLoop, &function_));
  check(napi_unref_threadsafe_function(env, function_));
  stream_.onNotify(
      [](void* function) {
        napi_call_threadsafe_function(static_cast<napi_threadsafe_function>(function), nullptr,
                                      napi_tsfn_nonblocking);
      },
      function_);
}

napi_value Promises::wait(napi_env env) {
  napi_deferred deferred = nullptr;
  napi_value promise = nullptr;
  check(napi_create_promise(env, &deferred, &promise));
  waiters_.push_back({stream_.submitted(), deferred});
  if (waiters_.size() == 1) napi_ref_threadsafe_function(env, function_);
  settle(env);
  return promise;
}

void Promises::settle(napi_env env) noexcept {
  if (waiters_.empty()) return;
  napi_value undefined = nullptr;
  napi_get_undefined(env, &undefined);
  while (!waiters_.empty()) {
    const uint64_t ticket = waiters_.front().ticket;
    // Asked first and looked after, so that a completion between the two is not missed.
    stream_.notifyAt(ticket);
    if (stream_.completed() < ticket) return;
    // Where the environment ends, it fails, and nobody waits any more.
    napi_resolve_deferred(env, waiters_.front().deferred, undefined);
    waiters_.pop_front();
  }
  napi_unref_threadsafe_function(env, function_);
}

bool Environment::waitFor(napi_env env, uint64_t ticket) {
  while (mayRunJavaScript(env)) {
    if (stream.completed() >= ticket) return true;
    stream.waitFor(std::min(ticket, stream.next()));
  }
  return false;
}

}  // namespace axonode

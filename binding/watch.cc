#include "watch.h"

#include "node.h"

namespace axonode {
namespace {

// For handles that are not to live as long as the call: they would keep what is watched alive.
class HandleScope {
 public:
  explicit HandleScope(napi_env env) : env_(env) { check(napi_open_handle_scope(env, &scope_)); }
  ~HandleScope() { napi_close_handle_scope(env_, scope_); }
  HandleScope(const HandleScope&) = delete;
  HandleScope& operator=(const HandleScope&) = delete;

 private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
};

bool isAlive(napi_env env, napi_ref reference) {
  const HandleScope scope(env);
  napi_value value = nullptr;
  check(napi_get_reference_value(env, reference, &value));
  return value != nullptr;
}

}  // namespace

uint32_t Watch::add(napi_env env, napi_value object) {
  if (freePlaces_.empty()) {
    references_.push_back(nullptr);
    freePlaces_.reserve(references_.capacity());  // remove() needs no memory
    freePlaces_.push_back(static_cast<uint32_t>(references_.size() - 1));
  }
  const uint32_t place = freePlaces_.back();
  check(napi_create_reference(env, object, 0, &references_[place]));
  freePlaces_.pop_back();
  return place;
}

bool Watch::remove(napi_env env, double place) {
  if (!(place >= 0 && place < static_cast<double>(references_.size()))) return false;
  const auto at = static_cast<uint32_t>(place);
  napi_ref& reference = references_[at];
  if (at != place || reference == nullptr) return false;
  napi_delete_reference(env, reference);
  reference = nullptr;
  freePlaces_.push_back(at);
  return true;
}

napi_value Watch::takeLost(napi_env env) {
  NewArray lost(env);
  for (uint32_t place = 0; place < references_.size(); place++) {
    if (references_[place] == nullptr || isAlive(env, references_[place])) continue;
    const HandleScope scope(env);
    lost.push(newNumber(env, place));
    remove(env, place);
  }
  return lost;
}

bool Watch::hasCollected(napi_env env) {
  const bool isFirst = canary_ == nullptr;
  if (!isFirst && isAlive(env, canary_)) return false;
  if (!isFirst) napi_delete_reference(env, canary_);
  canary_ = nullptr;
  const HandleScope scope(env);
  check(napi_create_reference(env, NewObject(env), 0, &canary_));
  return !isFirst;
}

}  // namespace axonode

#include "watch.h"

namespace axonode {
namespace {

// Whether an object lives, without a handle that would keep it alive any longer.
bool isAlive(napi_env env, napi_ref reference) {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return true;
  napi_value value = nullptr;
  const napi_status status = napi_get_reference_value(env, reference, &value);
  napi_close_handle_scope(env, scope);
  return status != napi_ok || value != nullptr;
}

}  // namespace

napi_status Watch::add(napi_env env, napi_value object, uint32_t* place) {
  napi_ref reference = nullptr;
  const napi_status status = napi_create_reference(env, object, 0, &reference);
  if (status != napi_ok) return status;
  if (freePlaces_.empty()) {
    *place = static_cast<uint32_t>(references_.size());
    references_.push_back(reference);
    freePlaces_.reserve(references_.capacity());
  } else {
    *place = freePlaces_.back();
    freePlaces_.pop_back();
    references_[*place] = reference;
  }
  return napi_ok;
}

bool Watch::remove(napi_env env, double place) {
  if (!(place >= 0 && place < static_cast<double>(references_.size()))) return false;
  const auto at = static_cast<uint32_t>(place);
  if (at != place) return false;
  napi_ref& reference = references_[at];
  if (reference == nullptr) return false;
  napi_delete_reference(env, reference);
  reference = nullptr;
  freePlaces_.push_back(at);
  return true;
}

napi_value Watch::takeLost(napi_env env) {
  napi_value lost = nullptr;
  if (napi_create_array(env, &lost) != napi_ok) return nullptr;
  uint32_t count = 0;
  for (uint32_t place = 0; place < references_.size(); place++) {
    if (references_[place] == nullptr || isAlive(env, references_[place])) continue;
    napi_handle_scope scope = nullptr;
    napi_value number = nullptr;
    if (napi_open_handle_scope(env, &scope) != napi_ok) return nullptr;
    const bool told = napi_create_uint32(env, place, &number) == napi_ok &&
                      napi_set_element(env, lost, count, number) == napi_ok;
    napi_close_handle_scope(env, scope);
    if (!told) return nullptr;
    count++;
    remove(env, place);
  }
  return lost;
}

bool Watch::hasCollected(napi_env env) {
  if (canary_ != nullptr && isAlive(env, canary_)) return false;
  const bool first = canary_ == nullptr;
  if (!first) napi_delete_reference(env, canary_);
  canary_ = nullptr;
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return !first;
  napi_value object = nullptr;
  if (napi_create_object(env, &object) == napi_ok) {
    if (napi_create_reference(env, object, 0, &canary_) != napi_ok) canary_ = nullptr;
  }
  napi_close_handle_scope(env, scope);
  return !first;
}

}  // namespace axonode

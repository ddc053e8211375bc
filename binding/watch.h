// Which of some JavaScript objects the garbage collector has found dead, told within the same turn.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <vector>

namespace axonode {

// Weak references of Node-API know of a death as soon as V8 has collected; JavaScript's own WeakRef
// and FinalizationRegistry wait until the turn of the event loop ends, which in a loop that never
// awaits is never. The references end with their environment.
class Watch {
 public:
  // Begins to watch an object; its place. Throws NodeFailure and std::bad_alloc.
  uint32_t add(napi_env env, napi_value object);
  // Ends it. False if nothing is watched at this place.
  bool remove(napi_env env, double place);
  // The places of all that died since the last call, in a JavaScript array. They are not watched
  // any more. Throws NodeFailure.
  napi_value takeLost(napi_env env);
  // True if V8 has collected, if only its young generation, since the last call that was true.
  bool hasCollected(napi_env env);

 private:
  std::vector<napi_ref> references_;  // by place; nullptr where it is free
  std::vector<uint32_t> freePlaces_;
  napi_ref canary_ = nullptr;  // to a young object that nobody holds
};

}  // namespace axonode

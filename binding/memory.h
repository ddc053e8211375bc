// Memory for JavaScript's ArrayBuffers that stays alive for as long as queued work uses it.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "stream.h"

namespace axonode {

// A set of addresses aligned to cache lines: open addressing, linear probing.
class AddressSet {
 public:
  AddressSet() : slots_(64) {}
  bool contains(const void* address) const;
  // The next insert needs no memory.
  void reserveOneMore();
  void insert(const void* address);
  void erase(const void* address);

 private:
  size_t home(const void* address) const;
  size_t find(const void* address) const;  // its slot, or the empty one where it would go

  std::vector<const void*> slots_;  // a power of two of them; nullptr is empty
  size_t size_ = 0;
};

// The buffers of one environment.
//
// Whoever holds an ordinary ArrayBuffer can detach, transfer or resize it while a kernel works in
// it, and Node-API has no way to hold on to what is inside. So buffers for queued work wrap memory
// of ours. It is freed when JavaScript says so, or else when V8 has let go of it, under whatever
// ArrayBuffer it lived last; then as soon as the stream has passed all work submitted until then:
// work that names memory is submitted by someone who holds an array over it. No reference is kept
// per call. A call with an array over any other memory returns only when its work is done.
class Memory : public std::enable_shared_from_this<Memory> {
 public:
  explicit Memory(Stream& stream);
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Node's limit for an external ArrayBuffer.
  static constexpr size_t kMaxBytes = size_t{1} << 32;

  // A new ArrayBuffer of up to kMaxBytes, aligned to 64 bytes, contents undefined. Throws
  // std::bad_alloc and NodeFailure.
  napi_value allocate(napi_env env, size_t bytes);

  // Whether an ArrayBuffer that begins at this address is one of ours.
  bool owns(const void* begin) const { return begins_.contains(begin); }

  // Takes an ArrayBuffer of ours from JavaScript, whose arrays over it are empty from now on, and
  // frees its memory. Node would do that only between two turns of the event loop. False, and
  // nothing has happened, if it is not ours.
  bool free(napi_env env, napi_value buffer);

  // Frees what was let go of and the stream has passed.
  void reclaim() noexcept;

  // The stream has stopped: from now on memory is freed as soon as V8 lets go of it.
  void close() noexcept;

  // The environment has gone, and has called all finalizers that it ever will.
  void end() noexcept;

 private:
  struct Block {
    std::shared_ptr<Memory> memory;
    void* data;
    size_t bytes;
  };
  struct Retired {
    void* data;
    size_t bytes;
    uint64_t ticket;
  };
  // Memory that was let go of and that waits for the stream; beyond this, allocation waits, too.
  static constexpr size_t kMaxRetiredBytes = size_t{256} << 20;

  static void finalize(napi_env env, void* data, void* hint) noexcept;
  // Lets go of a block's memory, once.
  void retire(Block& block) noexcept;

  Stream* stream_;  // nullptr when closed
  // False where the host refuses memory that is not V8's own, as Electron does, and where
  // AXONODE_EXTERNAL_BUFFERS=0 asks for that. Buffers are ordinary ones then.
  bool external_;
  AddressSet begins_;
  // In the order of their tickets. Has room for all blocks: finalizers need no memory.
  std::vector<Retired> retired_;
  std::unordered_map<const void*, Block*> blocks_;  // not retired yet, by their memory
  // Blocks whose ArrayBuffer failed to come into being: whether the environment has taken them
  // over, and calls their finalizer in the end, it does not tell.
  std::vector<Block*> doubtful_;
  size_t retiredBytes_ = 0;
};

}  // namespace axonode

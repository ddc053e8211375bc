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
// of ours. It is freed when V8 has let go of it, under whatever ArrayBuffer it lived last, and the
// stream has passed all work submitted until then: work that names memory is submitted by someone
// who holds an array over it. No reference is kept per call. A call with an array over any other
// memory returns only when its work is done.
//
// Some of what V8 has let go of is kept for the next buffers of the same sizes. A loop that loses
// its tensors to the collector, as inference that nobody calls backward on does, would else give
// pages back to the system and take fresh ones all the time: its resident memory would go up and
// down by what V8 collects at once, and every first touch of a page would cost a fault.
class Memory : public std::enable_shared_from_this<Memory> {
 public:
  explicit Memory(Stream& stream);
  ~Memory() { freeKept(); }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  // Node's limit for an external ArrayBuffer.
  static constexpr size_t kMaxBytes = size_t{1} << 32;

  // A new ArrayBuffer of up to kMaxBytes, aligned to 64 bytes, contents undefined. Throws
  // std::bad_alloc. On any other failure a JavaScript exception is pending, and the result nullptr.
  napi_value allocate(napi_env env, size_t bytes);

  // Whether an ArrayBuffer that begins at this address is one of ours.
  bool owns(const void* begin) const { return begins_.contains(begin); }

  // Frees, or keeps for reuse, what V8 has let go of and the stream has passed.
  void reclaim();

  // What is kept for reuse.
  size_t keptBytes() const { return keptBytes_; }
  // What V8 has not let go of.
  size_t heldBytes() const { return heldBytes_; }
  // Frees it, and lets no buffer that exists by now be kept later on.
  void trim();

  // The stream has stopped: from now on memory is freed as soon as V8 lets go of it.
  void close();

 private:
  struct Block {
    std::shared_ptr<Memory> memory;
    void* data;
    size_t bytes;
    uint64_t born;  // how many blocks were allocated before
  };
  struct Retired {
    void* data;
    size_t bytes;
    uint64_t born;
    uint64_t ticket;
  };
  // Memory that V8 has let go of and that waits for the stream; beyond this, allocation waits, too.
  static constexpr size_t kMaxRetiredBytes = size_t{256} << 20;

  // Kept for reuse, at most: this, and as much again as JavaScript holds.
  static constexpr size_t kMaxSpareBytes = size_t{256} << 20;

  static void finalize(napi_env env, void* data, void* hint);
  // Memory for a block: kept, or else fresh. Throws std::bad_alloc.
  void* take(size_t bytes);
  void freeKept();

  Stream* stream_;  // nullptr when closed
  // False where the host refuses memory that is not V8's own, as Electron does, and where
  // AXONODE_EXTERNAL_BUFFERS=0 asks for that. Buffers are ordinary ones then.
  bool external_;
  AddressSet begins_;
  std::vector<Retired> retired_;  // in the order of their tickets
  size_t retiredBytes_ = 0;
  std::unordered_map<size_t, std::vector<void*>> kept_;  // by size
  size_t keptBytes_ = 0;
  size_t heldBytes_ = 0;  // by JavaScript
  uint64_t allocated_ = 0;
  uint64_t trimmed_ = 0;  // blocks born before are not kept
};

}  // namespace axonode

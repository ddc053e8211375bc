#include "memory.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "native/base/pages.h"
#include "node.h"

namespace axonode {

namespace {

// So that the next push_back needs no memory, at the cost that vectors have anyway.
template <class T>
void reserveOneMore(std::vector<T>& list, size_t size) {
  if (size + 1 > list.capacity()) list.reserve(2 * (size + 1));
}

}  // namespace

size_t AddressSet::home(const void* address) const {
  const uint64_t line = reinterpret_cast<uintptr_t>(address) / 64;
  return (line * 0x9e3779b97f4a7c15u >> 32) & (slots_.size() - 1);
}

size_t AddressSet::find(const void* address) const {
  size_t slot = home(address);
  while (slots_[slot] != nullptr && slots_[slot] != address)
    slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

bool AddressSet::contains(const void* address) const {
  return address != nullptr && slots_[find(address)] == address;
}

void AddressSet::reserveOneMore() {
  if (2 * (size_ + 1) <= slots_.size()) return;
  std::vector<const void*> old(slots_.size() * 2);
  old.swap(slots_);
  for (const void* other : old) {
    if (other != nullptr) slots_[find(other)] = other;
  }
}

void AddressSet::insert(const void* address) {
  reserveOneMore();
  const void*& slot = slots_[find(address)];
  if (slot == nullptr) size_++;
  slot = address;
}

void AddressSet::erase(const void* address) {
  const size_t mask = slots_.size() - 1;
  size_t hole = find(address);
  if (slots_[hole] == nullptr) return;
  size_--;
  // Moves back what was displaced past the hole, so that no search ends there too early.
  for (size_t slot = (hole + 1) & mask; slots_[slot] != nullptr; slot = (slot + 1) & mask) {
    const size_t displacement = (slot - home(slots_[slot])) & mask;
    if (displacement >= ((slot - hole) & mask)) {
      slots_[hole] = slots_[slot];
      hole = slot;
    }
  }
  slots_[hole] = nullptr;
}

namespace {

napi_value ordinary(napi_env env, size_t bytes) {
  napi_value buffer = nullptr;
  check(napi_create_arraybuffer(env, bytes, nullptr, &buffer));
  return buffer;
}

bool wantsExternal() {
  const char* const asked = std::getenv("AXONODE_EXTERNAL_BUFFERS");
  return asked == nullptr || std::strcmp(asked, "0") != 0;
}

}  // namespace

Memory::Memory(Stream& stream) : stream_(&stream), external_(wantsExternal()) {}

napi_value Memory::allocate(napi_env env, size_t bytes) {
  if (stream_ == nullptr) throw NodeFailure();
  reclaim();
  while (retiredBytes_ > kMaxRetiredBytes) {
    if (!mayRunJavaScript(env)) throw NodeFailure();
    stream_->waitFor(std::min(retired_.front().ticket, stream_->next()));
    reclaim();
  }
  napi_value buffer = nullptr;
  if (bytes == 0 || !external_) return ordinary(env, bytes);
  reserveOneMore(retired_, retired_.size() + blocks_.size());
  reserveOneMore(doubtful_, doubtful_.size());
  begins_.reserveOneMore();
  auto owned = std::make_unique<Block>(shared_from_this(), allocatePages(bytes), bytes);
  Block* const block = owned.get();
  try {
    blocks_.emplace(block->data, block);
  } catch (const std::bad_alloc&) {
    freePages(block->data, bytes);
    throw;
  }
  owned.release();
  begins_.insert(block->data);
  doubtful_.push_back(block);
  const napi_status status =
      napi_create_external_arraybuffer(env, block->data, bytes, finalize, block, &buffer);
  if (status == napi_ok) {
    doubtful_.pop_back();
    return buffer;
  }
  if (status == napi_no_external_buffers_allowed) {
    finalize(env, nullptr, block);
    external_ = false;
    return ordinary(env, bytes);
  }
  throw NodeFailure();
}

bool Memory::free(napi_env env, napi_value buffer) {
  void* data = nullptr;
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok) return false;
  const auto found = blocks_.find(data);
  if (found == blocks_.end()) return false;
  Block& block = *found->second;
  // Its finalizer may run as its ArrayBuffer lets go, or later.
  if (napi_detach_arraybuffer(env, buffer) != napi_ok) return false;
  if (blocks_.contains(data)) retire(block);
  return true;
}

// On the thread of the environment's JavaScript, possibly as late as the environment's own end, or
// as early as a creation that fails.
void Memory::finalize(napi_env, void*, void* hint) noexcept {
  const std::unique_ptr<Block> block(static_cast<Block*>(hint));
  Memory& memory = *block->memory;
  if (!memory.doubtful_.empty()) std::erase(memory.doubtful_, block.get());
  memory.retire(*block);
}

void Memory::retire(Block& block) noexcept {
  if (block.data == nullptr) return;
  begins_.erase(block.data);
  blocks_.erase(block.data);
  const uint64_t ticket = stream_ != nullptr ? stream_->submitted() : 0;
  retired_.push_back({block.data, block.bytes, ticket});
  retiredBytes_ += block.bytes;
  block.data = nullptr;
  reclaim();
}

void Memory::reclaim() noexcept {
  const uint64_t completed = stream_ != nullptr ? stream_->completed() : UINT64_MAX;
  auto block = retired_.begin();
  for (; block != retired_.end() && block->ticket <= completed; ++block) {
    retiredBytes_ -= block->bytes;
    freePages(block->data, block->bytes);
  }
  retired_.erase(retired_.begin(), block);
}

void Memory::close() noexcept {
  stream_ = nullptr;
  reclaim();
}

void Memory::end() noexcept {
  while (!doubtful_.empty()) finalize(nullptr, nullptr, doubtful_.back());
}

}  // namespace axonode

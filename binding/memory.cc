#include "memory.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "native/base/pages.h"

namespace axonode {

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

void AddressSet::insert(const void* address) {
  if (2 * (size_ + 1) > slots_.size()) {
    std::vector<const void*> old(slots_.size() * 2);
    old.swap(slots_);
    for (const void* other : old) {
      if (other != nullptr) slots_[find(other)] = other;
    }
  }
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
  napi_create_arraybuffer(env, bytes, nullptr, &buffer);
  return buffer;
}

bool wantsExternal() {
  const char* const asked = std::getenv("AXONODE_EXTERNAL_BUFFERS");
  return asked == nullptr || std::strcmp(asked, "0") != 0;
}

}  // namespace

Memory::Memory(Stream& stream) : stream_(&stream), external_(wantsExternal()) {}

napi_value Memory::allocate(napi_env env, size_t bytes) {
  reclaim();
  while (retiredBytes_ > kMaxRetiredBytes) {
    stream_->waitFor(retired_.front().ticket);
    reclaim();
  }
  napi_value buffer = nullptr;
  if (bytes == 0 || !external_) return ordinary(env, bytes);
  retired_.reserve(retired_.size() + 1);
  auto block = std::make_unique<Block>(shared_from_this(), nullptr, bytes, allocated_++);
  block->data = take(bytes);
  begins_.insert(block->data);
  const napi_status status =
      napi_create_external_arraybuffer(env, block->data, bytes, finalize, block.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) {
    begins_.erase(block->data);
    freePages(block->data, bytes);
    external_ = false;
    return ordinary(env, bytes);
  }
  block.release();  // from here on, even after a failure, it is for finalize to free it
  heldBytes_ += bytes;
  return status == napi_ok ? buffer : nullptr;
}

// On the thread of the environment's JavaScript, possibly as late as the environment's own end.
void Memory::finalize(napi_env, void*, void* hint) {
  const std::unique_ptr<Block> block(static_cast<Block*>(hint));
  Memory& memory = *block->memory;
  memory.begins_.erase(block->data);
  const uint64_t ticket = memory.stream_ != nullptr ? memory.stream_->submitted() : 0;
  memory.retired_.push_back({block->data, block->bytes, block->born, ticket});
  memory.retiredBytes_ += block->bytes;
  memory.heldBytes_ -= block->bytes;
  memory.reclaim();
}

void Memory::reclaim() {
  const uint64_t completed = stream_ != nullptr ? stream_->completed() : UINT64_MAX;
  auto block = retired_.begin();
  for (; block != retired_.end() && block->ticket <= completed; ++block) {
    retiredBytes_ -= block->bytes;
    const bool fits = keptBytes_ + block->bytes <= kMaxSpareBytes + heldBytes_;
    if (stream_ != nullptr && fits && block->born >= trimmed_) {
      kept_[block->bytes].push_back(block->data);
      keptBytes_ += block->bytes;
    } else {
      freePages(block->data, block->bytes);
    }
  }
  retired_.erase(retired_.begin(), block);
}

void* Memory::take(size_t bytes) {
  const auto found = kept_.find(bytes);
  if (found != kept_.end() && !found->second.empty()) {
    void* const data = found->second.back();
    found->second.pop_back();
    keptBytes_ -= bytes;
    return data;
  }
  try {
    return allocatePages(bytes);
  } catch (const std::bad_alloc&) {
    if (keptBytes_ == 0) throw;
    freeKept();
    return allocatePages(bytes);
  }
}

void Memory::freeKept() {
  for (const auto& [bytes, blocks] : kept_) {
    for (void* block : blocks) freePages(block, bytes);
  }
  kept_.clear();
  keptBytes_ = 0;
}

void Memory::trim() {
  trimmed_ = allocated_;
  reclaim();
  freeKept();
}

void Memory::close() {
  stream_ = nullptr;
  reclaim();
  freeKept();
}

}  // namespace axonode

#include "memory.h"

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

napi_value Memory::allocate(napi_env env, size_t bytes) {
  reclaim();
  while (retiredBytes_ > kMaxRetiredBytes) {
    stream_->waitFor(retired_.front().ticket);
    reclaim();
  }
  napi_value buffer = nullptr;
  if (bytes == 0) {
    napi_create_arraybuffer(env, 0, nullptr, &buffer);
    return buffer;
  }
  retired_.reserve(retired_.size() + 1);
  auto block = std::make_unique<Block>(shared_from_this(), nullptr, bytes);
  block->data = allocatePages(bytes);
  begins_.insert(block->data);
  blocks_.emplace(block->data, block.get());
  const napi_status status =
      napi_create_external_arraybuffer(env, block->data, bytes, finalize, block.get(), &buffer);
  if (status == napi_no_external_buffers_allowed) {
    retire(*block);
    napi_throw_error(env, "ERR_BACKEND", "this runtime does not allow external ArrayBuffers");
    return nullptr;
  }
  block.release();  // from here on, even after a failure, it is for finalize to free it
  return status == napi_ok ? buffer : nullptr;
}

bool Memory::free(napi_env env, napi_value buffer) {
  void* data = nullptr;
  size_t bytes = 0;
  if (napi_get_arraybuffer_info(env, buffer, &data, &bytes) != napi_ok) return false;
  const auto found = blocks_.find(data);
  if (found == blocks_.end()) return false;
  Block& block = *found->second;
  retired_.reserve(retired_.size() + 1);
  if (napi_detach_arraybuffer(env, buffer) != napi_ok) return false;
  retire(block);
  reclaim();
  return true;
}

// On the thread of the environment's JavaScript, possibly as late as the environment's own end.
void Memory::finalize(napi_env, void*, void* hint) {
  const std::unique_ptr<Block> block(static_cast<Block*>(hint));
  block->memory->retire(*block);
  block->memory->reclaim();
}

void Memory::retire(Block& block) {
  if (block.data == nullptr) return;
  begins_.erase(block.data);
  blocks_.erase(block.data);
  const uint64_t ticket = stream_ != nullptr ? stream_->submitted() : 0;
  retired_.push_back({block.data, block.bytes, ticket});
  retiredBytes_ += block.bytes;
  block.data = nullptr;
}

void Memory::reclaim() {
  const uint64_t completed = stream_ != nullptr ? stream_->completed() : UINT64_MAX;
  auto block = retired_.begin();
  for (; block != retired_.end() && block->ticket <= completed; ++block) {
    retiredBytes_ -= block->bytes;
    freePages(block->data, block->bytes);
  }
  retired_.erase(retired_.begin(), block);
}

void Memory::close() {
  stream_ = nullptr;
  reclaim();
}

}  // namespace axonode

#include "stream.h"

#include <omp.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <new>
#include <set>
#include <utility>
#include <vector>

namespace axonode {

// process.exit() and uncaught errors end the process without running the environment's clean-up
// hooks, but with the destructors of OpenBLAS and OpenMP, under which a running kernel would crash.
// atexit handlers come before those, so here every stream of the process ends. This must be known
// across environments; it is the one static of the addon.
class StreamsOfProcess {
 public:
  static StreamsOfProcess& get() {
    static StreamsOfProcess* const streams = [] {
      std::atexit([] { get().haltAll(); });
      return new StreamsOfProcess;
    }();
    return *streams;
  }

  void add(Stream* stream) {
    std::lock_guard lock(mutex_);
    streams_.insert(stream);
  }

  void remove(Stream* stream) {
    std::lock_guard lock(mutex_);
    streams_.erase(stream);
  }

 private:
  void haltAll() {
    std::lock_guard lock(mutex_);
    for (Stream* stream : streams_) stream->halt();
  }

  std::mutex mutex_;
  std::set<Stream*> streams_;
};

namespace {

// How long a thread looks for news before it sleeps: waking it costs tens of microseconds, too.
// Between two steps of a loop that reads its loss, the stream's waits for JavaScript to wake first.
constexpr double kIdleMicroseconds = 150;
constexpr double kWaitMicroseconds = 50;

inline void pauseBriefly() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <class Ready>
bool spinUntil(Ready ready, double microseconds) {
  using Clock = std::chrono::steady_clock;
  constexpr int kLooksPerClock = 16;
  const auto limit = std::chrono::duration<double, std::micro>(microseconds);
  const auto begin = Clock::now();
  do {
    for (int i = 0; i < kLooksPerClock; i++) {
      if (ready()) return true;
      pauseBriefly();
    }
  } while (Clock::now() - begin < limit);
  return ready();
}

}  // namespace

namespace {

// How many of a team of threads the system lets us start. OpenMP ends the process where it gets
// fewer than it wants.
int startable(int threads) {
  std::vector<std::thread> helpers;
  std::atomic<bool> done{false};
  try {
    helpers.reserve(static_cast<size_t>(threads));
    while (static_cast<int>(helpers.size()) < threads - 1) {
      helpers.emplace_back([&done] { done.wait(false); });
    }
  } catch (const std::exception&) {
    // As many as there are.
  }
  done.store(true);
  done.notify_all();
  for (std::thread& helper : helpers) helper.join();
  return static_cast<int>(helpers.size()) + 1;
}

// Short enough, where memory is short, to need none.
std::string textOf(const std::exception& error) noexcept {
  try {
    return error.what();
  } catch (...) {
    return "out of memory";
  }
}

// OpenMP's own count belongs to the calling thread; OpenBLAS follows it.
void setTeam(Context& context, int threads) {
  context.threads = startable(threads);
  omp_set_num_threads(context.threads);
}

}  // namespace

Stream::Stream(bool inlined, int threads) : inlined_(inlined), threads_(threads) {
  context_.threads = threads;
}

void Stream::onNotify(Notify notify, void* receiver) {
  notify_ = notify;
  receiver_ = receiver;
}

void Stream::start() {
  auto slots = std::make_unique_for_overwrite<Slot[]>(kSlots);
  if (inlined_) {
    setTeam(context_, threads_);
    slots_ = std::move(slots);
    return;
  }
  StreamsOfProcess::get().add(this);
  slots_ = std::move(slots);
  try {
    thread_ = std::thread([this] { loop(); });
  } catch (...) {
    StreamsOfProcess::get().remove(this);
    slots_.reset();
    throw;
  }
}

void* Stream::payload() {
  if (!slots_) start();
  if (room() == 0) waitFor(next());
  return slotOf(submitted() + 1).payload;
}

uint64_t Stream::commit(const char* name, Run run) {
  const uint64_t ticket = submitted() + 1;
  Slot& slot = slotOf(ticket);
  slot.name = name;
  slot.run = run;
  // Sequentially consistent, as is asleep_: either the thread sees the task before it sleeps, or
  // we see that it sleeps.
  submitted_.store(ticket);
  if (inlined_) {
    execute(ticket);
    completed_.store(ticket);
  } else if (asleep_.load()) {
    std::lock_guard lock(mutex_);
    work_.notify_one();
  }
  return ticket;
}

void Stream::loop() {
  setTeam(context_, context_.threads);
  for (uint64_t done = 0; awaitWork(done);) {
    const uint64_t ticket = ++done;
    execute(ticket);
    complete(ticket);
  }
}

// Waits for a task after `done`; false when the stream is to end.
bool Stream::awaitWork(uint64_t done) {
  const auto ready = [&] { return submitted_.load() != done || stopping_.load(); };
  if (!spinUntil(ready, kIdleMicroseconds)) {
    std::unique_lock lock(mutex_);
    asleep_.store(true);
    work_.wait(lock, ready);
    asleep_.store(false);
  }
  return !stopping_.load();
}

void Stream::execute(uint64_t ticket) {
  Slot& slot = slotOf(ticket);
  // In this order, the reverse of takeFailure's: one of the two is seen at any time.
  context_.faultPending = failedTicket() != 0 || ticket <= lastSpoilt_.load();
  try {
    slot.run(context_, slot.payload, true);
  } catch (const std::bad_alloc&) {
    fail(ticket, {slot.name, 0, 0, "out of memory"});
  } catch (const std::exception& error) {
    fail(ticket, {slot.name, 0, 0, textOf(error)});
  } catch (...) {
    fail(ticket, {slot.name, 0, 0, "unknown exception"});
  }
  if (context_.fault.kernel != nullptr) {
    const Fault fault = std::exchange(context_.fault, {});
    fail(ticket, {fault.kernel, fault.index, fault.limit, ""});
  }
  scratchBytes_.store(context_.scratch.bytes(), std::memory_order_relaxed);
}

void Stream::complete(uint64_t ticket) {
  completed_.store(ticket);
  if (ticket >= wakeAt_.load()) {
    std::lock_guard lock(mutex_);
    done_.notify_one();
  }
  uint64_t at = notifyAt_.load();
  while (ticket >= at) {
    if (!notifyAt_.compare_exchange_weak(at, kNever)) continue;
    notify_(receiver_);
    return;
  }
}

void Stream::fail(uint64_t ticket, Failure failure) noexcept {
  std::lock_guard lock(mutex_);
  if (failure_) return;
  failure_ = std::move(failure);
  failure_->ticket = ticket;
  failedTicket_.store(ticket);
}

std::optional<Failure> Stream::takeFailure() {
  if (failedTicket() == 0) return std::nullopt;
  std::lock_guard lock(mutex_);
  lastSpoilt_.store(submitted());
  failedTicket_.store(0);
  return std::exchange(failure_, std::nullopt);
}

void Stream::waitFor(uint64_t ticket) {
  const auto ready = [&] { return completed_.load() >= ticket || stopping_.load(); };
  if (spinUntil(ready, kWaitMicroseconds)) return;
  std::unique_lock lock(mutex_);
  wakeAt_.store(ticket);
  done_.wait(lock, ready);
  wakeAt_.store(kNever);
}

bool Stream::spin(double microseconds) const {
  return spinUntil([this] { return idle(); }, microseconds);
}

void Stream::setThreads(int threads) {
  threads_ = threads;
  if (!slots_) {
    context_.threads = threads;  // OpenMP learns of it when the stream starts
    return;
  }
  setLater("setNumThreads", threads, setTeam);
}

void Stream::setExactConvolution(bool exact) {
  exactConvolution_ = exact;
  setLater("setExactConvolution", exact,
           [](Context& context, int value) { context.exactConvolution = value != 0; });
}

void Stream::setLater(const char* name, int value, void (*apply)(Context&, int value)) {
  if (!slots_) {
    apply(context_, value);
    return;
  }
  struct Setting {
    void (*apply)(Context&, int);
    int value;
  };
  new (payload()) Setting{apply, value};
  commit(name, [](Context& context, void* payload, bool execute) {
    const auto& setting = *static_cast<Setting*>(payload);
    if (execute) setting.apply(context, setting.value);
  });
}

void Stream::halt() {
  {
    std::lock_guard lock(mutex_);
    stopping_.store(true);
  }
  work_.notify_one();
  done_.notify_one();
  // A library that gives up ends the process from whatever thread it runs on.
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

void Stream::stop() {
  if (!thread_.joinable()) return;
  StreamsOfProcess::get().remove(this);
  halt();
  for (uint64_t ticket = completed() + 1; ticket <= submitted(); ticket++) {
    Slot& slot = slotOf(ticket);
    slot.run(context_, slot.payload, false);
  }
  completed_.store(submitted());
}

}  // namespace axonode

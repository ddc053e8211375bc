// The queue of kernel calls of one environment, and the thread that runs them in order.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "native/base/types.h"

namespace axonode {

// What went wrong in a kernel, kept until the next synchronisation: an index in the data out of
// range, or, where message is not empty, an exception.
struct Failure {
  const char* kernel = "";  // static
  int64_t index = 0;
  int64_t limit = 0;
  std::string message;
  uint64_t ticket = 0;  // of the task
};

// All functions are for the thread of the environment's JavaScript, except where noted.
//
// Tasks are numbered by tickets: 1, 2, 3 ... Their arguments lie in a ring of fixed slots, so that
// submitting allocates nothing. The thread starts with the first task; it is the OpenMP master of
// all kernels. The Context is touched by that thread only (with `inlined`, by JavaScript's only).
class Stream {
 public:
  static constexpr size_t kPayloadBytes = 496;

  // Runs the task if `execute`, and destroys the payload in any case.
  using Run = void (*)(Context&, void* payload, bool execute);
  // Called on the stream's thread.
  using Notify = void (*)(void* receiver);

  // inlined: runs each task inside of submit, without a thread.
  Stream(bool inlined, int threads);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() { stop(); }

  // How many tasks can be submitted without blocking.
  uint64_t room() const { return kSlots - (submitted() - completed()); }
  // Where the next task's payload is to be constructed, followed at once by commit. Blocks while
  // there is no room.
  void* payload();
  // Queues the task whose payload was just constructed; returns its ticket. name is static.
  uint64_t commit(const char* name, Run run);

  uint64_t submitted() const { return submitted_.load(std::memory_order_relaxed); }
  uint64_t completed() const { return completed_.load(std::memory_order_acquire); }
  bool idle() const { return completed() == submitted(); }
  // A ticket that is not far off, where completion is waited for in pieces.
  uint64_t next() const { return std::min(submitted(), completed() + 16); }

  // Blocks until the task with this ticket is complete.
  void waitFor(uint64_t ticket);
  // Looks for completion of all tasks for up to so many microseconds; true if they are complete.
  bool spin(double microseconds) const;

  // Calls notify once when the task with this ticket completes, or soon after; replaces an earlier
  // request. If it is complete already, the call may never come: look after asking.
  void notifyAt(uint64_t ticket) { notifyAt_.store(ticket); }
  void onNotify(Notify notify, void* receiver);

  // The first failure among completed tasks since the last call. All tasks after it that were
  // submitted before this call find Context::faultPending set, also those still to run.
  std::optional<Failure> takeFailure();
  // The ticket of the task that takeFailure would tell of, or 0.
  uint64_t failedTicket() const { return failedTicket_.load(std::memory_order_acquire); }

  // Threads of the kernels submitted from now on.
  void setThreads(int threads);
  int threads() const { return threads_; }
  // Whether convolutions submitted from now on leave the fast algorithms out.
  void setExactConvolution(bool exact);
  bool exactConvolution() const { return exactConvolution_; }
  int64_t scratchBytes() const { return scratchBytes_.load(std::memory_order_relaxed); }
  bool inlined() const { return inlined_; }

  // Ends the thread after the task in flight and drops the rest. Nothing may be submitted after.
  void stop();

 private:
  static constexpr uint64_t kSlots = 1024;
  static constexpr uint64_t kNever = UINT64_MAX;

  struct alignas(64) Slot {
    Run run;
    const char* name;
    alignas(8) unsigned char payload[kPayloadBytes];
  };
  static_assert(sizeof(Slot) == 512);

  Slot& slotOf(uint64_t ticket) { return slots_[ticket % kSlots]; }
  void start();
  void loop();
  bool awaitWork(uint64_t done);
  void execute(uint64_t ticket);
  void complete(uint64_t ticket);
  void fail(uint64_t ticket, Failure failure) noexcept;
  // Runs apply on the stream's thread, in order with the work around it; at once before the start.
  void setLater(const char* name, int value, void (*apply)(Context&, int value));
  void halt();

  friend class StreamsOfProcess;

  const bool inlined_;
  int threads_;
  bool exactConvolution_ = false;
  Context context_;
  std::unique_ptr<Slot[]> slots_;
  std::thread thread_;

  // Each written by one thread in the hot path, so on cache lines of their own.
  alignas(64) std::atomic<uint64_t> submitted_{0};
  alignas(64) std::atomic<uint64_t> completed_{0};
  alignas(64) std::atomic<bool> asleep_{false};  // the stream's thread sleeps on work_
  std::atomic<uint64_t> wakeAt_{kNever};  // JavaScript's thread sleeps on done_ until this ticket
  std::atomic<uint64_t> notifyAt_{kNever};
  std::atomic<bool> stopping_{false};
  std::atomic<uint64_t> failedTicket_{0};
  // The last task that was submitted before a failure was taken.
  std::atomic<uint64_t> lastSpoilt_{0};
  std::atomic<int64_t> scratchBytes_{0};

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable done_;
  std::optional<Failure> failure_;  // guarded by mutex_
  Notify notify_ = nullptr;
  void* receiver_ = nullptr;
};

}  // namespace axonode

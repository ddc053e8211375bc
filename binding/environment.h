// Everything that the addon keeps per environment (the main thread, or one worker_thread).
#pragma once

#include <node_api.h>

#include <deque>
#include <memory>
#include <vector>

#include "isa.h"
#include "memory.h"
#include "stream.h"
#include "watch.h"

namespace axonode {

struct Binding;
struct Environment;
struct Function;

// What the JavaScript function of a kernel carries.
struct BoundKernel {
  Environment* environment;
  const Binding* binding;
  void (*kernel)();  // of the environment's instruction set, its type erased
};

// And that of any other function.
struct BoundFunction {
  Environment* environment;
  const Function* function;
};

// Promises for the completion of tickets. Settled through a thread-safe function, which keeps the
// event loop alive only while a promise is open.
class Promises {
 public:
  explicit Promises(Stream& stream) : stream_(stream) {}
  // Throws NodeFailure.
  void open(napi_env env);
  // A promise that resolves when all work submitted by now is complete. Throws NodeFailure.
  napi_value wait(napi_env env);

 private:
  struct Waiter {
    uint64_t ticket;
    napi_deferred deferred;
  };
  void settle(napi_env env) noexcept;

  Stream& stream_;
  napi_threadsafe_function function_ = nullptr;
  std::deque<Waiter> waiters_;  // in the order of their tickets
};

struct Environment {
  Environment(Isa isa, bool inlined, int threads)
      : isa(isa),
        stream(inlined, threads),
        memory(std::make_shared<Memory>(stream)),
        promises(stream) {}
  ~Environment() {
    close();
    memory->end();
  }

  // Blocks until the task with this ticket is complete: true, or until the environment is being
  // terminated: false.
  bool waitFor(napi_env env, uint64_t ticket);

  // Stops the stream; memory outlives it where JavaScript still has it.
  void close() noexcept {
    stream.stop();
    memory->close();
  }

  Isa isa;
  Stream stream;
  std::shared_ptr<Memory> memory;
  Promises promises;
  Watch watch;
  std::vector<BoundKernel> kernels;
  std::vector<BoundFunction> functions;
};

}  // namespace axonode

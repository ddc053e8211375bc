// Working memory of OpenBLAS. It maps 128 MB for each thread, at the thread's first large product,
// and where the system refuses them (ulimit -v, strict overcommit) it asks again, and never stops
// asking. So a stream makes sure beforehand that all its threads have theirs.
#pragma once

namespace axonode {

class BlasMemory {
 public:
  BlasMemory() = default;
  BlasMemory(const BlasMemory&) = delete;
  BlasMemory& operator=(const BlasMemory&) = delete;

  // True when so many threads may call BLAS. Where memory is short it is false, until there is
  // more.
  bool suffices(int threads) { return threads <= threads_ || grow(threads); }

 private:
  bool grow(int threads);

  int threads_ = 0;
};

}  // namespace axonode

// OpenBLAS called from C++, timed on request: the measure for the gemm_N workloads. See peer.ts.
#include <cblas.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <random>
#include <string>
#include <vector>

int main() {
  std::string workload;
  double seconds = 0;
  while (std::cin >> workload >> seconds) {
    const int n = std::stoi(workload.substr(workload.find('_') + 1));
    std::vector<float> a(static_cast<size_t>(n) * n), b(a.size()), c(a.size());
    std::mt19937 random(0);
    std::normal_distribution<float> normal;
    for (float& x : a) x = normal(random);
    for (float& x : b) x = normal(random);
    const auto multiply = [&] {
      cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, n, n, 1.0f, a.data(), n, b.data(), n, 0.0f,
                  c.data(), n);
    };
    multiply();
    const auto start = std::chrono::steady_clock::now();
    double elapsed = 0;
    long count = 0;
    do {
      multiply();
      count++;
      elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    } while (elapsed < seconds);
    std::printf("{\"ms\": %.6f}\n", elapsed / static_cast<double>(count) * 1e3);
    std::fflush(stdout);
  }
}

// The functions of recurrent layers' gates, made for speed: several of them share one division.
#pragma once

#include "native/base/vector_math.h"

namespace axonode::AXONODE_ISA {

// A value as a fraction. Divisions cost more than all else, and 1/a and 1/b are b·r and a·r with
// r = 1/(a·b).
struct Quotient {
  VecF numerator, denominator;
};

// e^x of what the limits below allow.
AXONODE_INLINE VecF boundedExp(VecF x) {
  const ExpParts e = expParts(x);
  const VecF power = powerOfTwo(e.n);
  return power * e.q + power;
}
AXONODE_INLINE VecF between(VecF x, float limit) { return atLeast(atMost(x, limit), -limit); }

// Arguments beyond ±40 act as ±40, where σ is 0 or 1 in all but name.
AXONODE_INLINE Quotient sigmoidQuotient(VecF x) {
  return {splat(1.0f), 1.0f + boundedExp(between(-x, 40.0f))};
}
// (e²ˣ - 1) / (e²ˣ + 1), without cancellation near 0.
AXONODE_INLINE Quotient tanhQuotient(VecF x) {
  const ExpParts e = expParts(2.0f * between(x, 10.0f));
  const VecF power = powerOfTwo(e.n);
  const VecF difference = power * e.q + (power - 1.0f);
  return {difference, difference + 2.0f};
}

struct Pair {
  VecF first, second;
};
AXONODE_INLINE Pair divide(Quotient a, Quotient b) {
  const VecF r = 1.0f / (a.denominator * b.denominator);
  return {a.numerator * (b.denominator * r), b.numerator * (a.denominator * r)};
}
AXONODE_INLINE VecF gateTanh(VecF x) {
  const Quotient q = tanhQuotient(x);
  return q.numerator / q.denominator;
}

}  // namespace axonode::AXONODE_ISA

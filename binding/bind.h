// BIND: from a kernel's C++ declaration and a line of checks to a function that JavaScript calls.
#pragma once

#include <node_api.h>

#include <array>
#include <cstddef>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

#include "args.h"
#include "checks.h"
#include "environment.h"
#include "stream.h"

namespace axonode {

using ErasedKernel = void (*)();

struct Binding {
  const char* name;
  const char* parameters;  // their names, as "(out, x, n)"
  size_t arity;
  napi_callback callback;
  std::array<ErasedKernel, kIsaCount> kernels;
};

// Throws the exception being handled into JavaScript, as one of this function; see node.h.
void raise(napi_env env, const char* name, const char* parameters) noexcept;

// ---- How a parameter of each C++ type is read, kept in the queue and handed to the kernel.

template <class T>
struct Parameter;

template <Array (Reader::*kRead)(size_t), class Pointer, bool kIsOutput>
struct ArrayParameter {
  using Decoded = Array;
  using Stored = Pointer;
  static constexpr bool kOutput = kIsOutput;
  static Decoded decode(Reader& reader, size_t position) { return (reader.*kRead)(position); }
  static Stored store(Decoded& array) { return static_cast<Pointer>(array.data); }
  static Pointer load(Stored& stored) { return stored; }
};
// Those of floats may be null where their check says so (`optional`); `need` refuses that.
template <>
struct Parameter<float*> : ArrayParameter<&Reader::floatsOrNull, float*, true> {};
template <>
struct Parameter<const float*> : ArrayParameter<&Reader::floatsOrNull, const float*, false> {};
template <>
struct Parameter<int32_t*> : ArrayParameter<&Reader::ints, int32_t*, true> {};
template <>
struct Parameter<const int32_t*> : ArrayParameter<&Reader::ints, const int32_t*, false> {};
template <>
struct Parameter<uint8_t*> : ArrayParameter<&Reader::bytes, uint8_t*, true> {};
template <>
struct Parameter<const uint8_t*> : ArrayParameter<&Reader::bytes, const uint8_t*, false> {};

template <class Any, bool kIsOutput>
struct AnyParameter {
  using Decoded = Array;
  using Stored = Any;
  static constexpr bool kOutput = kIsOutput;
  static Decoded decode(Reader& reader, size_t position) { return reader.anyArray(position); }
  static Stored store(Decoded& array) { return {array.data, array.dtype}; }
  static Any load(Stored& stored) { return stored; }
};
template <>
struct Parameter<AnyOut> : AnyParameter<AnyOut, true> {};
template <>
struct Parameter<AnyIn> : AnyParameter<AnyIn, false> {};

template <class Lists, bool kIsOutput>
struct ListParameter {
  using Decoded = List;
  using Stored = std::vector<float*>;
  static constexpr bool kOutput = kIsOutput;
  static Decoded decode(Reader& reader, size_t position) { return reader.list(position); }
  static Stored store(Decoded& list) { return std::move(list.data); }
  static Lists load(Stored& stored) { return {stored.data(), static_cast<int64_t>(stored.size())}; }
};
template <>
struct Parameter<OutList> : ListParameter<OutList, true> {};
template <>
struct Parameter<InList> : ListParameter<InList, false> {};

template <class Copy, Copy (Reader::*kRead)(size_t), class Values>
struct CopiedParameter {
  using Decoded = Copy;
  using Stored = Copy;
  static constexpr bool kOutput = false;
  static Decoded decode(Reader& reader, size_t position) { return (reader.*kRead)(position); }
  static Stored store(Decoded& copy) { return std::move(copy); }
  static Values load(Stored& stored) {
    return {stored.begin(), static_cast<int64_t>(stored.size())};
  }
};
template <>
struct Parameter<Ints> : CopiedParameter<CopiedInts, &Reader::copiedInts, Ints> {};
template <>
struct Parameter<Doubles> : CopiedParameter<CopiedDoubles, &Reader::copiedDoubles, Doubles> {};

template <class Argument, Argument (Reader::*kRead)(size_t), class Value>
struct ValueParameter {
  using Decoded = Argument;
  using Stored = Value;
  static constexpr bool kOutput = false;
  static Decoded decode(Reader& reader, size_t position) { return (reader.*kRead)(position); }
  static Stored store(Decoded& argument) { return argument.value; }
  static const Value& load(Stored& stored) { return stored; }
};
template <>
struct Parameter<const Geometry&> : ValueParameter<Packed<Geometry>, &Reader::geometry, Geometry> {
};
template <class T>
struct PackedParameter : ValueParameter<Packed<T>, &Reader::packed<T>, T> {};
template <>
struct Parameter<const Averaging&> : PackedParameter<Averaging> {};
template <>
struct Parameter<const Upsampling&> : PackedParameter<Upsampling> {};
template <>
struct Parameter<const Grouping&> : PackedParameter<Grouping> {};
template <>
struct Parameter<const MomentumStep&> : PackedParameter<MomentumStep> {};
template <>
struct Parameter<int64_t> : ValueParameter<Integer, &Reader::integer, int64_t> {};
template <>
struct Parameter<double> : ValueParameter<Number, &Reader::number, double> {};

template <>
struct Parameter<const Sequences&> {
  using Decoded = PackedSequences;
  using Stored = PackedSequences;
  static constexpr bool kOutput = false;
  static Decoded decode(Reader& reader, size_t position) { return reader.sequences(position); }
  static Stored store(Decoded& sequences) { return std::move(sequences); }
  static Sequences load(Stored& stored) { return stored.value(); }
};

// ---- A call

// An array whose length no check of its BIND line names must not reach a kernel.
template <class Decoded>
void requireChecked(const Decoded& argument) {
  if constexpr (requires { argument.needed; }) {
    if (argument.needed == Array::kUnchecked) {
      throw BadArgument{BadArgument::kType, argument.position, "is not checked by its BIND line"};
    }
  }
}

template <class Check, class... P>
class KernelCall {
 public:
  using Kernel = void (*)(Context&, P...);

  static napi_value callback(napi_env env, napi_callback_info info) noexcept {
    napi_value values[kArity];
    size_t count = kArity;
    void* data = nullptr;
    napi_get_cb_info(env, info, &count, values, nullptr, &data);
    const auto& bound = *static_cast<BoundKernel*>(data);
    try {
      if (count != kArity) {
        throw BadArgument{
            BadArgument::kType, BadArgument::kWholeCall,
            "got " + std::to_string(count) + " arguments, expected " + std::to_string(kArity)};
      }
      submit(env, values, bound, std::index_sequence_for<P...>());
    } catch (...) {
      raise(env, bound.binding->name, bound.binding->parameters);
    }
    return nullptr;
  }

 private:
  static constexpr size_t kArity = sizeof...(P);

  struct Payload {
    Kernel kernel;
    std::tuple<typename Parameter<P>::Stored...> arguments;
  };
  static_assert(sizeof(Payload) <= Stream::kPayloadBytes);

  template <size_t... I>
  static void submit(napi_env env, const napi_value* values, const BoundKernel& bound,
                     std::index_sequence<I...>) {
    Environment& environment = *bound.environment;
    Reader reader(env, values, *environment.memory);
    (gather<P>(reader, I), ...);
    // In braces the order is left to right, so that the first wrong argument is the one named.
    std::tuple<typename Parameter<P>::Decoded...> arguments{Parameter<P>::decode(reader, I)...};
    Check()(arguments);
    (requireChecked(std::get<I>(arguments)), ...);
    if ((fillsNothing<P>(std::get<I>(arguments)) && ...)) return;

    Stream& stream = environment.stream;
    if (reader.foreign()) {
      if (!environment.waitFor(env, stream.submitted())) return;
    } else if (stream.room() == 0) {
      if (!environment.waitFor(env, stream.next())) return;
    }
    new (stream.payload()) Payload{reinterpret_cast<Kernel>(bound.kernel),
                                   {Parameter<P>::store(std::get<I>(arguments))...}};
    const uint64_t ticket = stream.commit(bound.binding->name, run);
    if (reader.foreign()) stream.waitFor(ticket);
  }

  template <class T>
  static void gather(Reader& reader, size_t position) {
    if constexpr (std::is_same_v<typename Parameter<T>::Decoded, List>) reader.gather(position);
  }

  template <class T>
  static bool fillsNothing(const typename Parameter<T>::Decoded& argument) {
    if constexpr (Parameter<T>::kOutput) return argument.needed == 0;
    return true;
  }

  static void run(Context& context, void* slot, bool execute) {
    struct Owner {
      Payload* payload;
      ~Owner() { payload->~Payload(); }
    };
    const Owner owner{static_cast<Payload*>(slot)};
    if (execute) {
      call(context, *owner.payload, std::index_sequence_for<P...>());
    }
  }

  template <size_t... I>
  static void call(Context& context, Payload& payload, std::index_sequence<I...>) {
    payload.kernel(context, Parameter<P>::load(std::get<I>(payload.arguments))...);
  }
};

template <class Check, class... P>
Binding bind(const char* name, const char* parameters, Check,
             const std::array<void (*)(Context&, P...), kIsaCount>& kernels) {
  return {name,
          parameters,
          sizeof...(P),
          KernelCall<Check, P...>::callback,
          {reinterpret_cast<ErasedKernel>(kernels[0]), reinterpret_cast<ErasedKernel>(kernels[1]),
           reinterpret_cast<ErasedKernel>(kernels[2])}};
}

// BIND(kernel, (the names of its parameters), checks of them ...): checks run in this order, on the
// decoded arguments of those names.
#define BIND(kernel, parameters, ...)                 \
  ::axonode::bind(                                    \
      #kernel, #parameters,                           \
      [](auto& arguments) {                           \
        auto& [AXONODE_NAMES parameters] = arguments; \
        (__VA_ARGS__);                                \
      },                                              \
      AXONODE_VARIANTS(kernel))
#define AXONODE_NAMES(...) __VA_ARGS__

#if AXONODE_X86
#define AXONODE_VARIANTS(kernel) \
  std::array { &::axonode::base::kernel, &::axonode::avx2::kernel, &::axonode::avx512::kernel }
#else
#define AXONODE_VARIANTS(kernel) \
  std::array { &::axonode::base::kernel, &::axonode::base::kernel, &::axonode::base::kernel }
#endif

}  // namespace axonode

// The addon's exports, as src/backend/native/addon.ts declares them.
#include <napi.h>
#include <omp.h>

#include <new>
#include <stdexcept>
#include <string>

#include "environment.h"
#include "kernels.h"
#include "native/conv/prepare.h"

#if !AXONODE_ACCELERATE
#include <cblas.h>
#endif

namespace axonode {
namespace {

#if AXONODE_ACCELERATE
const char* blasConfig() { return "Accelerate"; }
const char* blasCore() { return "none"; }
#else
const char* blasConfig() { return openblas_get_config(); }
const char* blasCore() { return openblas_get_corename(); }
#endif

// More than any OpenBLAS is built for, and few enough for the system to start them.
constexpr int kMaxThreads = 256;

// A variable of process.env, which in a worker_thread may be another than the process's own.
std::string environmentVariable(Napi::Env env, const char* name) {
  const auto process = env.Global().Get("process").As<Napi::Object>();
  const Napi::Value value = process.Get("env").As<Napi::Object>().Get(name);
  return value.IsString() ? value.As<Napi::String>().Utf8Value() : "";
}

Napi::Value takeFault(Napi::Env env, Stream& stream) {
  const std::optional<Failure> failure = stream.takeFailure();
  if (!failure) return env.Null();
  auto fault = Napi::Object::New(env);
  fault.Set("kernel", failure->kernel);
  fault.Set("index", Napi::Number::New(env, static_cast<double>(failure->index)));
  fault.Set("limit", Napi::Number::New(env, static_cast<double>(failure->limit)));
  fault.Set("message",
            failure->message.empty() ? env.Null() : Napi::String::New(env, failure->message));
  fault.Set("ticket", Napi::Number::New(env, static_cast<double>(failure->ticket)));
  return fault;
}

Napi::Value info(Napi::Env env, const Environment& environment) {
  auto info = Napi::Object::New(env);
  info.Set("instructionSet", nameOf(environment.isa));
  info.Set("blas", blasConfig());
  info.Set("blasCore", blasCore());
  info.Set("threads", environment.stream.threads());
  info.Set("synchronous", environment.stream.inlined());
  info.Set("exactConvolution", environment.stream.exactConvolution());
  return info;
}

Napi::Error argumentError(Napi::Env env, const char* message) {
  Napi::Error error = Napi::RangeError::New(env, message);
  error.Set("code", "ERR_KERNEL_ARGUMENT");
  return error;
}

// The call's one argument, a number from low to high.
double numberArgument(const Napi::CallbackInfo& info, double low, double high,
                      const char* message) {
  const double value = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : low - 1;
  if (!(value >= low && value <= high)) throw argumentError(info.Env(), message);
  return value;
}

napi_value allocate(const Napi::CallbackInfo& info, Memory& memory) {
  const double bytes = numberArgument(info, 0, Memory::kMaxBytes,
                                      "allocate: bytes must be an integer from 0 to 2^32");
  try {
    napi_value buffer = memory.allocate(info.Env(), static_cast<size_t>(bytes));
    if (buffer == nullptr) throw Napi::Error::New(info.Env());
    return buffer;
  } catch (const std::bad_alloc&) {
    throw Napi::RangeError::New(info.Env(), "allocate: out of memory");
  }
}

// Calls use(reader) and turns a bad argument into the exception that kernels throw.
template <class Use>
napi_value reading(const Napi::CallbackInfo& info, const Environment& environment,
                   const Binding& signature, const Use& use) {
  const napi_value values[] = {info[0], info[1]};
  try {
    Reader reader(info.Env(), values, *environment.memory);
    return use(reader);
  } catch (const BadArgument&) {
    raise(info.Env(), signature);
    return nullptr;
  }
}

// The algorithm of a convolution's pass, by the settings of the moment.
napi_value convAlgorithm(const Napi::CallbackInfo& info, const Environment& environment) {
  static const Binding kSignature{"convAlgorithm", "(pass, geometry)", 2, nullptr, {}};
  return reading(info, environment, kSignature, [&](Reader& reader) -> napi_value {
    const Integer pass = reader.integer(0);
    const Packed<Geometry> geometry = reader.geometry(1);
    within(pass, 0, 2);
    convolution(geometry);
    return Napi::String::New(info.Env(), convAlgorithm(pass.value, geometry.value,
                                                       environment.stream.exactConvolution()));
  });
}

// How a convolution's weights are prepared, by the settings of the moment.
napi_value prepareConv(const Napi::CallbackInfo& info, const Environment& environment) {
  static const Binding kSignature{"prepareConv", "(geometry)", 1, nullptr, {}};
  return reading(info, environment, kSignature, [&](Reader& reader) -> napi_value {
    const Packed<Geometry> geometry = reader.geometry(0);
    convolution(geometry);
    const PreparedConv prepared =
        prepareConv(geometry.value, environment.stream.exactConvolution());
    auto result = Napi::Object::New(info.Env());
    result.Set("elements", static_cast<double>(prepared.elements.value()));
    result.Set("format", static_cast<double>(prepared.format));
    return result;
  });
}

void exportCodes(Napi::Env env, Napi::Object exports) {
  auto counts = Napi::Object::New(env);
  auto int32Codes = Napi::Object::New(env);
  for (const CodeTable& table : kCodeTables) {
    counts.Set(table.name, static_cast<double>(table.count));
    if (table.int32Codes == 0) continue;
    auto codes = Napi::Array::New(env);
    for (int64_t code = 0; code < table.count; code++) {
      if (table.int32Codes >> code & 1) codes.Set(codes.Length(), static_cast<double>(code));
    }
    int32Codes.Set(table.name, codes);
  }
  auto shapes = Napi::Array::New(env);
  for (const RuleShape& rule : kRuleShapes) {
    auto shape = Napi::Object::New(env);
    shape.Set("states", rule.states);
    shape.Set("factors", rule.factors);
    shape.Set("scalars", rule.scalars);
    shapes.Set(shapes.Length(), shape);
  }
  exports.Set("opCounts", counts);
  exports.Set("int32Codes", int32Codes);
  exports.Set("ruleShapes", shapes);
}

void exportKernels(Napi::Env env, Napi::Object exports, Environment& environment) {
  auto kernels = Napi::Object::New(env);
  auto arity = Napi::Object::New(env);
  environment.kernels.reserve(bindings().size());
  for (const Binding& binding : bindings()) {
    const auto isa = static_cast<size_t>(environment.isa);
    environment.kernels.push_back({&environment, &binding, binding.kernels[isa]});
    napi_value function = nullptr;
    const napi_status status =
        napi_create_function(env, binding.name, NAPI_AUTO_LENGTH, binding.callback,
                             &environment.kernels.back(), &function);
    if (status != napi_ok) throw Napi::Error::New(env);
    kernels.Set(binding.name, Napi::Value(env, function));
    arity.Set(binding.name, static_cast<double>(binding.arity));
  }
  exports.Set("kernels", kernels);
  exports.Set("arity", arity);
}

void exportStream(Napi::Env env, Napi::Object exports, Environment& environment) {
  const auto add = [&](const char* name, auto callback) {
    exports.Set(name, Napi::Function::New(env, callback, name));
  };
  Stream& stream = environment.stream;
  add("submitted", [&stream](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(stream.submitted()));
  });
  add("completed", [&stream](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(stream.completed()));
  });
  add("synchronize", [&environment](const Napi::CallbackInfo& info) {
    environment.waitFor(info.Env(), environment.stream.submitted());
    environment.memory->reclaim();
  });
  add("spin", [&stream](const Napi::CallbackInfo& info) -> Napi::Value {
    const double limit =
        numberArgument(info, 0, 1e6, "spin: microseconds must be a number from 0 to 1e6");
    return Napi::Boolean::New(info.Env(), stream.spin(limit));
  });
  add("wait", [&environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Value(info.Env(), environment.promises.wait(info.Env()));
  });
  add("takeFault", [&stream](const Napi::CallbackInfo& info) -> Napi::Value {
    return takeFault(info.Env(), stream);
  });
  add("failedTicket", [&stream](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(stream.failedTicket()));
  });
  add("allocate", [&environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Value(info.Env(), allocate(info, *environment.memory));
  });
  add("free", [&environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Boolean::New(info.Env(), environment.memory->free(info.Env(), info[0]));
  });
  add("scratchBytes", [&stream](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Number::New(info.Env(), static_cast<double>(stream.scratchBytes()));
  });
  add("setNumThreads", [&stream](const Napi::CallbackInfo& info) {
    const double threads = numberArgument(
        info, 1, kMaxThreads, "setNumThreads: threads must be an integer from 1 to 256");
    stream.setThreads(static_cast<int>(threads));
  });
  add("setExactConvolution", [&stream](const Napi::CallbackInfo& info) {
    if (!info[0].IsBoolean()) {
      throw argumentError(info.Env(), "setExactConvolution: exact must be a boolean");
    }
    stream.setExactConvolution(info[0].As<Napi::Boolean>());
  });
  add("convAlgorithm", [&environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Value(info.Env(), convAlgorithm(info, environment));
  });
  add("prepareConv", [&environment](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Value(info.Env(), prepareConv(info, environment));
  });
  add("info", [&environment](const Napi::CallbackInfo& call) -> Napi::Value {
    return info(call.Env(), environment);
  });
}

void exportWatch(Napi::Env env, Napi::Object exports, Watch& watch) {
  const auto add = [&](const char* name, auto callback) {
    exports.Set(name, Napi::Function::New(env, callback, name));
  };
  add("watch", [&watch](const Napi::CallbackInfo& info) -> Napi::Value {
    if (!info[0].IsObject()) throw argumentError(info.Env(), "watch: expected an object");
    uint32_t place = 0;
    if (watch.add(info.Env(), info[0], &place) != napi_ok) throw Napi::Error::New(info.Env());
    return Napi::Number::New(info.Env(), place);
  });
  add("unwatch", [&watch](const Napi::CallbackInfo& info) -> Napi::Value {
    const double place = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : -1;
    return Napi::Boolean::New(info.Env(), watch.remove(info.Env(), place));
  });
  add("takeLost", [&watch](const Napi::CallbackInfo& info) -> Napi::Value {
    const napi_value lost = watch.takeLost(info.Env());
    if (lost == nullptr) throw Napi::Error::New(info.Env());
    return Napi::Value(info.Env(), lost);
  });
  add("hasCollected", [&watch](const Napi::CallbackInfo& info) -> Napi::Value {
    return Napi::Boolean::New(info.Env(), watch.hasCollected(info.Env()));
  });
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Isa isa;
  try {
    isa = chooseIsa(environmentVariable(env, "AXONODE_ISA"));
  } catch (const std::invalid_argument& error) {
    throw Napi::Error::New(env, error.what());
  }
  const bool inlined = environmentVariable(env, "AXONODE_SYNC") == "1";
  auto* const environment = new Environment(isa, inlined, omp_get_num_procs());
  env.SetInstanceData(environment);
  environment->promises.open(env);
  // Hooks run latest first: the stream stops before the thread-safe function that it calls ends.
  env.AddCleanupHook([environment] { environment->close(); });
  exportKernels(env, exports, *environment);
  exportCodes(env, exports);
  exportStream(env, exports, *environment);
  exportWatch(env, exports, environment->watch);
  return exports;
}

}  // namespace
}  // namespace axonode

// NODE_API_MODULE takes an unqualified name.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  return axonode::init(env, exports);
}
NODE_API_MODULE(axonode, Init)

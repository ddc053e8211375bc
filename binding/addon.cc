// The addon's exports, as src/backend/native/addon.ts declares them.
#include <node_api.h>
#include <omp.h>

#include <array>
#include <memory>
#include <optional>

#include "environment.h"
#include "kernels.h"
#include "native/conv/prepare.h"
#include "node.h"

#if !AXONODE_ACCELERATE
#include <cblas.h>
#endif

namespace axonode {

// A call of a function of the addon that is no kernel.
struct Call {
  napi_env env;
  Environment& environment;
  std::array<napi_value, 2> arguments;
};

struct Function {
  const char* name;
  const char* parameters;  // as "(pass, geometry)"
  // A result of nullptr is undefined in JavaScript. Throws what raise understands.
  napi_value (*body)(const Call& call);
};

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

napi_value callFunction(napi_env env, napi_callback_info info) noexcept {
  std::array<napi_value, 2> arguments{};
  size_t count = arguments.size();
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments.data(), nullptr, &data) != napi_ok) {
    return nullptr;
  }
  const auto& bound = *static_cast<BoundFunction*>(data);
  try {
    return bound.function->body({env, *bound.environment, arguments});
  } catch (...) {
    raise(env, bound.function->name, bound.function->parameters);
    return nullptr;
  }
}

// The call's one argument, a number from low to high.
double numberArgument(const Call& call, double low, double high, const char* expected) {
  double value = 0;
  if (napi_get_value_double(call.env, call.arguments[0], &value) == napi_ok && value >= low &&
      value <= high) {
    return value;
  }
  throw rangeError(0, expected);
}

bool booleanArgument(const Call& call) {
  bool value = false;
  if (napi_get_value_bool(call.env, call.arguments[0], &value) == napi_ok) return value;
  throw rangeError(0, "must be a boolean");
}

napi_value number(const Call& call, double value) { return newNumber(call.env, value); }

napi_value submitted(const Call& call) {
  return number(call, static_cast<double>(call.environment.stream.submitted()));
}

napi_value completed(const Call& call) {
  return number(call, static_cast<double>(call.environment.stream.completed()));
}

napi_value synchronize(const Call& call) {
  Environment& environment = call.environment;
  environment.waitFor(call.env, environment.stream.submitted());
  environment.memory->reclaim();
  return nullptr;
}

napi_value spin(const Call& call) {
  const double limit = numberArgument(call, 0, 1e6, "must be a number from 0 to 1e6");
  return newBoolean(call.env, call.environment.stream.spin(limit));
}

napi_value wait(const Call& call) { return call.environment.promises.wait(call.env); }

napi_value takeFault(const Call& call) {
  const std::optional<Failure> failure = call.environment.stream.takeFailure();
  if (!failure) return newNull(call.env);
  NewObject fault(call.env);
  fault.set("kernel", failure->kernel);
  fault.set("index", static_cast<double>(failure->index));
  fault.set("limit", static_cast<double>(failure->limit));
  fault.set("message",
            failure->message.empty() ? newNull(call.env) : newString(call.env, failure->message));
  fault.set("ticket", static_cast<double>(failure->ticket));
  return fault;
}

napi_value failedTicket(const Call& call) {
  return number(call, static_cast<double>(call.environment.stream.failedTicket()));
}

napi_value allocate(const Call& call) {
  const double bytes =
      numberArgument(call, 0, Memory::kMaxBytes, "must be an integer from 0 to 2^32");
  return call.environment.memory->allocate(call.env, static_cast<size_t>(bytes));
}

napi_value freeBuffer(const Call& call) {
  return newBoolean(call.env, call.environment.memory->free(call.env, call.arguments[0]));
}

napi_value watch(const Call& call) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(call.env, call.arguments[0], &type));
  if (type != napi_object && type != napi_function) throw rangeError(0, "must be an object");
  return number(call, call.environment.watch.add(call.env, call.arguments[0]));
}

napi_value unwatch(const Call& call) {
  double place = -1;
  napi_get_value_double(call.env, call.arguments[0], &place);
  return newBoolean(call.env, call.environment.watch.remove(call.env, place));
}

napi_value takeLost(const Call& call) { return call.environment.watch.takeLost(call.env); }

napi_value hasCollected(const Call& call) {
  return newBoolean(call.env, call.environment.watch.hasCollected(call.env));
}

napi_value scratchBytes(const Call& call) {
  return number(call, static_cast<double>(call.environment.stream.scratchBytes()));
}

napi_value setNumThreads(const Call& call) {
  const double threads = numberArgument(call, 1, kMaxThreads, "must be an integer from 1 to 256");
  call.environment.stream.setThreads(static_cast<int>(threads));
  return nullptr;
}

napi_value setExactConvolution(const Call& call) {
  call.environment.stream.setExactConvolution(booleanArgument(call));
  return nullptr;
}

// The algorithm of a convolution's pass, by the settings of the moment.
napi_value convAlgorithm(const Call& call) {
  Reader reader(call.env, call.arguments.data(), *call.environment.memory);
  const Integer pass = reader.integer(0);
  const Packed<Geometry> geometry = reader.geometry(1);
  within(pass, 0, 2);
  convolution(geometry);
  return newString(call.env, convAlgorithm(pass.value, geometry.value,
                                           call.environment.stream.exactConvolution()));
}

// How a convolution's weights are prepared, by the settings of the moment.
napi_value prepareConv(const Call& call) {
  Reader reader(call.env, call.arguments.data(), *call.environment.memory);
  const Packed<Geometry> geometry = reader.geometry(0);
  convolution(geometry);
  const PreparedConv prepared =
      prepareConv(geometry.value, call.environment.stream.exactConvolution());
  NewObject result(call.env);
  result.set("elements", static_cast<double>(prepared.elements.value()));
  result.set("format", static_cast<double>(prepared.format));
  return result;
}

napi_value info(const Call& call) {
  const Environment& environment = call.environment;
  NewObject info(call.env);
  info.set("instructionSet", nameOf(environment.isa));
  info.set("blas", blasConfig());
  info.set("blasCore", blasCore());
  info.set("threads", static_cast<double>(environment.stream.threads()));
  info.set("synchronous", environment.stream.inlined());
  info.set("exactConvolution", environment.stream.exactConvolution());
  return info;
}

constexpr Function kFunctions[] = {
    {"submitted", "()", submitted},
    {"completed", "()", completed},
    {"synchronize", "()", synchronize},
    {"spin", "(microseconds)", spin},
    {"wait", "()", wait},
    {"takeFault", "()", takeFault},
    {"failedTicket", "()", failedTicket},
    {"allocate", "(bytes)", allocate},
    {"free", "(buffer)", freeBuffer},
    {"watch", "(holder)", watch},
    {"unwatch", "(place)", unwatch},
    {"takeLost", "()", takeLost},
    {"hasCollected", "()", hasCollected},
    {"scratchBytes", "()", scratchBytes},
    {"setNumThreads", "(threads)", setNumThreads},
    {"setExactConvolution", "(exact)", setExactConvolution},
    {"convAlgorithm", "(pass, geometry)", convAlgorithm},
    {"prepareConv", "(geometry)", prepareConv},
    {"info", "()", info},
};

void exportCodes(napi_env env, NewObject& exports) {
  NewObject counts(env);
  NewObject int32Codes(env);
  for (const CodeTable& table : kCodeTables) {
    counts.set(table.name, static_cast<double>(table.count));
    if (table.int32Codes == 0) continue;
    NewArray codes(env);
    for (int64_t code = 0; code < table.count; code++) {
      if (table.int32Codes >> code & 1) codes.push(newNumber(env, static_cast<double>(code)));
    }
    int32Codes.set(table.name, codes);
  }
  NewArray shapes(env);
  for (const RuleShape& rule : kRuleShapes) {
    NewObject shape(env);
    shape.set("states", static_cast<double>(rule.states));
    shape.set("factors", static_cast<double>(rule.factors));
    shape.set("scalars", static_cast<double>(rule.scalars));
    shapes.push(shape);
  }
  exports.set("opCounts", counts);
  exports.set("int32Codes", int32Codes);
  exports.set("ruleShapes", shapes);
}

void exportKernels(napi_env env, NewObject& exports, Environment& environment) {
  NewObject kernels(env);
  NewObject arity(env);
  environment.kernels.reserve(bindings().size());
  for (const Binding& binding : bindings()) {
    const auto isa = static_cast<size_t>(environment.isa);
    environment.kernels.push_back({&environment, &binding, binding.kernels[isa]});
    kernels.set(binding.name,
                newFunction(env, binding.name, binding.callback, &environment.kernels.back()));
    arity.set(binding.name, static_cast<double>(binding.arity));
  }
  exports.set("kernels", kernels);
  exports.set("arity", arity);
}

void exportFunctions(napi_env env, NewObject& exports, Environment& environment) {
  environment.functions.reserve(std::size(kFunctions));
  for (const Function& function : kFunctions) {
    environment.functions.push_back({&environment, &function});
    exports.set(function.name,
                newFunction(env, function.name, callFunction, &environment.functions.back()));
  }
}

// After all hooks and finalizers of the environment.
void destroy(napi_env, void* environment, void*) noexcept {
  delete static_cast<Environment*>(environment);
}

void close(void* environment) noexcept { static_cast<Environment*>(environment)->close(); }

void start(napi_env env, napi_value exports) {
  const Isa isa = chooseIsa(environmentVariable(env, "AXONODE_ISA"));
  const bool inlined = environmentVariable(env, "AXONODE_SYNC") == "1";
  auto owned = std::make_unique<Environment>(isa, inlined, omp_get_num_procs());
  Environment& environment = *owned;
  check(napi_set_instance_data(env, &environment, destroy, nullptr));
  owned.release();
  environment.promises.open(env);
  // Hooks run latest first: the stream stops before the thread-safe function that it calls ends.
  check(napi_add_env_cleanup_hook(env, close, &environment));
  NewObject object(env, exports);
  exportKernels(env, object, environment);
  exportCodes(env, object);
  exportFunctions(env, object, environment);
}

}  // namespace
}  // namespace axonode

extern "C" NAPI_MODULE_EXPORT int32_t NODE_API_MODULE_GET_API_VERSION() noexcept {
  return NAPI_VERSION;
}

extern "C" NAPI_MODULE_EXPORT napi_value NAPI_MODULE_INITIALIZER(napi_env env,
                                                                 napi_value exports) noexcept {
  try {
    axonode::start(env, exports);
    return exports;
  } catch (...) {
    axonode::raise(env, "axonode", "()");
    return nullptr;
  }
}

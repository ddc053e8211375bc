#include "args.h"

#include <cmath>
#include <cstdio>

namespace axonode {
namespace {

std::string formatTypedArray(napi_typedarray_type type, size_t length) {
  const char* name = "a typed array";
  switch (type) {
    case napi_int8_array:
      name = "an Int8Array";
      break;
    case napi_uint8_array:
      name = "a Uint8Array";
      break;
    case napi_uint8_clamped_array:
      name = "a Uint8ClampedArray";
      break;
    case napi_int16_array:
      name = "an Int16Array";
      break;
    case napi_uint16_array:
      name = "a Uint16Array";
      break;
    case napi_int32_array:
      name = "an Int32Array";
      break;
    case napi_uint32_array:
      name = "a Uint32Array";
      break;
    case napi_float32_array:
      name = "a Float32Array";
      break;
    case napi_float64_array:
      name = "a Float64Array";
      break;
    case napi_bigint64_array:
      name = "a BigInt64Array";
      break;
    case napi_biguint64_array:
      name = "a BigUint64Array";
      break;
    default:
      break;
  }
  return std::string(name) + " of " + std::to_string(length);
}

}  // namespace

std::string formatNumber(double value) {
  if (std::isnan(value)) return "NaN";
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", value);
  return text;
}

BadArgument Integer::negative() const {
  return {BadArgument::kRange, position,
          "is " + std::to_string(value) + ", expected an integer of at least 0"};
}

bool Reader::isNull(napi_value value) const {
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, value, &type);
  return type == napi_null;
}

std::string Reader::describe(napi_value value) const {
  napi_typedarray_type kind;
  size_t length = 0;
  if (napi_get_typedarray_info(env_, value, &kind, &length, nullptr, nullptr, nullptr) == napi_ok) {
    return formatTypedArray(kind, length);
  }
  napi_valuetype type = napi_undefined;
  napi_typeof(env_, value, &type);
  double number = 0;
  bool isArray = false;
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      napi_get_value_double(env_, value, &number);
      return formatNumber(number);
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    default:
      napi_is_array(env_, value, &isArray);
      return isArray ? "an array" : "an object";
  }
}

BadArgument Reader::wrongKind(size_t position, const char* expected) const {
  return {BadArgument::kType, position,
          "is " + describe(values_[position]) + ", expected " + expected};
}

BadArgument Reader::notAnInteger(size_t position) const {
  BadArgument error = wrongKind(position, "an integer");
  double value = 0;
  if (napi_get_value_double(env_, values_[position], &value) == napi_ok) {
    error.kind = BadArgument::kRange;
    if (std::trunc(value) == value) error.text += " of at most 2^53";
  }
  return error;
}

template <class Copy>
Copy Reader::copied(size_t position, napi_typedarray_type type, const char* kind) {
  View found;
  const napi_status status = napi_get_typedarray_info(env_, values_[position], &found.type,
                                                      &found.length, &found.data, nullptr, nullptr);
  if (status != napi_ok || found.type != type) throw wrongKind(position, kind);
  using Element = std::remove_cvref_t<decltype(*std::declval<Copy&>().begin())>;
  return Copy(static_cast<const Element*>(found.data), found.length, position);
}

CopiedInts Reader::copiedInts(size_t position) {
  return copied<CopiedInts>(position, napi_int32_array, "an Int32Array");
}

CopiedDoubles Reader::copiedDoubles(size_t position) {
  return copied<CopiedDoubles>(position, napi_float64_array, "a Float64Array");
}

void Reader::gather(size_t position) {
  const napi_value array = values_[position];
  bool isArray = false;
  napi_is_array(env_, array, &isArray);
  if (!isArray) throw wrongKind(position, "an array of Float32Arrays");
  uint32_t length = 0;
  napi_get_array_length(env_, array, &length);
  List& list = lists_.emplace_back();
  list.position = position;
  list.values.reserve(std::min<uint32_t>(length, 1024));
  for (uint32_t i = 0; i < length; i++) {
    napi_value value = nullptr;
    check(napi_get_element(env_, array, i, &value));
    napi_typedarray_type type;
    const napi_status status =
        napi_get_typedarray_info(env_, value, &type, nullptr, nullptr, nullptr, nullptr);
    if (status != napi_ok || type != napi_float32_array) {
      throw BadArgument{BadArgument::kType, position,
                        "has " + describe(value) + " as element " + std::to_string(i) +
                            ", expected a Float32Array"};
    }
    list.values.push_back(value);
  }
}

List Reader::list(size_t position) {
  const auto gathered = std::find_if(lists_.begin(), lists_.end(),
                                     [&](const List& list) { return list.position == position; });
  List list = std::move(*gathered);
  list.data.reserve(list.values.size());
  list.lengths.reserve(list.values.size());
  for (napi_value value : list.values) {
    View found;
    if (!view(value, &found)) throw wrongKind(position, "an array of Float32Arrays");
    list.data.push_back(static_cast<float*>(found.data));
    list.lengths.push_back(static_cast<int64_t>(found.length));
  }
  return list;
}

}  // namespace axonode

// Packed arguments: reading them, and what their numbers must be.
#include "checks.h"
#include "native/conv/prepare.h"

namespace axonode {
namespace {

constexpr size_t kGeometryLength = 16;
constexpr size_t kSequencesHead = 3;
constexpr int64_t kLargest = int64_t{1} << 53;

BadArgument wrongField(size_t position, const char* name, const std::string& value, int64_t low,
                       int64_t high) {
  return rangeError(position, std::string("says ") + name + " " + value + ", expected " +
                                  std::to_string(low) + " to " + std::to_string(high));
}

Count images(Count batch, Count height, Count width, Count channels) {
  return batch * height * width * channels;
}

// Takes the numbers of a packed argument, one after the other.
class Fields {
 public:
  explicit Fields(const CopiedDoubles& numbers) : numbers_(numbers) {}

  double number() {
    if (next_ == numbers_.size()) fail("too few");
    return numbers_.begin()[next_++];
  }

  int64_t integer(const char* name, int64_t low, int64_t high) {
    const double value = number();
    if (value >= static_cast<double>(low) && value <= static_cast<double>(high)) {
      const auto whole = static_cast<int64_t>(value);
      if (static_cast<double>(whole) == value) return whole;
    }
    throw wrongField(numbers_.position(), name, formatNumber(value), low, high);
  }

  int64_t size(const char* name, int64_t least) { return integer(name, least, kLargest); }
  bool flag(const char* name) { return integer(name, 0, 1) == 1; }

  void end() const {
    if (next_ < numbers_.size()) fail("too many");
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw rangeError(numbers_.position(),
                     "has " + std::to_string(numbers_.size()) + " numbers, " + what);
  }

  const CopiedDoubles& numbers_;
  size_t next_ = 0;
};

// In the order of src/backend/kernels/geometry.ts.
void unpack(Fields& fields, Averaging& to) {
  to.padBottom = fields.integer("padBottom", 0, INT32_MAX);
  to.padRight = fields.integer("padRight", 0, INT32_MAX);
  to.countPadding = fields.flag("countPadding");
  to.divisor = fields.integer("divisor", -kLargest, kLargest);
}

void unpack(Fields& fields, Upsampling& to) {
  to.batch = fields.size("batch", 0);
  to.channels = fields.size("channels", 1);
  to.inHeight = fields.size("inHeight", 1);
  to.inWidth = fields.size("inWidth", 1);
  to.outHeight = fields.size("outHeight", 1);
  to.outWidth = fields.size("outWidth", 1);
  to.scaleHeight = fields.number();
  to.scaleWidth = fields.number();
}

void unpack(Fields& fields, Grouping& to) {
  to.batch = fields.size("batch", 0);
  to.spatial = fields.size("spatial", 1);
  to.channels = fields.size("channels", 1);
  to.groups = fields.size("groups", 1);
}

void unpack(Fields& fields, MomentumStep& to) {
  for (double* number : {&to.lr, &to.keep, &to.add, &to.own, &to.ahead}) *number = fields.number();
}

}  // namespace

template <class T>
Packed<T> Reader::packed(size_t position) {
  const CopiedDoubles numbers = copiedDoubles(position);
  Fields fields(numbers);
  Packed<T> argument{{}, position};
  unpack(fields, argument.value);
  fields.end();
  return argument;
}
template Packed<Averaging> Reader::packed(size_t);
template Packed<Upsampling> Reader::packed(size_t);
template Packed<Grouping> Reader::packed(size_t);
template Packed<MomentumStep> Reader::packed(size_t);

// ---- Convolution and pooling

Packed<Geometry> Reader::geometry(size_t position) {
  const CopiedInts ints = copiedInts(position);
  if (ints.size() != kGeometryLength) {
    throw wrongKind(position, "the geometry's 16 integers in an Int32Array");
  }
  return {{ints[0], ints[1], ints[2], ints[3], ints[4], ints[5], ints[6], ints[7], ints[8], ints[9],
           ints[10], ints[11], ints[12], ints[13], ints[14], ints[15]},
          position};
}

// With kernel sizes, strides, dilations and padding below 2^24 and images below 2^31, the position
// of any tap of any window is far from overflow.
void convolution(const Packed<Geometry>& argument) {
  constexpr int64_t kSize = INT32_MAX;
  constexpr int64_t kStep = int64_t{1} << 24;
  const Geometry& g = argument.value;
  struct Field {
    const char* name;
    int64_t value, low, high;
  };
  for (const Field& field : std::initializer_list<Field>{
           {"batch", g.batch, 0, kSize},
           {"inHeight", g.inHeight, 1, kSize},
           {"inWidth", g.inWidth, 1, kSize},
           {"inChannels", g.inChannels, 1, kSize},
           {"outHeight", g.outHeight, 1, kSize},
           {"outWidth", g.outWidth, 1, kSize},
           {"outChannels", g.outChannels, 1, kSize},
           {"kernelHeight", g.kernelHeight, 1, kStep},
           {"kernelWidth", g.kernelWidth, 1, kStep},
           {"strideHeight", g.strideHeight, 1, kStep},
           {"strideWidth", g.strideWidth, 1, kStep},
           {"padTop", g.padTop, 0, kStep},
           {"padLeft", g.padLeft, 0, kStep},
           {"dilationHeight", g.dilationHeight, 1, kStep},
           {"dilationWidth", g.dilationWidth, 1, kStep},
           {"groups", g.groups, 1, kSize},
       }) {
    if (field.value >= field.low && field.value <= field.high) continue;
    throw wrongField(argument.position, field.name, std::to_string(field.value), field.low,
                     field.high);
  }
  if (g.inChannels % g.groups != 0 || g.outChannels % g.groups != 0) {
    throw rangeError(argument.position, "says " + std::to_string(g.groups) +
                                            " groups, which do not divide " +
                                            std::to_string(g.inChannels) + " and " +
                                            std::to_string(g.outChannels) + " channels");
  }
}

void pooling(const Packed<Geometry>& argument) {
  convolution(argument);
  const Geometry& g = argument.value;
  if (g.outChannels != g.inChannels || g.groups != g.inChannels) {
    throw rangeError(argument.position,
                     "of a pooling must have as many groups and output channels "
                     "as input channels");
  }
  // Positions in the input plane are kept as int32.
  if (g.inHeight * g.inWidth > INT32_MAX) {
    throw rangeError(argument.position, "has an input plane of more than 2^31 - 1 elements");
  }
}

Count inputs(const Packed<Geometry>& argument) {
  const Geometry& g = argument.value;
  return images(g.batch, g.inHeight, g.inWidth, g.inChannels);
}

Count outputs(const Packed<Geometry>& argument) {
  const Geometry& g = argument.value;
  return images(g.batch, g.outHeight, g.outWidth, g.outChannels);
}

Count weights(const Packed<Geometry>& argument) {
  const Geometry& g = argument.value;
  return Count(g.outChannels) * Count(g.inChannels / g.groups) * Count(g.kernelHeight) *
         Count(g.kernelWidth);
}

Count packedWeights(const Packed<Geometry>& argument, const Integer& format) {
  code<WeightFormat>(format);
  const auto known = static_cast<WeightFormat>(format.value);
  if (!suitsFormat(argument.value, known)) {
    throw rangeError(format.position,
                     "is " + std::to_string(format.value) + ", which does not suit the geometry");
  }
  return packedElements(argument.value, known);
}

Count inputs(const Packed<Upsampling>& argument) {
  const Upsampling& u = argument.value;
  return images(u.batch, u.inHeight, u.inWidth, u.channels);
}

Count outputs(const Packed<Upsampling>& argument) {
  const Upsampling& u = argument.value;
  return images(u.batch, u.outHeight, u.outWidth, u.channels);
}

// ---- Normalisation

void groups(const Packed<Grouping>& argument) {
  const Grouping& g = argument.value;
  if (g.channels % g.groups == 0) return;
  throw rangeError(argument.position, "says " + std::to_string(g.groups) +
                                          " groups, which do not divide " +
                                          std::to_string(g.channels) + " channels");
}

Count elements(const Packed<Grouping>& argument) {
  const Grouping& g = argument.value;
  return Count(g.batch) * Count(g.spatial) * Count(g.channels);
}

Count statistics(const Packed<Grouping>& argument) {
  return Count(argument.value.batch) * Count(argument.value.groups);
}

// ---- Packed sequences

PackedSequences Reader::sequences(size_t position) { return PackedSequences(copiedInts(position)); }

PackedSequences::PackedSequences(CopiedInts&& ints) : ints_(std::move(ints)) {
  if (ints_.size() <= kSequencesHead) {
    throw rangeError(ints_.position(),
                     "has " + std::to_string(ints_.size()) + " integers, expected a step at least");
  }
  const auto check = [&](size_t at, const char* name, int32_t low, int32_t high) {
    if (ints_[at] >= low && ints_[at] <= high) return;
    throw wrongField(ints_.position(), name, std::to_string(ints_[at]), low, high);
  };
  check(0, "hidden", 1, INT32_MAX);
  check(1, "outputs", 1, INT32_MAX);
  check(2, "reverse", 0, 1);
  int32_t before = INT32_MAX;
  for (size_t step = kSequencesHead; step < ints_.size(); step++) {
    check(step, "a size", 1, before);
    before = ints_[step];
    rows_ = rows_ + Count(before);
  }
}

Sequences PackedSequences::value() const {
  const Ints sizes{ints_.begin() + kSequencesHead,
                   static_cast<int64_t>(ints_.size() - kSequencesHead)};
  return {sizes, sizes[0], ints_[0], ints_[1], ints_[2] == 1};
}

}  // namespace axonode

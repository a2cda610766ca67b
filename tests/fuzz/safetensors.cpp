// Any bytes as a safetensors file: read to the last byte, or refused with an Error that names it.
#include "midstream/io/safetensors.hpp"

#include "fuzz.hpp"
#include "midstream/io/checkpoint.hpp"

using namespace midstream;

void fuzz::one(std::span<const std::byte> bytes) {
    const io::SafetensorsReader reader("input", bytes);
    volatile std::size_t sum = 0;
    std::size_t size = 0;
    for (const io::Tensor& tensor : reader.tensors()) {
        for (const std::byte byte : tensor.bytes) sum = 31 * sum + static_cast<std::size_t>(byte);
        size += tensor.bytes.size();
        fuzz::require(io::byte_count(tensor.shape, tensor.dtype.size) == tensor.bytes.size());
        if (tensor.dtype == io::dtype_of<double>()) {
            const std::span<const double> numbers = reader.get<double>(tensor.name, tensor.shape);
            fuzz::require(numbers.size_bytes() == tensor.bytes.size() &&
                          reinterpret_cast<std::uintptr_t>(numbers.data()) % alignof(double) == 0);
        }
    }
    fuzz::require(size < bytes.size());
    for (const auto& [name, value] : reader.metadata()) fuzz::require(reader.metadata(name) == value);

    // As a checkpoint: all of it, or an Error and nothing.
    core::Vector<float, 3> vector{};
    std::vector<float> list;
    std::uint64_t number = 7;
    const auto contents = [&](auto&& member) {
        member("vector", vector), member("list", list), member("number", number);
    };
    const auto untouched = [&] {
        return vector.values[0] == 0 && vector.values[2] == 0 && list.empty() && number == 7;
    };
    try {
        io::load(reader, io::description(reader), contents);
    } catch (const core::Error&) {
        fuzz::require(untouched());
        throw;
    }
    fuzz::require(core::all_finite(vector.values) && core::all_finite(list));
}

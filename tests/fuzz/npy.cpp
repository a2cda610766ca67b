// Any bytes as a .npy file of each of three types: read, or refused with an Error that names it.
#include "midstream/io/npy.hpp"

#include "fuzz.hpp"

using namespace midstream;

void fuzz::one(std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const auto read = [&](auto type) {
        using T = decltype(type);
        fuzz::errors_name_the_input([&] {
            const auto array = io::parse_npy<T>("input", text);
            std::size_t product = 1;
            for (const auto extent : array.shape()) product *= extent;
            fuzz::require(product == array.size() && array.size() * sizeof(T) <= bytes.size());
            if (array.size() == 0) return;
            // The last number, by the array's own way of finding it.
            std::vector<std::size_t> last(array.shape().begin(), array.shape().end());
            for (std::size_t& index : last) --index;
            volatile T number = array.element(last.begin(), last.end());
            static_cast<void>(number);
        });
    };
    read(float());
    read(double());
    read(std::uint8_t());
}

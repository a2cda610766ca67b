// Runs a fuzz target over files, and over damaged forms of them: the seeds as a test, with any compiler.
//   program FOLDER...
#include <filesystem>
#include <vector>

#include "midstream/core/random.hpp"
#include "midstream/io/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** arguments) {
    const auto run = [](const std::string& text) {
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    };
    int files = 0;
    for (int i = 1; i < count; ++i)
        for (const auto& entry : std::filesystem::directory_iterator(arguments[i])) {
            const std::string whole = midstream::io::read_file(entry.path());
            run(whole);
            midstream::core::Random random(7);
            for (int change = 0; change < 300 && !whole.empty(); ++change) {
                std::string damaged = whole;
                damaged[static_cast<std::size_t>(random.below(static_cast<int>(whole.size())))] =
                    static_cast<char>(random.below(256));
                if (change % 3 == 0)
                    damaged.resize(static_cast<std::size_t>(random.below(static_cast<int>(whole.size()))));
                run(damaged);
            }
            ++files;
        }
    std::printf("%d files\n", files);
    return files > 0 ? 0 : 1;
}

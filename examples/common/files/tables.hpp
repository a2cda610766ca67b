/// \file
/// Tables that are whole at any moment, and work that is done once.
#pragma once

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <system_error>
#include <vector>

#include "midstream/io/csv.hpp"
#include "midstream/io/file.hpp"

namespace midstream::examples {

/// Makes `path` a table of these rows. The file is replaced whole: a crash at any moment leaves the previous or the
/// new.
inline void write_table(const std::filesystem::path& path, const std::vector<std::string>& names,
                        const std::vector<std::vector<double>>& rows) {
    auto fresh = path;
    fresh += ".new";
    {
        io::CsvWriter table(fresh, names);
        for (const auto& row : rows) table.row(row);
        table.sync();
    }
    std::error_code failure;
    std::filesystem::rename(fresh, path, failure);
    io::require(path, !failure, [&] { return "cannot replace: " + failure.message(); });
}

/// Does `work`, which ends by writing these tables of the folder (or other files, whose names have an extension),
/// unless that was done before under the same description; `name`.done says so.
template <class Work>
void once(const std::filesystem::path& folder, const std::string& name, const std::string& description,
          std::initializer_list<const char*> files, Work&& work) {
    const auto done = folder / (name + ".done");
    const bool whole = std::all_of(files.begin(), files.end(), [&](std::filesystem::path file) {
        if (!file.has_extension()) file += ".csv";
        return io::exists(folder / file);
    });
    if (whole && io::exists(done) && io::read_file(done) == description) return;
    std::filesystem::remove(done);
    work();
    io::replace_file(done, description);
}

}  // namespace midstream::examples

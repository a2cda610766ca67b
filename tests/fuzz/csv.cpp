// Any bytes as a table: read, or refused with an Error that names it; what is read keeps its numbers when it is written
// and read again.
#include "midstream/io/csv.hpp"

#include <bit>

#include "fuzz.hpp"

using namespace midstream;

void fuzz::one(std::span<const std::byte> bytes) {
    const io::Table table =
        io::parse_csv("input", std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    fuzz::require(!table.names.empty() && table.columns.size() == table.names.size());
    std::string text;
    for (const std::string& name : table.names) text += name + ',';
    text.back() = '\n';
    for (std::size_t row = 0; row < table.columns[0].size(); ++row) {
        for (std::size_t column = 0; column < table.columns.size(); ++column) {
            if (column > 0) text += ',';
            core::append_number(text, table.columns[column].at(row));
        }
        text += '\n';
    }
    const io::Table again = io::parse_csv("again", text);
    fuzz::require(again.names == table.names && again.columns.size() == table.columns.size());
    for (std::size_t column = 0; column < table.columns.size(); ++column)
        for (std::size_t row = 0; row < table.columns[column].size(); ++row)
            fuzz::require(core::is_nan(table.columns[column][row]) ||
                          std::bit_cast<std::uint64_t>(again.columns[column].at(row)) ==
                              std::bit_cast<std::uint64_t>(table.columns[column][row]));
}

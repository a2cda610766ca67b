/// \file
/// Arm's MPS2 board with a Cortex-M7 (AN500), as QEMU has it: what runs before main, text by semihosting, time by
/// SysTick, and memory that is given out from the bottom up. Another board is another such file and another board.ld.
#include <cstring>
#include <new>

#include "embedded/board.hpp"

extern "C" {
extern const std::byte agent_image[], agent_image_end[];
// Of board.ld.
extern std::byte stack_bottom[], stack_top[], data_begin[], data_end[], data_source[], bss_begin[], bss_end[],
    heap_begin[], heap_end[];
extern void (*init_begin[])();
extern void (*init_end[])();
}
int main();

namespace {

/// A request to the debugger, or to QEMU.
int semihosting(int operation, const void* argument) {
    register int r0 asm("r0") = operation;
    register const void* r1 asm("r1") = argument;
    asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}
constexpr int write_text = 0x04, exit_extended = 0x20;

volatile std::uint32_t* const systick =
    reinterpret_cast<volatile std::uint32_t*>(0xe000e010);  // control, reload, value
volatile std::uint32_t* const coprocessors = reinterpret_cast<volatile std::uint32_t*>(0xe000ed88);

std::byte* heap = heap_begin;
std::byte* heap_most = heap_begin;
std::byte* last = nullptr;  // what was given out last
constexpr std::byte paint{0xa5};

void* allocate(std::size_t size, std::size_t alignment) {
    const auto begin = (reinterpret_cast<std::uintptr_t>(heap) + alignment - 1) / alignment * alignment;
    last = reinterpret_cast<std::byte*>(begin);
    if (size > static_cast<std::size_t>(heap_end - last)) {
        board::print("out of memory\n");
        board::finish(false);
    }
    heap = last + size;
    if (heap > heap_most) heap_most = heap;
    return last;
}
/// What was given out last can be given out again; nothing else.
void release(void* pointer) {
    if (pointer && pointer == last) heap = last;
}

void reset() {
    *coprocessors |= 0xfu << 20;  // the floating-point unit
    asm volatile("dsb\nisb");
    std::memcpy(data_begin, data_source, static_cast<std::size_t>(data_end - data_begin));
    std::memset(bss_begin, 0, static_cast<std::size_t>(bss_end - bss_begin));
    auto* here = static_cast<std::byte*>(__builtin_frame_address(0));
    for (std::byte* p = stack_bottom; p < here - 256; ++p) *p = paint;
    systick[1] = 0xffffff;
    systick[0] = 5;  // the processor's clock, no interrupts
    for (auto* constructor = init_begin; constructor < init_end; ++constructor) (*constructor)();
    main();
    board::finish(true);
}
void fault() {
    board::print("the processor met a fault\n");
    board::finish(false);
}

}  // namespace

/// Where the stack begins, what runs first, and what runs where something is wrong.
[[gnu::section(".vectors"), gnu::used]] const void* const vectors[16] = {
    stack_top,
    reinterpret_cast<const void*>(&reset),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
    reinterpret_cast<const void*>(&fault),
};

namespace board {

std::span<const std::byte> image() { return {agent_image, agent_image_end}; }
void print(const char* text) { semihosting(write_text, text); }
std::uint32_t instructions() { return systick[2]; }
// It counts down at 25 MHz, and QEMU says that an instruction takes a nanosecond.
std::uint32_t instructions_between(std::uint32_t begin, std::uint32_t end) { return ((begin - end) & 0xffffff) * 40; }
std::size_t heap_used() { return static_cast<std::size_t>(heap_most - heap_begin); }
std::size_t stack_used() {
    const std::byte* lowest = stack_bottom;
    while (lowest < stack_top && *lowest == paint) ++lowest;
    return static_cast<std::size_t>(stack_top - lowest);
}
void finish(bool fine) {
    const std::uint32_t status[] = {0x20026, fine ? 0u : 1u};  // the application has come to its end
    semihosting(exit_extended, status);
    for (;;) {
    }
}

}  // namespace board

void* operator new(std::size_t size) { return allocate(size, 8); }
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* pointer) noexcept { release(pointer); }
void operator delete(void* pointer, std::size_t) noexcept { release(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept { release(pointer); }
void operator delete(void* pointer, std::size_t, std::align_val_t) noexcept { release(pointer); }

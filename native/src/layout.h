#pragma once

#include <array>
#include <cstdint>

namespace gilprof {

using Address = std::uint64_t;

// Where the GIL, the threads and the frames of the target are. Numbers only; what each one is
// stands in gilprof/target/layout.py, whose field names these are.
struct Layout {
    static constexpr std::int64_t kAbsent = -1;

    Address interpreter_address = 0;
    std::int64_t interpreter_next = 0;
    std::int64_t interpreter_threads_head = 0;
    std::int64_t interpreter_gc_collecting = 0;
    std::int64_t interpreter_drop_request = kAbsent;

    Address gil_address = 0;
    std::int64_t gil_size = 0;
    std::int64_t gil_last_holder = 0;
    std::int64_t gil_locked = 0;
    std::int64_t gil_switch_number = 0;
    std::int64_t gil_cond = 0;
    std::int64_t gil_mutex = 0;
    std::int64_t gil_switch_cond = 0;
    std::int64_t gil_switch_mutex = 0;

    std::int64_t thread_size = 0;
    std::int64_t thread_next = 0;
    std::int64_t thread_ident = 0;
    std::int64_t thread_native_id = 0;
    std::int64_t thread_eval_breaker = kAbsent;
    std::int64_t thread_frame = 0;
    std::int64_t thread_frame_indirect = kAbsent;

    std::int64_t frame_size = 0;
    std::int64_t frame_code = 0;
    std::int64_t frame_code_mask = 0;
    std::int64_t frame_previous = 0;
    std::int64_t frame_instruction = 0;
    std::int64_t frame_owner = 0;
    std::int64_t frame_first_shim_owner = 255;

    Address code_type_address = 0;
    std::int64_t object_type = 0;
    std::int64_t code_size = 0;
    std::int64_t code_filename = 0;
    std::int64_t code_qualname = 0;
    std::int64_t code_flags = 0;
    std::int64_t code_first_line = 0;
    std::int64_t code_line_table = 0;
    std::int64_t code_bytecode = 0;

    std::int64_t bytes_size = 0;
    std::int64_t bytes_data = 0;
    std::int64_t unicode_length = 0;
    std::int64_t unicode_state = 0;
    std::int64_t unicode_kind_shift = 0;
    std::int64_t unicode_ascii_data = 0;
    std::int64_t unicode_compact_data = 0;

    // Indexed by opcode: it checks the eval breaker and calls nothing.
    std::array<bool, 256> eval_check{};

    // Whether every offset lies inside the buffer that the sampler copies for its struct, so that
    // the pass can load fields without checking each one.
    bool consistent() const;
};

constexpr std::int64_t kMaxGilSize = 256;
constexpr std::int64_t kMaxThreadSize = 1024;
constexpr std::int64_t kMaxFrameSize = 256;
constexpr std::int64_t kMaxCodeSize = 512;
constexpr std::int64_t kMaxUnicodeHeader = 128;

}  // namespace gilprof

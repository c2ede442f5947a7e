#include "layout.h"

namespace gilprof {
namespace {

bool inside(std::int64_t offset, std::int64_t width, std::int64_t size) {
    return offset >= 0 && offset <= size - width;
}

bool absent_or_inside(std::int64_t offset, std::int64_t width, std::int64_t size) {
    return offset == Layout::kAbsent || inside(offset, width, size);
}

bool sized(std::int64_t size, std::int64_t limit) { return size > 0 && size <= limit; }

}  // namespace

bool Layout::consistent() const {
    constexpr std::int64_t kCondSize = 48;
    constexpr std::int64_t kMutexSize = 40;
    return sized(gil_size, kMaxGilSize) && sized(thread_size, kMaxThreadSize) &&
           sized(frame_size, kMaxFrameSize) && sized(code_size, kMaxCodeSize) &&
           inside(gil_last_holder, 8, gil_size) && inside(gil_locked, 4, gil_size) &&
           inside(gil_switch_number, 8, gil_size) && inside(gil_cond, kCondSize, gil_size) &&
           inside(gil_switch_cond, kCondSize, gil_size) &&
           inside(gil_mutex, kMutexSize, gil_size) &&
           inside(gil_switch_mutex, kMutexSize, gil_size) && inside(thread_next, 8, thread_size) &&
           inside(thread_ident, 8, thread_size) && inside(thread_native_id, 8, thread_size) &&
           absent_or_inside(thread_eval_breaker, 8, thread_size) &&
           inside(thread_frame, 8, thread_size) &&
           absent_or_inside(thread_frame_indirect, 8, kMaxThreadSize) &&
           inside(frame_code, 8, frame_size) && inside(frame_previous, 8, frame_size) &&
           inside(frame_instruction, 8, frame_size) && inside(frame_owner, 1, frame_size) &&
           inside(object_type, 8, code_size) && inside(bytes_size, 8, code_size) &&
           inside(code_filename, 8, code_size) && inside(code_qualname, 8, code_size) &&
           inside(code_line_table, 8, code_size) && inside(code_first_line, 4, code_size) &&
           inside(code_flags, 4, code_size) && inside(unicode_state, 4, kMaxUnicodeHeader) &&
           inside(unicode_length, 8, unicode_state + 4) && inside(unicode_kind_shift, 1, 28);
}

}  // namespace gilprof

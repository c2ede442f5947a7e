#include "image.h"

namespace gilprof::test {

Layout layout_3_11() {
    Layout out;
    out.interpreter_next = 0;
    out.interpreter_threads_head = 16;
    out.interpreter_gc_collecting = 848;
    out.interpreter_drop_request = 104;
    out.gil_size = 208;
    out.gil_last_holder = 8;
    out.gil_locked = 16;
    out.gil_switch_number = 24;
    out.gil_cond = 32;
    out.gil_mutex = 80;
    out.gil_switch_cond = 120;
    out.gil_switch_mutex = 168;
    out.thread_size = 248;
    out.thread_next = 8;
    out.thread_ident = 152;
    out.thread_native_id = 160;
    out.thread_frame = 56;
    out.thread_frame_indirect = 8;
    out.frame_size = 80;
    out.frame_code = 32;
    out.frame_previous = 48;
    out.frame_instruction = 56;
    out.frame_owner = 69;
    out.object_type = 8;
    out.code_size = 184;
    out.code_filename = 112;
    out.code_qualname = 128;
    out.code_flags = 48;
    out.code_first_line = 72;
    out.code_line_table = 136;
    out.code_bytecode = 184;
    out.bytes_size = 16;
    out.bytes_data = 32;
    out.unicode_length = 16;
    out.unicode_state = 32;
    out.unicode_kind_shift = 2;
    out.unicode_ascii_data = 48;
    out.unicode_compact_data = 72;
    out.eval_check[140] = true;
    return out;
}

Address make_unicode(Image& image, const Layout& layout, const std::string& text) {
    const Address out = image.allocate(64 + text.size());
    image.set(out, layout.unicode_length, static_cast<std::uint64_t>(text.size()));
    constexpr std::uint32_t kKind1CompactAscii = 1 | 8 | 16;
    image.set(out, layout.unicode_state, kKind1CompactAscii << layout.unicode_kind_shift);
    for (std::size_t i = 0; i < text.size(); ++i)
        image.set(out, layout.unicode_ascii_data + static_cast<std::int64_t>(i), text[i]);
    return out;
}

std::vector<Address> build(Image& image, Layout& layout, const std::vector<pid_t>& tids,
                           std::size_t depth) {
    constexpr std::size_t kUnits = 8;
    constexpr unsigned char kJumpBackward = 140;
    const Address type = image.allocate(16);
    const Address table = image.allocate(64);
    image.set(table, layout.bytes_size, std::uint64_t{2});
    // One entry: eight units, no columns, line delta 0.
    image.set(table, layout.bytes_data, static_cast<unsigned char>(0x80 | (13 << 3) | 7));
    const Address code = image.allocate(256);
    image.set(code, layout.object_type, type);
    image.set(code, layout.bytes_size, std::uint64_t{kUnits});
    image.set(code, layout.code_filename, make_unicode(image, layout, "app.py"));
    image.set(code, layout.code_qualname, make_unicode(image, layout, "Worker.step"));
    image.set(code, layout.code_line_table, table);
    image.set(code, layout.code_first_line, std::int32_t{12});
    image.set(code, layout.code_bytecode + 4, kJumpBackward);
    layout.code_type_address = type;

    layout.interpreter_address = image.allocate(1024);
    layout.gil_address = image.allocate(208);
    std::vector<Address> states;
    Address previous_state = 0;
    for (const pid_t tid : tids) {
        Address previous = 0;
        for (std::size_t i = 0; i < depth; ++i) {
            const Address frame = image.allocate(96);
            image.set(frame, layout.frame_code, code);
            image.set(frame, layout.frame_previous, previous);
            image.set(frame, layout.frame_instruction,
                      code + static_cast<Address>(layout.code_bytecode) + 4);
            previous = frame;
        }
        const Address c_frame = image.allocate(32);
        image.set(c_frame, layout.thread_frame_indirect, previous);
        const Address state = image.allocate(256);
        image.set(state, layout.thread_native_id, static_cast<std::uint64_t>(tid));
        image.set(state, layout.thread_ident, static_cast<std::uint64_t>(tid) << 12);
        image.set(state, layout.thread_frame, c_frame);
        image.set(state, layout.thread_next, previous_state);
        previous_state = state;
        states.push_back(state);
    }
    image.set(layout.interpreter_address, layout.interpreter_threads_head, previous_state);
    image.set(layout.gil_address, layout.gil_locked, std::int32_t{1});
    image.set(layout.gil_address, layout.gil_last_holder, previous_state);
    image.set(layout.gil_address, layout.gil_switch_number, std::uint64_t{7});
    image.set(layout.gil_address, layout.gil_mutex + 12, std::uint32_t{3});
    return states;
}

}  // namespace gilprof::test

// Tests of the core without Python, built with ASan and UBSan by
// tests/integration/test_native_core.py.
//
//   core_tests                         the tests
//   core_tests fuzz N SEED [SECONDS]   N passes over corrupted layouts and images (fuzz.h)
//   core_tests replay FILE...          the same with inputs that are kept (corpus/)

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "decode.h"
#include "fuzz.h"
#include "image.h"
#include "pass.h"

namespace gilprof::test {
namespace {

int failures = 0;

void expect(bool condition, const char* what) {
    if (condition) return;
    std::printf("FAILED: %s\n", what);
    ++failures;
}

// Of this process so far.
// VmHWM (proc(5)) is of this program alone; getrusage's ru_maxrss begins with that of the process
// that started it.
long peak_memory_kb() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("VmHWM:", 0) == 0) return std::stol(line.substr(6));
    return -1;
}

pid_t own_tid() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

void reads_pieces_around_an_unreadable_one() {
    Image image;
    const Address at = image.allocate(16);
    image.set(at, 0, std::uint32_t{41});
    image.set(at, 4, std::uint32_t{42});
    RemoteMemory memory(image);
    std::uint32_t first = 0, lost = 0, second = 0;
    const std::size_t a = memory.add(at, &first, 4);
    const std::size_t b = memory.add(0x1000, &lost, 4);
    const std::size_t none = memory.add(0, &lost, 4);
    const std::size_t c = memory.add(at + 4, &second, 4);
    memory.run();
    expect(memory.ok(a) && first == 41, "the piece before an unreadable one");
    expect(!memory.ok(b) && !memory.ok(none), "an unreadable piece is told");
    expect(memory.ok(c) && second == 42, "the piece behind an unreadable one");
    expect(!memory.lost(at), "an unreadable piece does not end the target");
}

void decodes_lines() {
    // Objects/locations.md: short form, one line +2, no columns -1, no location, long form +300.
    const std::vector<std::uint8_t> table = {
        0x80 | (1 << 3) | 1,
        0x12,  // 2 units: first line
        0x80 | (12 << 3) | 0,
        1,
        2,  // 1 unit: +2
        0x80 | (13 << 3) | 2,
        3,                     // 3 units: -1
        0x80 | (15 << 3) | 0,  // 1 unit: none
        0x80 | (14 << 3) | 0,
        0x40 | (600 & 63),
        600 >> 6,
        0,
        1,
        1,  // 1 unit: +300
    };
    const std::vector<std::int32_t> expected = {10, 10, 12, 11, 11, 11, 11, 311};
    expect(decode_lines(table, 10, 8) == expected, "PEP 657 lines");
    expect(decode_lines({}, 10, 2) == std::vector<std::int32_t>({10, 10}), "an empty line table");
}

void decodes_names() {
    Image image;
    Layout layout = layout_3_11();
    RemoteMemory memory(image);
    const Address ascii = make_unicode(image, layout, "Worker.step");
    expect(read_unicode(memory, layout, ascii) == "Worker.step", "an ASCII name");
    const Address wide = image.allocate(128);
    image.set(wide, layout.unicode_length, std::uint64_t{2});
    image.set(wide, layout.unicode_state, std::uint32_t{(2u | 8u) << layout.unicode_kind_shift});
    image.set(wide, layout.unicode_compact_data, std::uint16_t{0x00e9});
    image.set(wide, layout.unicode_compact_data + 2, std::uint16_t{0xd800});
    expect(read_unicode(memory, layout, wide) == "\xc3\xa9\xed\xa0\x80", "a wide name");
    image.set(ascii, layout.unicode_length, ~std::uint64_t{0});
    const auto cut = read_unicode(memory, layout, ascii);
    expect(cut && cut->size() <= 2 * kMaxCharacters, "a name that lies about its length is cut");
}

void takes_a_pass() {
    Image image;
    Layout layout = layout_3_11();
    build(image, layout, {own_tid()}, 200);
    PassTaker taker(image, ::getpid(), layout, "");
    PassRow pass;
    std::vector<LookRow> looks;
    for (int i = 0; i < 3; ++i) expect(taker.take(pass, looks) == PassResult::kTaken, "a pass");
    expect(pass.look_count == looks.size() && !looks.empty(), "as many looks as counted");
    expect(pass.switch_number == 7 && pass.mutex_users == 3, "the GIL's numbers");
    expect(pass.holder == looks[0].thread, "the holder");
    expect(looks[0].syscall != kSyscallUnreadable, "the kernel's word on the thread");
    expect((looks[0].flags & (kLookHolderBefore | kLookEvalCheck)) ==
               (kLookHolderBefore | kLookEvalCheck),
           "the flags of a look");
    expect((looks[0].flags & kLookLastHolder) == 0, "nobody had it last while somebody has it");
    image.set(layout.gil_address, layout.gil_locked, std::int32_t{0});
    expect(taker.take(pass, looks) == PassResult::kTaken && pass.holder == kNone, "a free GIL");
    expect((looks[0].flags & (kLookHolderBefore | kLookLastHolder)) == kLookLastHolder,
           "the last holder of a free GIL");
    const Definitions definitions = taker.take_definitions();
    expect(definitions.functions.size() == 1 && definitions.functions[0].name == "Worker.step" &&
               definitions.functions[0].file == "app.py",
           "the function");
    expect(definitions.stacks.size() == 200, "a stack 200 deep");
}

void cuts_an_endless_stack() {
    Image image;
    Layout layout = layout_3_11();
    build(image, layout, {own_tid()}, 2);
    Address state = 0, c_frame = 0, frame = 0;
    RemoteMemory memory(image);
    memory.read(layout.interpreter_address + 16, &state, 8);
    memory.read(state + 56, &c_frame, 8);
    memory.read(c_frame + 8, &frame, 8);
    image.set(frame, layout.frame_previous, frame);
    image.set(state, layout.thread_next, Address{0});
    PassTaker taker(image, ::getpid(), layout, "");
    PassRow pass;
    std::vector<LookRow> looks;
    expect(taker.take(pass, looks) == PassResult::kTaken, "a pass over a circular stack");
    expect(taker.health().truncated_stacks == 1, "a circular stack is cut and counted");
    image.set(state, layout.thread_next, state);
    expect(taker.take(pass, looks) == PassResult::kTorn, "a circular thread list is no pass");
}

// Suspended between the reading of the thread's state and that of the frame, it has no caller any
// more.
void refuses_a_generator_that_has_yielded() {
    Image image;
    Layout layout = layout_3_11();
    build(image, layout, {own_tid()}, 2);
    Address state = 0, c_frame = 0, frame = 0;
    RemoteMemory memory(image);
    memory.read(layout.interpreter_address + 16, &state, 8);
    memory.read(state + 56, &c_frame, 8);
    memory.read(c_frame + 8, &frame, 8);
    image.set(frame, layout.frame_owner, std::uint8_t{1});
    PassTaker taker(image, ::getpid(), layout, "");
    PassRow pass;
    std::vector<LookRow> looks;
    expect(taker.take(pass, looks) == PassResult::kTaken && looks[0].stack >= 0,
           "a generator that runs stands on its caller");
    image.set(frame, layout.frame_previous, Address{0});
    expect(taker.take(pass, looks) == PassResult::kTaken && looks[0].stack == kUnreadable,
           "one that has yielded is no stack of its own");
    expect(taker.health().read_errors == 1, "and is counted");
}

// A few pages are enough for a thousand code objects that overlap, of 200,000 units each.
void forgets_code_objects_when_there_are_too_many() {
    constexpr std::size_t kFrames = 1000;
    constexpr std::uint64_t kUnits = 200'000;
    Image image;
    Layout layout = layout_3_11();
    build(image, layout, {own_tid()}, kFrames);
    Address state = 0, c_frame = 0, frame = 0, code = 0;
    RemoteMemory memory(image);
    memory.read(layout.interpreter_address + 16, &state, 8);
    memory.read(state + 56, &c_frame, 8);
    memory.read(c_frame + 8, &frame, 8);
    memory.read(frame + 32, &code, 8);
    std::vector<unsigned char> header(static_cast<std::size_t>(layout.code_size));
    memory.read(code, header.data(), header.size());
    while (frame != 0) {
        const Address copy = image.allocate(header.size());
        for (std::size_t i = 0; i < header.size(); ++i)
            image.set(copy, static_cast<std::int64_t>(i), header[i]);
        image.set(copy, layout.bytes_size, kUnits);
        image.set(copy, layout.code_first_line, static_cast<std::int32_t>(copy - code));
        image.set(frame, layout.frame_code, copy);
        memory.read(frame + 48, &frame, 8);
    }
    PassTaker taker(image, ::getpid(), layout, "");
    PassRow pass;
    std::vector<LookRow> looks;
    const long before_kb = peak_memory_kb();
    for (int i = 0; i < 3; ++i) expect(taker.take(pass, looks) == PassResult::kTaken, "a pass");
    expect(taker.health().read_errors != 0, "more code objects than are kept are told as such");
    expect(taker.take_definitions().functions.size() >= 50,
           "as many as there is room for are kept");
    expect(peak_memory_kb() - before_kb < 600'000, "the memory for code objects is bounded");
}

void print(const FuzzCount& count) {
    std::printf(
        "%llu inputs, %llu passes over corrupted images, %llu of them taken; %llu numbers "
        "of layouts replaced, %llu of them refused; %ld kB at the peak\n",
        static_cast<unsigned long long>(count.inputs),
        static_cast<unsigned long long>(count.passes), static_cast<unsigned long long>(count.taken),
        static_cast<unsigned long long>(count.layouts_changed),
        static_cast<unsigned long long>(count.layouts_refused), peak_memory_kb());
}

int replay(int files, char** names) {
    FuzzCount count;
    for (int i = 0; i < files; ++i) {
        std::ifstream file(names[i], std::ios::binary);
        if (!file) {
            std::printf("cannot open %s\n", names[i]);
            return 1;
        }
        const std::vector<std::uint8_t> input{std::istreambuf_iterator<char>(file), {}};
        run_input(input, count);
    }
    print(count);
    return 0;
}

int test_all() {
    reads_pieces_around_an_unreadable_one();
    decodes_lines();
    decodes_names();
    takes_a_pass();
    cuts_an_endless_stack();
    refuses_a_generator_that_has_yielded();
    forgets_code_objects_when_there_are_too_many();
    std::printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gilprof::test

int main(int argc, char** argv) {
    using namespace gilprof::test;
    if (argc >= 4 && std::strcmp(argv[1], "fuzz") == 0) {
        const auto number = [&](int at) { return std::strtoull(argv[at], nullptr, 10); };
        print(fuzz(number(2), number(3), argc > 4 ? number(4) : 0));
        return 0;
    }
    if (argc >= 3 && std::strcmp(argv[1], "replay") == 0) return replay(argc - 2, argv + 2);
    return test_all();
}

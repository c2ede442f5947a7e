// Tests of the core without Python, built with ASan and UBSan by
// tests/integration/test_native_core.py.
//
//   core_tests                 the tests
//   core_tests fuzz N SEED     N passes over corrupted memory images: no crash, no endless walk

#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "decode.h"
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

// Memory that changes under the sampler's hands: each copy may see other bytes than the last.
void fuzz(long runs, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t bound) { return random() % bound; };
    long taken = 0;
    for (long run = 0; run < runs;) {
        Image image;
        Layout layout = layout_3_11();
        std::vector<pid_t> tids = {own_tid(), own_tid(), 1, static_cast<pid_t>(below(1 << 22))};
        for (std::uint64_t i = below(40); i > 0; --i) tids.push_back(own_tid());
        build(image, layout, tids, 1 + below(60));
        PassTaker taker(image, ::getpid(), layout, "");
        PassRow pass;
        std::vector<LookRow> looks;
        for (int round = 0; round < 50 && run < runs; ++round, ++run) {
            for (std::uint64_t i = below(8); i > 0; --i) {
                const Address at = Image::kBase + 4096 + below(image.used() - 4096) / 8 * 8;
                switch (below(4)) {
                    case 0:
                        image.set(at, 0, random());
                        break;
                    case 1:
                        image.set(at, static_cast<std::int64_t>(below(8)),
                                  static_cast<unsigned char>(random()));
                        break;
                    case 2:
                        image.set(at, 0, Image::kBase + below(image.used()));
                        break;
                    default:
                        image.set(at, 0, Address{0});
                        break;
                }
            }
            taken += taker.take(pass, looks) == PassResult::kTaken;
            taker.take_definitions();
        }
    }
    std::printf("%ld passes over corrupted images, %ld of them taken, seed %llu\n", runs, taken,
                static_cast<unsigned long long>(seed));
}

int test_all() {
    reads_pieces_around_an_unreadable_one();
    decodes_lines();
    decodes_names();
    takes_a_pass();
    cuts_an_endless_stack();
    std::printf(failures == 0 ? "all passed\n" : "%d failed\n", failures);
    return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace gilprof::test

int main(int argc, char** argv) {
    if (argc == 4 && std::strcmp(argv[1], "fuzz") == 0) {
        gilprof::test::fuzz(std::atol(argv[2]), std::strtoull(argv[3], nullptr, 10));
        return 0;
    }
    return gilprof::test::test_all();
}

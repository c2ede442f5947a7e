// Tests of the core without Python, built with ASan and UBSan by
// tests/integration/test_native_core.py.
//
//   core_tests                         the tests
//   core_tests fuzz N SEED [SECONDS]   N passes over corrupted layouts and images (fuzz.h)
//   core_tests replay FILE...          the same with inputs that are kept (corpus/)

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "decode.h"
#include "fuzz.h"
#include "image.h"
#include "live_thread.h"
#include "pace.h"
#include "pass.h"
#include "rate_limit.h"
#include "sampler.h"

namespace gilprof::test {
namespace {

constexpr std::size_t kOpenFiles = 100;

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
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
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
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
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
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
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
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
    PassRow pass;
    std::vector<LookRow> looks;
    const long before_kb = peak_memory_kb();
    for (int i = 0; i < 3; ++i) expect(taker.take(pass, looks) == PassResult::kTaken, "a pass");
    expect(taker.health().read_errors != 0, "more code objects than are kept are told as such");
    expect(taker.take_definitions().functions.size() >= 50,
           "as many as there is room for are kept");
    expect(peak_memory_kb() - before_kb < 600'000, "the memory for code objects is bounded");
}

// The states of threads that follow one another come to lie at one address, and are read before
// the new thread has written down whose they are.
void knows_a_new_thread_at_an_old_address() {
    Image image;
    Layout layout = layout_3_11();
    auto former = std::make_unique<LiveThread>();
    const LiveThread next;
    const std::vector<Address> states = build(image, layout, {own_tid(), former->tid()}, 3);
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
    PassRow pass;
    std::vector<LookRow> looks;
    for (int i = 0; i < 3; ++i) taker.take(pass, looks);
    const std::int32_t former_id = pass.holder;
    expect(former_id >= 0, "the thread that is there first has the GIL");
    former.reset();
    image.set(states[1], layout.thread_native_id, std::uint64_t{0});
    for (int i = 0; i < 3; ++i) taker.take(pass, looks);
    expect(pass.holder == kUnreadable, "a state that is nobody's yet");
    image.set(states[1], layout.thread_native_id, static_cast<std::uint64_t>(next.tid()));
    expect(taker.take(pass, looks) == PassResult::kTaken, "a pass");
    expect(pass.holder >= 0 && pass.holder != former_id, "its new owner has the GIL");
    const auto look = std::find_if(looks.begin(), looks.end(),
                                   [&](const LookRow& row) { return row.thread == pass.holder; });
    expect(look != looks.end() && (look->flags & kLookPython) != 0, "and is a thread of Python's");
}

void waits_before_it_takes_a_thread_for_native() {
    Image image;
    Layout layout = layout_3_11();
    const LiveThread starting;
    const LiveThread native;
    const std::vector<Address> states = build(image, layout, {own_tid(), starting.tid()}, 3);
    image.set(states[1], layout.thread_native_id, std::uint64_t{0});
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
    PassRow pass;
    std::vector<LookRow> looks;
    for (int i = 0; i < 3; ++i) taker.take(pass, looks);
    expect(looks.size() == 1, "nobody is taken for native while a state is nobody's");
    image.set(states[1], layout.thread_native_id, static_cast<std::uint64_t>(starting.tid()));
    for (int i = 0; i < 3; ++i) taker.take(pass, looks);
    std::size_t of_python = 0;
    for (const LookRow& look : looks) of_python += (look.flags & kLookPython) != 0;
    // The tests' own threads: these, and what a sanitizer has of its own.
    expect(of_python == 2 && looks.size() >= 3, "then those that no state names are native");
    for (const ThreadBegin& begun : taker.take_definitions().begun)
        expect((begun.ident == 0) != (begun.tid == own_tid() || begun.tid == starting.tid()),
               "no thread of Python's was taken for native before");
}

std::vector<std::unique_ptr<LiveThread>> start_threads(std::size_t count) {
    std::vector<std::unique_ptr<LiveThread>> threads(count);
    for (std::unique_ptr<LiveThread>& thread : threads) thread = std::make_unique<LiveThread>();
    return threads;
}

std::vector<pid_t> tids_of(const std::vector<std::unique_ptr<LiveThread>>& threads) {
    std::vector<pid_t> tids;
    for (const std::unique_ptr<LiveThread>& thread : threads) tids.push_back(thread->tid());
    return tids;
}

// More threads than a pass reads in one slice, of which some end between the copy and the look.
void outlives_threads_that_come_and_go() {
    constexpr std::size_t kThreads = 24;
    Image image;
    Layout layout = layout_3_11();
    std::vector<std::unique_ptr<LiveThread>> threads = start_threads(kThreads);
    const std::vector<Address> states = build(image, layout, tids_of(threads), 5);
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
    PassRow pass;
    std::vector<LookRow> looks;
    std::size_t begun = 0;
    std::size_t ended = 0;
    for (std::size_t round = 0; round < 300; ++round) {
        const std::size_t number = round / 2 * 7 % kThreads;
        if (round % 2 == 0) {
            threads[number].reset();
        } else {
            threads[number] = std::make_unique<LiveThread>();
            image.set(states[number], layout.thread_native_id,
                      static_cast<std::uint64_t>(threads[number]->tid()));
        }
        expect(taker.take(pass, looks) == PassResult::kTaken, "a pass");
        const Definitions definitions = taker.take_definitions();
        begun += definitions.begun.size();
        ended += definitions.ended.size();
    }
    expect(ended > 50 && begun > ended, "threads came and went");
}

std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

void keeps_no_more_files_open_than_it_may() {
    constexpr std::size_t kThreads = 40;
    Image image;
    Layout layout = layout_3_11();
    const std::vector<std::unique_ptr<LiveThread>> threads = start_threads(kThreads);
    build(image, layout, tids_of(threads), 5);
    PassRow pass;
    std::vector<LookRow> looks;
    const auto all_are_read = [&](PassTaker& taker) {
        for (int i = 0; i < 5; ++i) {
            expect(taker.take(pass, looks) == PassResult::kTaken, "a pass");
            expect(looks.size() >= kThreads, "every thread has a look");
            for (const LookRow& look : looks)
                expect(look.syscall != kSyscallUnreadable && look.cpu_ns != kSchedstatUnreadable,
                       "a thread is read whether its files are kept open or not");
        }
    };
    for (const std::size_t allowed : {0, 1, 8, 100}) {
        PassTaker taker(image, ::getpid(), layout, "", allowed);
        const std::size_t before = open_descriptors();
        all_are_read(taker);
        expect(open_descriptors() <= before + 2 * allowed, "and no more than allowed are kept");
    }
    PassTaker taker(image, ::getpid(), layout, "", kThreads);
    rlimit limit;
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit low = {open_descriptors() + 12, limit.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
    all_are_read(taker);
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The target's memory: not enough of the own.
class Exhausting final : public MemorySource {
  public:
    ssize_t copy(const iovec*, const iovec*, std::size_t) override { throw std::bad_alloc(); }
    bool same(Address) override { return true; }
};

void ends_the_profile_when_it_fails() {
    Image image;
    Layout layout = layout_3_11();
    build(image, layout, {own_tid()}, 2);
    Sampler sampler(::getpid(), layout, 1000.0, false, "",
                    [] { return std::make_unique<Exhausting>(); });
    sampler.start();
    std::string failure;
    for (int i = 0; i < 1000 && failure.empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        failure = sampler.take().failure;
    }
    expect(failure == std::bad_alloc().what(), "what went wrong in the sampler's thread");
    expect(sampler.take().failure == failure, "is not forgotten");
    sampler.stop();
}

void samples_seldom_where_a_pass_takes_long() {
    RateLimit limit(1e6);
    expect(limit.mean_gap_ns() == 1e6, "what was asked for, before the first pass");
    limit.add(9'000'000);
    expect(limit.mean_gap_ns() == 1e6, "a first pass that took long");
    for (int i = 0; i < 20; ++i) limit.add(30'000);
    expect(limit.mean_gap_ns() == 1e6, "short passes");
    limit.add(9'000'000);
    expect(!limit.limits(), "a single pass that had to wait");
    for (int i = 0; i < 8; ++i) limit.add(9'000'000);
    expect(limit.limits() && limit.mean_gap_ns() == 18e6, "long passes take half of the time");
}

void follows_what_is_free() {
    Pace pace(1e6);
    std::int64_t t_ns = 1;
    const auto pass = [&](int milliseconds, bool crowded) {
        for (int i = 0; i < milliseconds; ++i) pace.add(t_ns += 1'000'000, crowded);
    };
    expect(pace.mean_gap_ns() == 1e6, "what was asked for, before the first pass");
    pass(5000, false);
    expect(pace.mean_gap_ns() == 1e6, "a CPU is free");
    pass(20, true);
    expect(pace.mean_gap_ns() == 1e6, "none is for a moment");
    double before = pace.mean_gap_ns();
    for (int i = 0; i < 2000; ++i) {
        pass(1, true);
        expect(pace.mean_gap_ns() < 1.02 * before, "it changes smoothly");
        before = pace.mean_gap_ns();
    }
    expect(before == 8e6, "none is for long");
    pass(3000, false);
    expect(pace.mean_gap_ns() == 1e6, "one is again");
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
    knows_a_new_thread_at_an_old_address();
    waits_before_it_takes_a_thread_for_native();
    outlives_threads_that_come_and_go();
    keeps_no_more_files_open_than_it_may();
    ends_the_profile_when_it_fails();
    samples_seldom_where_a_pass_takes_long();
    follows_what_is_free();
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

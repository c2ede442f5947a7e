#include "fuzz.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <random>

#include "image.h"
#include "live_thread.h"
#include "pass.h"

namespace gilprof::test {
namespace {

constexpr std::size_t kThreads = 20;  // more than a pass reads in one slice
constexpr int kMaxRounds = 64;
constexpr int kThreadChanges = 5;      // rounds
constexpr std::size_t kOpenFiles = 6;  // fewer than there are threads
constexpr std::size_t kMaxCopies = 1'000'000;
constexpr std::size_t kMaxCopied = 1'000'000'000;

constexpr std::int64_t Layout::* kNumbers[] = {
    &Layout::interpreter_next,
    &Layout::interpreter_threads_head,
    &Layout::interpreter_gc_collecting,
    &Layout::interpreter_drop_request,
    &Layout::gil_size,
    &Layout::gil_last_holder,
    &Layout::gil_locked,
    &Layout::gil_switch_number,
    &Layout::gil_cond,
    &Layout::gil_mutex,
    &Layout::gil_switch_cond,
    &Layout::gil_switch_mutex,
    &Layout::thread_size,
    &Layout::thread_next,
    &Layout::thread_ident,
    &Layout::thread_native_id,
    &Layout::thread_eval_breaker,
    &Layout::thread_frame,
    &Layout::thread_frame_indirect,
    &Layout::frame_size,
    &Layout::frame_code,
    &Layout::frame_code_mask,
    &Layout::frame_previous,
    &Layout::frame_instruction,
    &Layout::frame_owner,
    &Layout::frame_first_shim_owner,
    &Layout::object_type,
    &Layout::code_size,
    &Layout::code_filename,
    &Layout::code_qualname,
    &Layout::code_flags,
    &Layout::code_first_line,
    &Layout::code_line_table,
    &Layout::code_bytecode,
    &Layout::bytes_size,
    &Layout::bytes_data,
    &Layout::unicode_length,
    &Layout::unicode_state,
    &Layout::unicode_kind_shift,
    &Layout::unicode_ascii_data,
    &Layout::unicode_compact_data,
};
constexpr Address Layout::* kAddresses[] = {
    &Layout::interpreter_address,
    &Layout::gil_address,
    &Layout::code_type_address,
};

// The threads that a made-up target is said to have.
class Cast {
  public:
    // Numbers up to kThreads: threads that stay for all inputs, the running one the last of them;
    // beyond them, threads of this input, which come and go.
    pid_t tid(std::size_t number) const {
        if (number < kThreads) return lasting()[number].tid();
        if (number % 4 == 0) return static_cast<pid_t>(::syscall(SYS_gettid));
        return mortals_[number % kMortals]->tid();
    }
    // Ends a thread, and begins another one; its tid.
    pid_t replace(std::size_t number) {
        std::unique_ptr<LiveThread>& mortal = mortals_[number % kMortals];
        mortal.reset();
        mortal = std::make_unique<LiveThread>();
        return mortal->tid();
    }

  private:
    static constexpr std::size_t kMortals = 3;

    static const std::array<LiveThread, kThreads>& lasting() {
        static const std::array<LiveThread, kThreads> threads;
        return threads;
    }

    std::array<std::unique_ptr<LiveThread>, kMortals> mortals_{std::make_unique<LiveThread>(),
                                                               std::make_unique<LiveThread>(),
                                                               std::make_unique<LiveThread>()};
};

// The input, piece by piece; zeros behind its end.
class Bytes {
  public:
    explicit Bytes(const std::vector<std::uint8_t>& input) : input_(input) {}
    bool more() const { return at_ < input_.size(); }
    template <typename T>
    T take() {
        T out{};
        const std::size_t count = std::min(sizeof out, input_.size() - at_);
        if (count != 0) std::memcpy(&out, input_.data() + at_, count);
        at_ += count;
        return out;
    }
    std::uint64_t below(std::uint64_t bound) { return take<std::uint16_t>() % bound; }

  private:
    const std::vector<std::uint8_t>& input_;
    std::size_t at_ = 0;
};

std::int64_t hostile_number(Bytes& in, std::int64_t before) {
    switch (in.take<std::uint8_t>() % 6) {
        case 0:
            return static_cast<std::int64_t>(in.take<std::uint64_t>());
        case 1:
            return static_cast<std::int64_t>(in.below(1100));
        case 2:
            return -static_cast<std::int64_t>(in.below(1100));
        case 3:
            return static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + in.below(17) - 8);
        case 4:
            return std::numeric_limits<std::int64_t>::max() -
                   static_cast<std::int64_t>(in.below(64));
        default:
            return std::numeric_limits<std::int64_t>::min() +
                   static_cast<std::int64_t>(in.below(64));
    }
}

// One number of the layout becomes another. Python gets no sampler for a layout that is not
// consistent (bindings.cpp): such a change is undone.
void change_layout(Bytes& in, const Image& image, Layout& layout, FuzzCount& count) {
    const Layout before = layout;
    const std::size_t which = in.below(std::size(kNumbers) + std::size(kAddresses));
    if (which < std::size(kNumbers)) {
        layout.*kNumbers[which] = hostile_number(in, layout.*kNumbers[which]);
    } else {
        const bool inside = in.take<std::uint8_t>() & 1;
        layout.*kAddresses[which - std::size(kNumbers)] =
            inside ? Image::kBase + in.take<std::uint32_t>() % image.used()
                   : in.take<std::uint64_t>();
    }
    ++count.layouts_changed;
    if (!layout.consistent()) {
        ++count.layouts_refused;
        layout = before;
    }
}

// Memory that changes under the sampler's hands: each copy may see other bytes than the last.
void change_memory(Bytes& in, Image& image) {
    const Address at = Image::kBase + 4096 + in.take<std::uint32_t>() % (image.used() - 4096);
    const Address aligned = at / 8 * 8;
    switch (in.take<std::uint8_t>() % 6) {
        case 0:
            image.set(aligned, 0, in.take<std::uint64_t>());
            break;
        case 1:
            image.set(at, 0, in.take<std::uint8_t>());
            break;
        case 2:
            image.set(aligned, 0, Image::kBase + in.take<std::uint32_t>() % image.used());
            break;
        case 3:
            image.set(aligned, 0, aligned + in.below(256));
            break;
        case 4:
            image.set(aligned, 0, std::uint64_t{in.take<std::uint32_t>()});
            break;
        default:
            image.set(aligned, 0, Address{0});
            break;
    }
}

}  // namespace

void run_input(const std::vector<std::uint8_t>& input, FuzzCount& count) {
    Cast cast;
    Bytes in(input);
    Image image;
    Layout layout = layout_3_11();
    std::vector<pid_t> tids(1, cast.tid(kThreads));
    for (std::uint64_t i = in.below(40); i > 0; --i) tids.push_back(cast.tid(in.below(64)));
    tids.push_back(static_cast<pid_t>(in.take<std::uint32_t>()));
    const std::vector<Address> states = build(image, layout, tids, 1 + in.below(60));
    const std::int64_t native_id = layout.thread_native_id;
    for (std::uint64_t i = in.below(6); i > 0; --i) change_layout(in, image, layout, count);
    PassTaker taker(image, ::getpid(), layout, "", kOpenFiles);
    PassRow pass;
    std::vector<LookRow> looks;
    ++count.inputs;
    for (int round = 0; round < kMaxRounds && in.more(); ++round) {
        for (std::uint64_t i = in.below(12); i > 0; --i) change_memory(in, image);
        // A thread ends, and its state is there for a while yet; another one comes to some state.
        if (round % kThreadChanges == kThreadChanges - 1) {
            const auto number = static_cast<std::size_t>(round / kThreadChanges);
            const auto tid = static_cast<std::uint64_t>(cast.replace(number));
            image.set(states[number % states.size()], native_id, tid);
        }
        image.forget_copies();
        const bool taken = taker.take(pass, looks) == PassResult::kTaken;
        const Definitions definitions = taker.take_definitions();
        ++count.passes;
        count.taken += taken;
        if (image.copies() > kMaxCopies || image.copied() > kMaxCopied) {
            std::fprintf(stderr, "a pass copied %zu bytes in %zu pieces\n", image.copied(),
                         image.copies());
            std::abort();
        }
    }
}

FuzzCount fuzz(std::uint64_t passes, std::uint64_t seed, std::uint64_t seconds) {
    constexpr std::size_t kMaxInput = 4096;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    std::mt19937_64 random(seed);
    FuzzCount count;
    std::vector<std::uint8_t> input;
    while (count.passes < passes && (seconds == 0 || std::chrono::steady_clock::now() < end)) {
        input.resize(random() % kMaxInput);
        for (std::uint8_t& byte : input) byte = static_cast<std::uint8_t>(random());
        run_input(input, count);
    }
    return count;
}

}  // namespace gilprof::test

#include "frames.h"

#include <algorithm>
#include <array>

#include "decode.h"

namespace gilprof {
namespace {

constexpr std::size_t kMaxDepth = 1024;
constexpr std::size_t kMaxPieces = 64;  // of one thread in a batch
constexpr Address kSameCluster = 1024;  // frames closer than this are copied as one piece
constexpr std::size_t kMaxPieceSize = 32768;
constexpr Address kSlack = 512;  // for the calls that came since
constexpr Address kPage = 4096;
// FRAME_OWNED_BY_GENERATOR, the same from 3.11 to 3.15 (CPython,
// Include/internal/pycore_interpframe_structs.h; pycore_frame.h up to 3.13).
constexpr std::uint8_t kOwnedByGenerator = 1;
constexpr int kReplanAfter = 64;  // walks, so that a stack that shrank is copied no more

}  // namespace

void ThreadFrames::plan(RemoteMemory& batch) {
    for (Piece& piece : pieces_)
        piece.index = batch.add(piece.start, piece.bytes.data(), piece.bytes.size());
}

void ThreadFrames::collect(const RemoteMemory& batch) {
    for (Piece& piece : pieces_) piece.readable = batch.ok(piece.index);
}

const unsigned char* ThreadFrames::copied(Address address, const Layout& layout) const {
    for (const Piece& piece : pieces_) {
        if (address >= piece.start && address - piece.start <= piece.bytes.size() &&
            piece.bytes.size() - (address - piece.start) >= static_cast<Address>(layout.frame_size))
            return piece.readable ? piece.bytes.data() + (address - piece.start) : nullptr;
    }
    return nullptr;
}

bool ThreadFrames::follow(Address innermost, bool planned, RemoteMemory& memory,
                          const Layout& layout) {
    steps_.clear();
    places_.clear();
    truncated_ = false;
    uncovered_ = 0;
    std::array<unsigned char, kMaxFrameSize> single;
    for (Address address = innermost; address != 0;) {
        if (places_.size() >= kMaxDepth) {
            truncated_ = true;
            break;
        }
        const unsigned char* frame = planned ? copied(address, layout) : nullptr;
        if (frame == nullptr) {
            ++uncovered_;
            if (!memory.read(address, single.data(), static_cast<std::size_t>(layout.frame_size)))
                return false;
            frame = single.data();
        }
        places_.push_back(address);
        const auto owner = field<std::uint8_t>(frame, layout.frame_owner);
        const auto previous = field<Address>(frame, layout.frame_previous);
        // A generator that has yielded meanwhile belongs to no stack any more: its caller, which it
        // had while it was the innermost frame, is not known.
        if (owner == kOwnedByGenerator && previous == 0) return false;
        if (owner < layout.frame_first_shim_owner) {
            const Address code = field<Address>(frame, layout.frame_code) &
                                 ~static_cast<Address>(layout.frame_code_mask);
            steps_.push_back({address, code, field<Address>(frame, layout.frame_instruction)});
        }
        address = previous;
    }
    return true;
}

// Frames nearer the root than the first difference have not moved: their stacks are known.
StackResult ThreadFrames::intern(CodeCache& codes, PairTable& stacks, std::int64_t now_ns) {
    std::size_t same = 0;
    while (same < steps_.size() && same < known_.size()) {
        const Step& step = steps_[steps_.size() - 1 - same];
        const Known& known = known_[known_.size() - 1 - same];
        if (step.address != known.address || step.code != known.code ||
            step.instruction != known.instruction)
            break;
        ++same;
    }
    const std::size_t fresh = steps_.size() - same;
    std::vector<Known> now(fresh);
    std::int32_t parent = same == 0 ? kNone : known_[known_.size() - same].stack;
    for (std::size_t i = fresh; i-- > 0;) {
        const Step& step = steps_[i];
        Code* code = codes.find(step.code, now_ns);
        if (code == nullptr) return {kUnreadable, false, false};
        bool eval_check = false;
        const std::int32_t frame = codes.frame(*code, step.code, step.instruction, eval_check);
        const std::int32_t stack = frame < 0 ? kUnreadable : stacks.intern(parent, frame);
        if (stack < 0) return {parent, false, true};
        parent = stack;
        now[i] = {step.address, step.code, step.instruction, stack, eval_check};
    }
    known_.erase(known_.begin(), known_.end() - static_cast<std::ptrdiff_t>(same));
    known_.insert(known_.begin(), now.begin(), now.end());
    return {parent, known_.front().eval_check, truncated_};
}

void ThreadFrames::replan(const Layout& layout) {
    walks_since_planned_ = 0;
    const auto frame_size = static_cast<Address>(layout.frame_size);
    std::vector<std::pair<Address, Address>> spans;
    const Address innermost = places_.front();
    std::sort(places_.begin(), places_.end());
    for (const Address place : places_) {
        if (!spans.empty() && place - spans.back().second < kSameCluster &&
            place + frame_size - spans.back().first <= kMaxPieceSize) {
            spans.back().second = place + frame_size;
        } else if (spans.size() < kMaxPieces) {
            spans.push_back({place, place + frame_size});
        }
    }
    pieces_.resize(spans.size());
    for (std::size_t i = 0; i < spans.size(); ++i) {
        auto [start, end] = spans[i];
        // Calls push frames behind the innermost one; the rest of its page is readable for sure.
        if (start <= innermost && innermost < end)
            end = std::max(end, std::min(end + kSlack, (end / kPage + 1) * kPage));
        pieces_[i].start = start;
        pieces_[i].bytes.resize(end - start);
    }
}

StackResult ThreadFrames::walk(Address innermost, bool planned, RemoteMemory& memory,
                               const Layout& layout, CodeCache& codes, PairTable& stacks,
                               std::int64_t now_ns) {
    if (innermost == 0) return {};
    StackResult result{kUnreadable, false, false};
    if (follow(innermost, planned, memory, layout)) {
        result = steps_.empty() ? StackResult{} : intern(codes, stacks, now_ns);
    }
    if (result.stack == kUnreadable) {
        known_.clear();
        pieces_.clear();
    } else if (uncovered_ > 0 || ++walks_since_planned_ >= kReplanAfter) {
        replan(layout);
    }
    return result;
}

}  // namespace gilprof

#include "thread_states.h"

#include <unordered_map>
#include <utility>

#include "decode.h"

namespace gilprof {
void ThreadStates::plan(State& state, RemoteMemory& batch) const {
    state.copy_index = batch.add(state.address, state.copy.data(), state.copy.size());
    if (layout_.thread_frame_indirect != Layout::kAbsent && state.indirect != 0)
        state.indirect_index =
            batch.add(state.indirect + static_cast<Address>(layout_.thread_frame_indirect),
                      &state.indirect_frame, sizeof state.indirect_frame);
}

void ThreadStates::collect(State& state, const RemoteMemory& batch) const {
    state.readable = batch.ok(state.copy_index);
    state.indirect_readable = layout_.thread_frame_indirect != Layout::kAbsent &&
                              state.indirect != 0 && batch.ok(state.indirect_index);
}

void ThreadStates::choose(bool all, Address holder, ThreadTable& threads) {
    for (std::size_t i = 0; i < states_.size(); ++i) {
        State& state = states_[i];
        const Thread* thread = threads.find(state.thread);
        state.wanted = all || thread == nullptr || !thread->quiet || state.address == holder;
        if (state.wanted && i > 0) states_[i - 1].wanted = true;
    }
}

void ThreadStates::plan_wanted(RemoteMemory& batch) {
    for (State& state : states_)
        if (state.wanted) plan(state, batch);
}

void ThreadStates::collect_wanted(const RemoteMemory& batch) {
    for (State& state : states_)
        if (state.wanted) collect(state, batch);
}

// A new state comes in at the head; one that goes has been run by its thread, so that its
// predecessor's link was copied.
bool ThreadStates::linked(Address head) const {
    Address expected = head;
    bool known = true;
    for (const State& state : states_) {
        if (known && state.address != expected) return false;
        known = state.wanted;
        if (!state.wanted) continue;
        if (!state.readable) return false;
        expected = next(state);
    }
    return !known || expected == 0;
}

bool ThreadStates::refresh(Address head, RemoteMemory& memory) {
    memory.clear();
    for (State& state : states_) plan(state, memory);
    memory.run();
    std::unordered_map<Address, std::size_t> known;
    for (std::size_t i = 0; i < states_.size(); ++i) {
        collect(states_[i], memory);
        known.emplace(states_[i].address, i);
    }
    std::vector<State> before = std::exchange(states_, {});
    states_.reserve(before.size() + 1);
    while (head != 0 && states_.size() < kMaxThreads) {
        State state;
        const auto found = known.find(head);
        if (found != known.end()) {
            state = std::move(before[found->second]);
            known.erase(found);
        } else {
            state.address = head;
            state.copy.resize(static_cast<std::size_t>(layout_.thread_size));
        }
        state.thread = {};
        state.wanted = true;
        if (!state.readable && !reread(state, memory)) break;
        head = next(state);
        states_.push_back(std::move(state));
    }
    if (head != 0) states_.clear();
    return head == 0;
}

Address ThreadStates::next(const State& state) const {
    return field<Address>(state.copy.data(), layout_.thread_next);
}

pid_t ThreadStates::tid(const State& state) const {
    const auto value = field<std::uint64_t>(state.copy.data(), layout_.thread_native_id);
    return value > 0 && value < (1u << 30) ? static_cast<pid_t>(value) : 0;
}

std::uint64_t ThreadStates::ident(const State& state) const {
    return field<std::uint64_t>(state.copy.data(), layout_.thread_ident);
}

bool ThreadStates::drop_requested(const State& state) const {
    return layout_.thread_eval_breaker != Layout::kAbsent &&
           (field<std::uint64_t>(state.copy.data(), layout_.thread_eval_breaker) & 1) != 0;
}

bool ThreadStates::reread(State& state, RemoteMemory& memory) const {
    state.readable = memory.read(state.address, state.copy.data(), state.copy.size());
    state.indirect_readable = false;
    return state.readable;
}

Address ThreadStates::innermost_frame(State& state, RemoteMemory& memory) const {
    const auto pointer = field<Address>(state.copy.data(), layout_.thread_frame);
    if (layout_.thread_frame_indirect == Layout::kAbsent || pointer == 0) return pointer;
    if (pointer != state.indirect || !state.indirect_readable) {
        state.indirect = pointer;
        if (!memory.read(pointer + static_cast<Address>(layout_.thread_frame_indirect),
                         &state.indirect_frame, sizeof state.indirect_frame))
            state.indirect_frame = 0;
    }
    return state.indirect_frame;
}

}  // namespace gilprof

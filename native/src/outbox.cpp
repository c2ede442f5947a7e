#include "outbox.h"

#include <iterator>
#include <utility>

namespace gilprof {
namespace {

constexpr std::size_t kMaxLooks = 1'000'000;
constexpr std::size_t kMaxPasses = 1'000'000;

template <typename T>
void move_behind(std::vector<T>& to, std::vector<T>&& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

void Outbox::append(Definitions&& definitions) {
    Definitions& mine = delivery_.definitions;
    move_behind(mine.functions, std::move(definitions.functions));
    move_behind(mine.frames, std::move(definitions.frames));
    move_behind(mine.stacks, std::move(definitions.stacks));
    move_behind(mine.begun, std::move(definitions.begun));
    move_behind(mine.ended, std::move(definitions.ended));
}

void Outbox::put(const PassRow& pass, const std::vector<LookRow>& looks, Definitions&& definitions,
                 const Health& health) {
    const std::lock_guard lock(mutex_);
    append(std::move(definitions));
    if (delivery_.looks.size() + looks.size() > kMaxLooks ||
        delivery_.passes.size() >= kMaxPasses) {
        ++dropped_;
    } else {
        delivery_.passes.push_back(pass);
        delivery_.looks.insert(delivery_.looks.end(), looks.begin(), looks.end());
    }
    delivery_.health = health;
    delivery_.health.dropped = dropped_;
}

void Outbox::put_lost(Definitions&& definitions, const Health& health) {
    const std::lock_guard lock(mutex_);
    append(std::move(definitions));
    delivery_.health = health;
    delivery_.health.dropped = dropped_;
    delivery_.lost = true;
}

void Outbox::put_failure(const char* what) {
    const std::lock_guard lock(mutex_);
    delivery_.failure = what;
}

Delivery Outbox::take() {
    const std::lock_guard lock(mutex_);
    Delivery out = std::exchange(delivery_, {});
    delivery_.health = out.health;
    delivery_.lost = out.lost;
    delivery_.failure = out.failure;
    return out;
}

}  // namespace gilprof

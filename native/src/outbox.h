#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "code_cache.h"
#include "facts.h"
#include "stack_table.h"
#include "thread_table.h"

namespace gilprof {

// The sampler's own account, cumulative.
struct Health {
    std::uint64_t passes = 0;
    std::uint64_t torn = 0;
    std::uint64_t dropped = 0;
    std::uint64_t read_errors = 0;
    std::uint64_t truncated_stacks = 0;
    std::uint64_t interpreters = 1;
    bool short_slice = true;  // the kernel lets the sampler be punctual on a full machine
    double limited_hz = 0.0;  // the rate that the sampler keeps to; 0: that which was asked for
};

struct Definitions {
    std::vector<FunctionName> functions;
    std::vector<IdPair> frames;
    std::vector<IdPair> stacks;
    std::vector<ThreadBegin> begun;
    std::vector<ThreadEnd> ended;
};

struct Delivery {
    std::vector<PassRow> passes;
    std::vector<LookRow> looks;
    Definitions definitions;
    Health health;
    bool lost = false;    // the target is gone or has become another program
    std::string failure;  // what ended the sampler; empty: nothing
};

// Where the sampler leaves its passes and Python takes them. Bounded: a pass that finds no room is
// dropped and counted; definitions are never dropped, later passes refer to them.
class Outbox {
  public:
    void put(const PassRow& pass, const std::vector<LookRow>& looks, Definitions&& definitions,
             const Health& health);
    void put_lost(Definitions&& definitions, const Health& health);
    void put_failure(const char* what);
    Delivery take();

  private:
    void append(Definitions&& definitions);

    std::mutex mutex_;
    Delivery delivery_;
    std::uint64_t dropped_ = 0;
};

}  // namespace gilprof
